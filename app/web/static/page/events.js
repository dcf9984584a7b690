/** Streams of events: what a long task tells, one line or one block each. */
import { MalformedError } from "./errors.js";

/** @typedef {import("./aikagi.d.ts").TaskEvent} TaskEvent */

/** What nothing can be done without, by type. */
const SHAPES = /** @type {Record<string, [member: string, type: string][]>} */ ({
  start: [],
  progress: [["done", "number"]],
  output: [["text", "string"]],
  ping: [],
  result: [],
  error: [
    ["code", "string"],
    ["message", "string"],
  ],
});

/** In characters. No event is so long; what is would fill the memory. */
const LONGEST = 8 * 1024 * 1024;

/**
 * The lines of a text, batched as they arrive and without their ends.
 *
 * @param {AsyncIterable<Uint8Array>} chunks of UTF-8
 * @returns {AsyncGenerator<string[], void, void>}
 */
export async function* lines(chunks) {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let begun = "";
  for await (const chunk of chunks) {
    const text = decoded(decoder, chunk);
    const end = text.lastIndexOf("\n");
    if (end >= 0) yield (begun + text.slice(0, end)).split("\n");
    begun = bounded(end < 0 ? begun + text : text.slice(end + 1));
  }
  yield [begun + decoded(decoder)];
}

/**
 * @param {TextDecoder} decoder
 * @param {Uint8Array} [chunk] none at the end
 */
function decoded(decoder, chunk) {
  try {
    return decoder.decode(chunk, { stream: chunk !== undefined });
  } catch {
    throw new MalformedError("The function sent what is not UTF-8");
  }
}

/**
 * NDJSON: an event a line.
 *
 * @param {string[]} batch
 * @returns {Generator<TaskEvent, void, void>}
 */
export function* ndjson(batch) {
  for (const line of batch) {
    if (/\S/.test(line)) yield* eventIn(line);
  }
}

/**
 * Server-sent events (HTML, section 9.2.6). The name of one is its type, unless its data
 * say another.
 */
export function sse() {
  let type = "";
  let data = "";
  /**
   * @param {string[]} batch
   * @returns {Generator<TaskEvent, void, void>}
   */
  return function* (batch) {
    for (const line of batch.flatMap((each) => each.replace(/\r$/, "").split("\r"))) {
      const [, name, value] = /** @type {string[]} */ (/^([^:]*):? ?(.*)$/s.exec(line));
      if (name === "event") type = value;
      if (name === "data") data = bounded(`${data}${value}\n`);
      if (line !== "") continue;
      if (data !== "") yield* eventIn(data, type);
      type = data = "";
    }
  };
}

/**
 * The event that is written somewhere, or none where its type is one we do not know.
 *
 * @param {string} json
 * @param {string} [type] where it does not say
 * @returns {Generator<TaskEvent, void, void>}
 */
function* eventIn(json, type = "") {
  let event;
  try {
    event = JSON.parse(bounded(json));
  } catch (error) {
    if (error instanceof MalformedError) throw error;
  }
  if (type && event?.type === undefined) event = { type, ...event };
  if (typeof event?.type !== "string") throw malformed(json);
  if (!Object.hasOwn(SHAPES, event.type)) return;
  for (const [member, kind] of SHAPES[event.type]) {
    if (typeof event[member] !== kind) throw malformed(json);
  }
  yield event;
}

/** @param {string} json */
function malformed(json) {
  const beginning = json.trim().slice(0, 80);
  return new MalformedError(`The function sent a line that is no event: ${beginning}`);
}

/** @param {string} text */
function bounded(text) {
  if (text.length > LONGEST) throw new MalformedError("The function sent a line without an end");
  return text;
}
