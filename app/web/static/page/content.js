/** What came of a call as text: a result, a failure; shown, copied and saved. */
import {
  AddressError,
  BrokerError,
  EndedEarlyError,
  FunctionError,
  IssuerError,
  MalformedError,
  TaskError,
  UnreachableError,
} from "../client/aikagi.js";
import { number, setMessage, size, text } from "./language.js";
import { SHOWN } from "./runs.js";

/** Seconds from which on a wait is said in minutes. */
const LONG = 120;

/** Levels. Further ones are not indented further, or a text of brackets would be squared. */
const DEEPEST = 20;

/**
 * Indent JSON without reading its values: JavaScript would round a long number and drop
 * a repeated name.
 *
 * @param {string} json valid, or the beginning of what is
 * @returns {string}
 */
export function indented(json) {
  const tokens = json.match(/"[^"\\]*(?:\\.[^"\\]*)*"?|[{}[\],:]|[^\s"{}[\],:]+/g) ?? [];
  let depth = 0;
  const line = () => `\n${"  ".repeat(Math.min(depth, DEEPEST))}`;
  return tokens.reduce((text, token, at) => {
    if (token === "{" || token === "[") {
      depth += 1;
      return text + token + (isEnd(tokens[at + 1]) ? "" : line());
    }
    if (isEnd(token)) {
      depth -= 1;
      return text + (isStart(tokens[at - 1]) ? "" : line()) + token;
    }
    if (token === ",") return text + token + line();
    return text + (token === ":" ? ": " : token);
  }, "");
}

/** @param {string} token */
const isStart = (token) => token === "{" || token === "[";

/** @param {string} token */
const isEnd = (token) => token === "}" || token === "]";

/**
 * @typedef {object} Content
 * @property {string} title key of it
 * @property {string} [shown] the text, or its beginning
 * @property {string} [note] key of what is said instead, or of what is missing
 * @property {import("./language.js").Values} [values] of the note
 * @property {Blob} copied in UTF-8
 * @property {Blob} saved byte for byte what came, where it came by itself
 */

/**
 * What there is to show beside the streamed text, if anything.
 *
 * @param {Pick<import("./runs.js").Run, "result" | "error" | "text">} run
 * @returns {Content | null}
 */
export function contentOf({ result, error, text }) {
  if (error instanceof FunctionError && error.text) return said(error);
  if (!result) return null;
  const { value, body } = result;
  if (value instanceof Blob) {
    const values = { size: () => size(value.size), type: value.type || "application/octet-stream" };
    return { title: "result", note: "bytes", values, copied: new Blob(), saved: value };
  }
  const isJson = result.text !== undefined;
  if (value === undefined || (value === null && !(isJson && body)) || (value === "" && !isJson)) {
    // A task that has streamed its text has said what it had to say.
    if (text.length > 0) return null;
    return { title: "result", note: "empty", copied: new Blob(), saved: new Blob() };
  }
  // Half of a surrogate pair is no text: only JSON can write it.
  if (typeof value === "string" && value.isWellFormed()) {
    return result.isStreamed ? null : plain("result", value, isJson ? undefined : body);
  }
  return json("result", result.text ?? JSON.stringify(value), body);
}

/** @param {FunctionError} error */
function said({ text, body, isTruncated }) {
  const isJson = /json/i.test(body?.type ?? "") && isValid(text);
  const content = (isJson ? json : plain)("said", text, body ?? undefined);
  return isTruncated ? { ...content, note: "truncated" } : content;
}

/**
 * A text is shown as it is, also where it could be read as JSON.
 *
 * @param {string} title
 * @param {string} text
 * @param {Blob} [body] that it was read from
 */
function plain(title, text, body) {
  const type = "text/plain;charset=utf-8";
  return readable(title, text, beginning(text), new Blob([body ?? text], { type }));
}

/**
 * @param {string} title
 * @param {string} text
 * @param {Blob} [body] that it was read from
 */
function json(title, text, body) {
  const shown = indented(beginning(text));
  return readable(title, text, shown, new Blob([body ?? text], { type: "application/json" }));
}

/** @param {string} text */
const beginning = (text) => text.slice(0, SHOWN);

/**
 * @param {string} title
 * @param {string} text
 * @param {string} shown
 * @param {Blob} saved
 * @returns {Content}
 */
function readable(title, text, shown, saved) {
  const missing = text.length - SHOWN;
  if (missing <= 0) return { title, shown, copied: new Blob([shown]), saved };
  const note = { note: "cut-end", values: { n: () => number(missing) } };
  return { title, shown, ...note, copied: new Blob([text]), saved };
}

/** @param {string} json */
export function isValid(json) {
  try {
    JSON.parse(json);
    return true;
  } catch {
    return false;
  }
}

/**
 * Who the function says is calling, if it does.
 *
 * @param {unknown} value
 * @returns {{issuer: string, subject: string} | null}
 */
export function callerIn(value) {
  const caller = /** @type {any} */ (value)?.caller;
  const named = typeof caller?.issuer === "string" && typeof caller?.subject === "string";
  return named ? caller : null;
}

/** How long a button says that it has copied, milliseconds. */
const MOMENT_MS = 2_000;

/**
 * @param {HTMLElement} button
 * @param {Blob} whole
 * @param {string} [key] of what the button says otherwise
 */
export async function copy(button, whole, key = "copy") {
  let said = "copied";
  try {
    await navigator.clipboard.writeText(await whole.text());
  } catch {
    said = "copy-failed"; // not allowed, or not in focus any more
  }
  setMessage(button, said);
  window.setTimeout(() => setMessage(button, key), MOMENT_MS);
}

/**
 * @param {string} name of the file
 * @param {Blob} whole
 */
export function save(name, whole) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(whole);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

/**
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
  if (error instanceof IssuerError) return { key: "fail.issuer", own: error.message };
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
  const later = () => (retryAfter ? text("later-seconds", { seconds: duration(retryAfter) }) : text("later-soon"));
  const values = { status, later };
  if (status === 429) return { key: "fail.busy", values, requestId };
  if (status === 503) return { key: "fail.unavailable", values, requestId };
  if (status === 403 || status === 404) return { key: "fail.reach", requestId, isOpaque: true };
  return { key: "fail.broker", values, own: error.detail ?? error.title, requestId };
}

/** @param {number} seconds */
function duration(seconds) {
  const [value, unit] = seconds < LONG ? [seconds, "second"] : [Math.ceil(seconds / 60), "minute"];
  return number(value, { style: "unit", unit, unitDisplay: "long" });
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
