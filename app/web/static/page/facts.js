/** The details of a request and its answer, for whoever opens them. */
import { duration, messageElement, number, text, time } from "./language.js";

/**
 * @param {import("./runs.js").Run} run that has ended
 * @returns {HTMLElement[]} of a list of descriptions
 */
export function factsOf({ head, entry, firstByte, took, events, keyEnd, session }) {
  const facts = {
    status: () => `${head?.status} ${head?.statusText}`,
    delivery: () => text(entry.InvokeMode === "BUFFERED" ? "at-once" : "streams"),
    "first-byte": () => duration(firstByte),
    total: () => duration(took),
    events: () => number(events),
    request: () => head?.headers.get("x-amzn-requestid") ?? "–",
    session: () => session,
    "key-end": () => (keyEnd ? time(keyEnd) : "–"),
    type: () => head?.headers.get("Content-Type") ?? "–",
    address: () => head?.url,
  };
  return Object.entries(facts).flatMap(([key, value]) => [
    messageElement("dt", key),
    messageElement("dd", "{value}", { value }),
  ]);
}
