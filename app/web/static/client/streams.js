/** Answers of functions, read as they arrive: events, text, JSON, bytes. */
import { MalformedError } from "./errors.js";

/** @typedef {import("./aikagi.d.ts").TaskEvent} TaskEvent */

/** In characters: as much of a failed answer as is read. */
const LONGEST_FAILURE = 64 * 1024;

/** In bytes. No event is so long; what is would fill the memory. */
const LONGEST = 8 * 1024 * 1024;

/** Levels of arrays and objects. What is nested deeper is not read as JSON (RFC 8259, section 9). */
const DEEPEST = 500;

/** Fetch, section 2.2.6: there is no content, whatever the headers say. */
const WITHOUT_BODY = new Set([204, 205, 304]);

/**
 * An event as it came, which may be the one that says that the task failed.
 *
 * @typedef {TaskEvent | {type: "error", code: string, message: string}} RawEvent
 */

/**
 * The events of an answer, batched as they arrive. An answer that is no stream of events
 * is a result: of JSON its value, and its text as it was written; of other text a string,
 * whose pieces are output; of all else a Blob; null where there is nothing. `docs/clients.md`
 * has the rules, which the Python client follows too.
 *
 * @param {Response} answer
 * @returns {AsyncGenerator<Iterable<RawEvent>, void, void>}
 */
export async function* eventBatches(answer) {
  const contentType = answer.headers.get("Content-Type") ?? "";
  const type = contentType.split(";")[0].trim().toLowerCase();
  if (WITHOUT_BODY.has(answer.status)) {
    yield [{ type: "result", value: null }];
  } else if (/^application\/(x-)?(ndjson|jsonl|jsonlines)$/.test(type)) {
    for await (const batch of lines(chunksOf(answer))) yield ndjson(batch);
  } else if (type === "text/event-stream") {
    yield* sse(chunksOf(answer));
  } else if (/^(application|text)\/json$|\+json$/.test(type)) {
    yield [await json(await answer.blob())];
  } else if (type.startsWith("text/")) {
    yield* output(chunksOf(answer), contentType);
  } else {
    const blob = await answer.blob();
    yield [{ type: "result", value: blob.size > 0 ? blob : null }];
  }
}

/**
 * The beginning of an answer's text, as far as it came, and the bytes that it was read from.
 *
 * @param {Response} answer
 * @param {AbortSignal | null} [signal]
 */
export async function textPrefix(answer, signal) {
  const type = answer.headers.get("Content-Type") ?? "";
  const parts = [];
  let text = "";
  let isTruncated = true;
  try {
    for await (const piece of decoded(chunksOf(answer), type)) {
      text += piece.text;
      parts.push(piece.bytes);
      if (text.length > LONGEST_FAILURE) break;
    }
    isTruncated = text.length > LONGEST_FAILURE;
  } catch {
    signal?.throwIfAborted();
  }
  return { text: text.slice(0, LONGEST_FAILURE), body: new Blob(parts, { type }), isTruncated };
}

/**
 * @param {AsyncIterable<Uint8Array<ArrayBuffer>>} chunks
 * @param {string} [contentType]
 * @returns {AsyncGenerator<RawEvent[], void, void>}
 */
async function* output(chunks, contentType) {
  let value = "";
  const parts = [];
  for await (const piece of decoded(chunks, contentType)) {
    value += piece.text;
    parts.push(piece.bytes);
    if (piece.text) yield [{ type: "output", ...piece }];
  }
  yield [{ type: "result", value, body: new Blob(parts, { type: contentType }) }];
}

/**
 * A text by the piece, in the charset that its content type names, and the bytes of each. What
 * is no character is replaced in the text, and a byte order mark left out.
 *
 * @param {AsyncIterable<Uint8Array<ArrayBuffer>>} chunks
 * @param {string} [contentType]
 */
async function* decoded(chunks, contentType = "") {
  const decoder = decoderOf(/;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(contentType)?.[1]);
  /** @type {Uint8Array<ArrayBuffer>[]} */
  let waiting = [];
  for await (const chunk of chunks) {
    waiting.push(chunk);
    const text = decoder.decode(chunk, { stream: true });
    if (text === "") continue;
    yield { text, bytes: joined(waiting) };
    waiting = [];
  }
  // Bytes without a character, too: some charsets end with an escape.
  yield { text: decoder.decode(), bytes: joined(waiting) };
}

/** @param {string} [charset] */
function decoderOf(charset) {
  try {
    return new TextDecoder(charset);
  } catch {
    return new TextDecoder();
  }
}

/**
 * Lambda calls JSON whatever a function gives no content type, a bare word too. What is not
 * JSON is kept as it is.
 *
 * @param {Blob} body
 * @returns {Promise<TaskEvent>}
 */
async function json(body) {
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(await body.arrayBuffer());
  } catch {
    return { type: "result", value: body }; // RFC 8259, section 8.1: JSON is UTF-8
  }
  if (text === "") return { type: "result", value: null };
  try {
    return { type: "result", value: parsed(text), text, body };
  } catch {
    return { type: "result", value: text, body };
  }
}

/**
 * @param {string} text
 * @throws where it is not JSON, or nested too deep
 */
function parsed(text) {
  const value = JSON.parse(text);
  if (levelsOf(text) > DEEPEST) throw new RangeError(`It has more than ${DEEPEST} levels`);
  return value;
}

/**
 * @param {Response} answer
 * @returns {AsyncGenerator<Uint8Array<ArrayBuffer>, void, void>}
 */
async function* chunksOf({ body }) {
  const reader = body?.getReader();
  try {
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true };
      if (done) return;
      yield value;
    }
  } finally {
    reader?.cancel().catch(() => {});
  }
}

/** What events have, by type; what ends in a question mark may be missing, or null. */
const SHAPES = /** @type {Record<string, Record<string, string>>} */ ({
  start: { total: "number?" },
  progress: { done: "number", total: "number?", code: "string?", message: "string?" },
  output: { text: "string" },
  ping: {},
  result: {},
  error: { code: "string", message: "string" },
});

/** A batch of lines. @typedef {{texts: () => Iterable<string>, isCut: boolean}} Lines */

const LINE_FEED = 10;

/**
 * Lines without their ends, batched as they arrive. The last of all may be cut. A byte order
 * mark before the first is left out.
 *
 * @param {AsyncIterable<Uint8Array>} chunks
 * @returns {AsyncGenerator<Lines, void, void>}
 */
async function* lines(chunks) {
  /** @type {Uint8Array[]} */
  let rest = [];
  let size = 0;
  let isFirst = true;
  /** @param {boolean} isCut */
  const batch = (isCut) => {
    const bytes = joined(rest);
    const hasMark = isFirst && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
    const text = hasMark ? bytes.subarray(3) : bytes;
    rest = [];
    size = 0;
    isFirst = false;
    return { texts: () => decodedLines(text), isCut };
  };
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(LINE_FEED);
    if (end >= 0) {
      rest.push(chunk.subarray(0, end));
      yield batch(false);
    }
    rest.push(chunk.subarray(end + 1));
    size += chunk.length - end - 1;
    requireBounded(size);
  }
  if (size > 0) yield batch(true);
}

/** @param {Uint8Array[]} pieces */
function joined(pieces) {
  const whole = new Uint8Array(pieces.reduce((size, { length }) => size + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/**
 * One by one: all at once, the lines of a large chunk would block the page.
 *
 * @param {Uint8Array} bytes of UTF-8
 */
function* decodedLines(bytes) {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  for (let start = 0, end; start <= bytes.length; start = end + 1) {
    const next = bytes.indexOf(LINE_FEED, start);
    end = next < 0 ? bytes.length : next;
    requireBounded(end - start);
    try {
      yield decoder.decode(bytes.subarray(start, end));
    } catch {
      throw new MalformedError("The function sent what is not UTF-8");
    }
  }
}

/** Ends the call, also where another fault would make a text of the answer. */
class TooLongError extends MalformedError {}

/** @param {number} size */
function requireBounded(size) {
  if (size > LONGEST) throw new TooLongError("The function sent a line without an end");
}

/**
 * NDJSON: an event a line, the last also without its line end. What is not JSON there was cut.
 *
 * @param {Lines} lines
 */
function* ndjson({ texts, isCut }) {
  if (isCut && !isJson(texts)) return;
  for (const line of texts()) {
    const event = /[^ \t\r]/.test(line) ? known(record(line), line) : null;
    if (event) yield event;
  }
}

/** @param {Lines["texts"]} texts */
function isJson(texts) {
  try {
    for (const text of texts()) parsed(text);
    return true;
  } catch {
    return false;
  }
}

/** Its name, and its data. @typedef {[name: string, data: string]} Frame */

/**
 * Server-sent events (HTML, section 9.2.6), if the first is one of ours. If it is not, this is
 * somebody else's protocol, and the answer a text.
 *
 * @param {AsyncGenerator<Uint8Array<ArrayBuffer>, void, void>} chunks
 * @returns {AsyncGenerator<Iterable<RawEvent>, void, void>}
 */
async function* sse(chunks) {
  /** @type {Uint8Array<ArrayBuffer>[] | null} */
  let kept = [];
  let size = 0;
  const source = {
    async next() {
      const step = await chunks.next();
      if (kept && step.value) {
        requireBounded(size);
        kept.push(step.value);
        size += step.value.length;
      }
      return step;
    },
    // No `return`: what follows may be read as text.
    [Symbol.asyncIterator]() {
      return this;
    },
  };
  try {
    const parse = frames();
    for await (const { texts } of lines(source)) {
      const found = parse(texts());
      if (!kept) {
        yield events(found);
        continue;
      }
      const first = firstOf(found);
      if (first === null) continue;
      if (first === undefined) return yield* output(following(kept, chunks));
      kept = null;
      yield events(found, first);
    }
  } finally {
    await chunks.return();
  }
}

/**
 * @param {Iterator<Frame>} found
 * @returns {RawEvent | null | undefined} null where there is none, undefined where it is not ours
 */
function firstOf(found) {
  try {
    const { value } = found.next();
    return value ? (eventOf(value) ?? undefined) : null;
  } catch (error) {
    if (error instanceof TooLongError) throw error;
    return undefined;
  }
}

/**
 * @param {Uint8Array<ArrayBuffer>[]} kept
 * @param {AsyncIterable<Uint8Array<ArrayBuffer>>} chunks
 */
async function* following(kept, chunks) {
  yield* kept;
  yield* chunks;
}

/**
 * @param {Iterable<Frame>} found
 * @param {RawEvent} [first]
 */
function* events(found, first) {
  if (first) yield first;
  for (const frame of found) {
    const event = eventOf(frame);
    if (event) yield event;
  }
}

/** Its name is the type of an event, unless its data say another. @param {Frame} frame */
function eventOf([type, data]) {
  return known({ ...(type && { type }), ...record(data) }, data);
}

/** A last one without its blank line is none. */
function frames() {
  let name = "";
  let data = "";
  /** @param {Iterable<string>} batch of lines @returns {Generator<Frame, void, void>} */
  return function* (batch) {
    for (const block of batch) {
      // A carriage return alone ends a line, too.
      for (const line of block.replace(/\r$/, "").split("\r")) {
        const [, field, value] = /** @type {string[]} */ (/^([^:]*):? ?(.*)$/s.exec(line));
        if (field === "event") name = value;
        if (field === "data") {
          data += `${value}\n`;
          requireBounded(data.length);
        }
        if (line !== "") continue;
        const frame = /** @type {Frame} */ ([name, data]);
        name = data = "";
        if (/\S/.test(frame[1])) yield frame;
      }
    }
  };
}

/**
 * @param {any} event an object
 * @param {string} json it came as
 * @returns {RawEvent | null} null where its type is one we do not know
 */
function known(event, json) {
  if (!Object.hasOwn(SHAPES, event.type)) {
    if (typeof event.type === "string") return null;
    throw malformed(json);
  }
  for (const [member, kind] of Object.entries(SHAPES[event.type])) {
    const isAbsent = kind.endsWith("?") && (event[member] ?? null) === null;
    if (!isAbsent && typeof event[member] !== kind.replace("?", "")) throw malformed(json);
  }
  if (event.type === "result") event.text = memberText(json, "value");
  return event;
}

/**
 * @param {string} json
 * @returns {any} an object, and no list
 */
function record(json) {
  let value;
  try {
    value = parsed(json);
  } catch {
    throw malformed(json);
  }
  if (Object(value) !== value || Array.isArray(value)) throw malformed(json);
  return value;
}

/** @param {string} json */
function malformed(json) {
  const beginning = json.trim().slice(0, 80);
  return new MalformedError(`The function sent a line that is no event: ${beginning}`);
}

/**
 * How a member of an object was written: JavaScript would round a long number.
 *
 * @param {string} json of the object
 * @param {string} name
 */
function memberText(json, name) {
  let depth = 0;
  let start = 0;
  let isNamed = false;
  let found;
  for (let at = 0; at < json.length; at += 1) {
    const token = json[at];
    if (token === '"') {
      at = stringEnd(json, at);
    } else if (token === "{" || token === "[") {
      depth += 1;
      if (depth === 1) start = at + 1;
    } else if (depth === 1 && token === ":") {
      isNamed = JSON.parse(json.slice(start, at)) === name;
      start = at + 1;
    } else if (token === "," || token === "}" || token === "]") {
      if (depth === 1) {
        if (isNamed) found = json.slice(start, at).trim();
        isNamed = false;
        start = at + 1;
      }
      if (token !== ",") depth -= 1;
    }
  }
  return found;
}

/** @param {string} json */
function levelsOf(json) {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < json.length && json.length > DEEPEST; at += 1) {
    const token = json[at];
    if (token === '"') at = stringEnd(json, at);
    else if (token === "{" || token === "[") deepest = Math.max(deepest, (depth += 1));
    else if (token === "}" || token === "]") depth -= 1;
  }
  return deepest;
}

/**
 * Where a string ends that begins at `start`.
 *
 * @param {string} json
 * @param {number} start
 */
function stringEnd(json, start) {
  let at = start + 1;
  while (json[at] !== '"') at += json[at] === "\\" ? 2 : 1;
  return at;
}
