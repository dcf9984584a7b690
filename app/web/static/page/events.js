/** Streams of events: what a long task tells, one line or one block each. */
import { MalformedError } from "./errors.js";

/** @typedef {import("./aikagi.d.ts").TaskEvent} TaskEvent */

/** What must be there, by type. */
const SHAPES = /** @type {Record<string, Record<string, string>>} */ ({
  start: {},
  progress: { done: "number" },
  output: { text: "string" },
  ping: {},
  result: {},
  error: { code: "string", message: "string" },
});

/** In characters. No event is so long; what is would fill the memory. */
const LONGEST = 8 * 1024 * 1024;

/**
 * The lines of a text, batched as they arrive and without their ends.
 *
 * @param {AsyncIterable<Uint8Array>} chunks of UTF-8
 * @returns {AsyncGenerator<Iterable<string>, void, void>}
 */
export async function* lines(chunks) {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let begun = "";
  for await (const chunk of chunks) {
    const text = decoded(decoder, chunk);
    const end = text.lastIndexOf("\n");
    if (end >= 0) yield split(begun + text.slice(0, end));
    begun = bounded(end < 0 ? begun + text : text.slice(end + 1));
  }
  const rest = begun + decoded(decoder);
  if (rest !== "") yield [rest];
}

/**
 * One by one: all at once, the lines of a large chunk would hold up the page.
 *
 * @param {string} text
 */
function* split(text) {
  let start = 0;
  for (let end; (end = text.indexOf("\n", start)) >= 0; start = end + 1) {
    yield text.slice(start, end);
  }
  yield text.slice(start);
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
 * @param {Iterable<string>} batch of lines
 */
export function* ndjson(batch) {
  for (const line of batch) {
    const event = /\S/.test(line) ? eventIn(line) : null;
    if (event) yield event;
  }
}

/**
 * Server-sent events (HTML, section 9.2.6). The name of one is its type, unless its data
 * say another.
 */
export function sse() {
  let type = "";
  let data = "";
  /** @param {Iterable<string>} batch of lines */
  return function* (batch) {
    for (const block of batch) {
      for (const line of block.replace(/\r$/, "").split("\r")) {
        const [, name, value] = /** @type {string[]} */ (/^([^:]*):? ?(.*)$/s.exec(line));
        if (name === "event") type = value;
        if (name === "data") data = bounded(`${data}${value}\n`);
        if (line !== "") continue;
        const event = /\S/.test(data) ? eventIn(data, type && { type }) : null;
        type = data = "";
        if (event) yield event;
      }
    }
  };
}

/**
 * @param {string} json
 * @param {object | ""} [named] what it need not say
 * @returns {TaskEvent | null} null where its type is one we do not know
 */
function eventIn(json, named) {
  const event = { ...named, ...record(json) };
  if (!Object.hasOwn(SHAPES, event.type)) {
    if (typeof event.type === "string") return null;
    throw malformed(json);
  }
  for (const [member, kind] of Object.entries(SHAPES[event.type])) {
    if (typeof event[member] !== kind) throw malformed(json);
  }
  return event;
}

/**
 * @param {string} json
 * @returns {any} an object, and no list
 */
function record(json) {
  let value;
  try {
    value = JSON.parse(bounded(json));
  } catch (error) {
    throw error instanceof MalformedError ? error : malformed(json);
  }
  if (Object(value) !== value || Array.isArray(value)) throw malformed(json);
  return value;
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
