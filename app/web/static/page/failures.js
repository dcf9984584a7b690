/** What to say about a failure, what to do next, and how to find out more. */
import {
  AddressError,
  BrokerError,
  EndedEarlyError,
  FunctionError,
  MalformedError,
  TaskError,
  UnreachableError,
} from "./aikagi.js";
import { element, isBusy, setBusy, textIn, wordsIn } from "./elements.js";
import { number, text } from "./language.js";

/**
 * @typedef {import("./aikagi.d.ts").Diagnosis} Diagnosis
 *
 * @typedef {object} Explanation
 * @property {string} key of the title; of the advice, with `.next` behind it
 * @property {import("./language.js").Values} [values]
 * @property {string} [own] what broker or function say themselves
 * @property {string | null} [requestId] for whoever runs the broker
 * @property {boolean} [isOpaque] whether a diagnosis may tell more
 */

/**
 * @param {unknown} error
 * @returns {Explanation}
 */
export function explain(error) {
  if (error instanceof BrokerError) return explainBroker(error);
  if (error instanceof FunctionError) return explainStatus(error);
  if (error instanceof UnreachableError) {
    return { key: `fail.${error.what}-unreachable`, isOpaque: error.what === "function" };
  }
  if (error instanceof EndedEarlyError) {
    return { key: "fail.ended-early", values: { events: error.events } };
  }
  if (error instanceof TaskError) {
    const key = error.code === "deadline" ? "fail.deadline" : "fail.task";
    return { key, values: { code: error.code }, own: error.message };
  }
  const own = error instanceof Error ? error.message : String(error);
  if (error instanceof AddressError) return { key: "fail.address" };
  if (error instanceof MalformedError) return { key: "fail.malformed", own };
  return { key: "fail.page", own };
}

/**
 * @param {BrokerError} error
 * @returns {Explanation}
 */
function explainBroker(error) {
  const { status, requestId, retryAfter } = error;
  const later = () =>
    retryAfter
      ? text("later-seconds", { seconds: number(retryAfter, { style: "unit", unit: "second", unitDisplay: "long" }) })
      : text("later-soon");
  const values = { status, later };
  if (status === 429) return { key: "fail.busy", values, requestId };
  if (status === 503) return { key: "fail.unavailable", values, requestId };
  if (status === 403 || status === 404) return { key: "fail.reach", requestId, isOpaque: true };
  return { key: "fail.broker", values, own: error.detail ?? error.title, requestId };
}

/** By the status a function answered with. */
const STATUSES = /** @type {Record<number, string>} */ ({
  400: "unaccepted",
  403: "refused",
  404: "lost",
  405: "lost",
  413: "large",
  422: "unaccepted",
  429: "throttled",
});

/**
 * @param {FunctionError} error
 * @returns {Explanation}
 */
function explainStatus({ status, errorType, requestId }) {
  const kind = STATUSES[status] ?? (status < 500 ? "answered" : "crashed");
  const isOpaque = status === 401 || status === 403 || (status >= 429 && errorType !== null);
  return { key: `fail.${kind}`, values: { status }, requestId, isOpaque };
}

/** @param {boolean} isOffered */
export function offerDiagnosis(isOffered) {
  element("diagnosis").hidden = !isOffered;
  element("found").replaceChildren();
}

/** @param {() => Promise<Diagnosis | null>} find null where nobody waits for it any more */
export function onDiagnose(find) {
  element("diagnose").addEventListener("click", async () => {
    if (isBusy("diagnose")) return;
    setBusy("diagnose", true);
    const diagnosis = await find().finally(() => setBusy("diagnose", false));
    if (diagnosis) show(diagnosis);
  });
}

/** @param {Diagnosis} diagnosis */
function show({ cause, checks }) {
  const list = document.createElement("ul");
  list.append(...checks.map(row));
  element("found").replaceChildren(wordsIn("strong", `cause.${cause}`), list);
}

/** @param {Diagnosis["checks"][number]} check */
function row({ check, ok, detail }) {
  const mark = wordsIn("span", ok ? "check-ok" : "check-bad");
  mark.className = "unseen";
  const said = textIn("span", detail);
  said.lang = "en"; // the client's own words, for whoever is asked for help
  const item = document.createElement("li");
  item.dataset.ok = String(ok);
  item.append(mark, wordsIn("b", `check.${check}`), " ", said);
  return item;
}
