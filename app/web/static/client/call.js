/** A call of a function: the request as it is signed and sent, and the response as events. */
import {
  AddressError,
  EndedEarlyError,
  FunctionError,
  MalformedError,
  TaskError,
} from "./errors.js";

/** @typedef {import("./aikagi.d.ts").TaskEvent} TaskEvent */

/**
 * The request as the browser will send it: its body as bytes, so that what is hashed is
 * what is sent and a second try has it too, and without the headers a page may not set.
 *
 * @param {string} method
 * @param {RequestInit} init
 * @returns {Promise<RequestInit>}
 */
export async function preparedInit(method, init) {
  const duplex = init.body instanceof ReadableStream ? { duplex: "half" } : {};
  const shaped = new Request("https://signed.invalid/", { ...init, ...duplex, method });
  return {
    ...init,
    method,
    headers: new Headers(shaped.headers),
    body: init.body == null ? undefined : await shaped.arrayBuffer(),
    cache: "no-store",
    credentials: "omit",
    // Authorization is taken off at another origin, the session token is not.
    redirect: "manual",
  };
}

/**
 * Where a path leads on a function's address, written as it is signed. Browsers, proxies and
 * those who check signatures read a URL in more than one way; this is the form they agree on.
 *
 * @param {string} path
 * @param {string} functionUrl
 * @returns {URL}
 * @throws {AddressError} where it would lead anywhere else
 */
export function addressOf(path, functionUrl) {
  const home = new URL(functionUrl);
  const url = URL.canParse(path, home) ? new URL(path, home) : null;
  // "//evil.example/" is a path too, and the session token would go there.
  if (!url?.href.startsWith(`${home.origin}/`)) {
    throw new AddressError("The path must stay at the function's own address: begin it with one /");
  }
  return canonical(url);
}

/** @param {URL} url */
function canonical(url) {
  const written = new URL(url);
  written.hash = "";
  written.pathname = url.pathname
    .replace(/%(?![0-9a-f]{2})/gi, "%25")
    .replace(/%[0-9a-f]{2}/gi, (escape) => escape.toUpperCase())
    .replace(/\/{2,}/g, "/");
  written.search = [...url.searchParams]
    .filter(([name]) => name !== "") // nothing signs them
    .map(([name, value]) => `${rfc3986(name)}=${rfc3986(value)}`)
    .join("&");
  return written;
}

/** @param {string} text */
function rfc3986(text) {
  const hex = (/** @type {string} */ c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text).replace(/[!'()*]/g, hex);
}

/**
 * A call of a function, sent when this was made. Its events are read once, and no faster than
 * somebody takes them.
 */
export class Call {
  #answer;
  #signal;
  #isRead = false;
  #events = 0;
  /** @type {PromiseWithResolvers<TaskEvent>} */
  #last = Promise.withResolvers();

  /**
   * @param {Promise<Response>} answer
   * @param {AbortSignal | null} [signal] that gives it up
   */
  constructor(answer, signal) {
    this.#answer = answer;
    this.#signal = signal;
    this.response = answer.then(({ status, statusText, headers, url }) => {
      return { status, statusText, headers, url };
    });
    // Whoever reads the events gets the same failures.
    this.response.catch(() => {});
    this.#last.promise.catch(() => {});
  }

  [Symbol.asyncIterator]() {
    if (this.#isRead) throw new TypeError("The events of a call are read once");
    this.#isRead = true;
    return this.#read();
  }

  /** @returns {Promise<any>} */
  async result() {
    if (!this.#isRead) for await (const _ of this);
    const last = await this.#last.promise;
    if (last.type === "error") throw new TaskError(last.code, last.message);
    return /** @type {any} */ (last).value;
  }

  /** @returns {AsyncGenerator<TaskEvent, void, void>} */
  async *#read() {
    const batches = this.#batches();
    const turn = yielding();
    let isOver = false;
    try {
      while (!isOver) {
        const { value: batch } = await batches.next();
        for (const event of batch ?? []) {
          this.#signal?.throwIfAborted();
          this.#events += 1;
          isOver = event.type === "result" || event.type === "error";
          // Before it is yielded: whoever leaves the loop with it may ask for the result.
          if (isOver) this.#last.resolve(event);
          yield event;
          if (isOver) break;
          const paused = turn();
          if (paused) await paused;
        }
      }
    } catch (error) {
      this.#last.reject(error);
      throw error;
    } finally {
      this.#last.reject(new DOMException("Nobody read on", "AbortError"));
      // A stream that is cut off looks like a client that has gone: let it end.
      if (isOver) batches.next().then(() => batches.return(), () => {});
      else await batches.return();
    }
  }

  /** Events by the chunk that brought them; in the end an error, for none was the last. */
  async *#batches() {
    const answer = await this.#answer;
    if (answer.status >= 400) throw new FunctionError(answer, await textPrefix(answer));
    try {
      yield* eventBatches(answer);
    } catch (error) {
      this.#signal?.throwIfAborted();
      throw error instanceof MalformedError ? error : new EndedEarlyError(this.#events, error);
    }
    throw new EndedEarlyError(this.#events);
  }
}

/** How long events may be read, in milliseconds, before the page draws and takes input. */
const TURN_MS = 8;

/** Gives, after some of many small steps, a promise that lets the event loop run. */
function yielding() {
  let steps = 0;
  let began = performance.now();
  return () => {
    steps += 1;
    if (steps % 32 !== 0 || performance.now() - began < TURN_MS) return null;
    return new Promise((resolve) => {
      // Not a timer: hidden pages get one a second.
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        began = performance.now();
        resolve(null);
      };
      port2.postMessage(null);
    });
  };
}

/** In characters: as much of a failed answer as is read. */
const LONGEST_FAILURE = 64 * 1024;

/**
 * The events of an answer, batched as they arrive. An answer that is no stream of events
 * is a result: of JSON its value, and its text as it was written; of other text a string,
 * whose pieces are output; of all else a Blob; null where there is nothing.
 *
 * @param {Response} answer
 * @returns {AsyncGenerator<Iterable<TaskEvent>, void, void>}
 */
async function* eventBatches(answer) {
  const [type] = (answer.headers.get("Content-Type") ?? "").toLowerCase().split(/[ ;]/);
  if (/^application\/(x-)?(ndjson|jsonl|jsonlines)$/.test(type)) {
    for await (const batch of lines(chunksOf(answer))) yield ndjson(batch);
  } else if (type === "text/event-stream") {
    const parse = sse();
    for await (const batch of lines(chunksOf(answer))) yield parse(batch);
  } else if (type.startsWith("text/")) {
    yield* output(answer);
  } else if (/[/+]json$/.test(type)) {
    yield [json(await answer.text())];
  } else {
    const blob = await answer.blob();
    yield [{ type: "result", value: blob.size > 0 ? blob : null }];
  }
}

/**
 * The beginning of an answer's text.
 *
 * @param {Response} answer
 */
async function textPrefix(answer) {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of chunksOf(answer)) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > LONGEST_FAILURE) break;
  }
  return text.slice(0, LONGEST_FAILURE);
}

/**
 * @param {Response} answer
 * @returns {AsyncGenerator<TaskEvent[], void, void>}
 */
async function* output(answer) {
  const decoder = new TextDecoder();
  let value = "";
  for await (const chunk of chunksOf(answer)) {
    const text = decoder.decode(chunk, { stream: true });
    value += text;
    yield [{ type: "output", text }];
  }
  const text = decoder.decode();
  if (text) yield [{ type: "output", text }];
  yield [{ type: "result", value: value + text }];
}

/**
 * Lambda calls JSON whatever a function gives no content type, a bare word too.
 *
 * @param {string} text
 * @returns {TaskEvent}
 */
function json(text) {
  if (text === "") return { type: "result", value: null };
  try {
    return { type: "result", value: JSON.parse(text), text };
  } catch {
    return { type: "result", value: text };
  }
}

/**
 * @param {Response} answer
 * @returns {AsyncGenerator<Uint8Array, void, void>}
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
async function* lines(chunks) {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest = "";
  for await (const chunk of chunks) {
    const text = decoded(decoder, chunk);
    const end = text.lastIndexOf("\n");
    if (end >= 0) yield split(rest + text.slice(0, end));
    rest = bounded(end < 0 ? rest + text : text.slice(end + 1));
  }
  rest += decoded(decoder);
  if (rest !== "") yield [rest];
}

/**
 * One by one: all at once, the lines of a large chunk would block the page.
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
function* ndjson(batch) {
  for (const line of batch) {
    const event = /\S/.test(line) ? eventIn(line) : null;
    if (event) yield event;
  }
}

/**
 * Server-sent events (HTML, section 9.2.6). The name of one is its type, unless its data
 * say another.
 */
function sse() {
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
 * @param {object | ""} [named] members it has where the JSON has no others
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
