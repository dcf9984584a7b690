/** A call of a function: the request as it is signed and sent, and the response as events. */
import {
  AddressError,
  EndedEarlyError,
  FunctionError,
  MalformedError,
  TaskError,
  UnreachableError,
} from "./errors.js";
import { importPart } from "./session.js";

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
  /** @type {PromiseWithResolvers<TaskEvent & {type: "result"}>} */
  #last = Promise.withResolvers();

  /**
   * @param {Promise<Response>} answer
   * @param {AbortSignal | null} [signal] that gives it up
   * @param {Promise<void>} [departure] kept when the request leaves
   */
  constructor(answer, signal, departure = Promise.resolve()) {
    this.#answer = answer;
    this.#signal = signal;
    this.sent = Promise.race([departure, answer.then(() => {})]);
    this.response = answer.then(({ status, statusText, headers, url }) => {
      return { status, statusText, headers, url };
    });
    // Whoever reads the events gets the same failures.
    this.sent.catch(() => {});
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
    return (await this.#last.promise).value ?? null;
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
          if (event.type === "error") throw new TaskError(event.code, event.message);
          // Before it is yielded: whoever leaves the loop with it may ask for the result.
          if (event.type === "result") this.#last.resolve(event);
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
      // Cut off, a function would take this client for gone: let it end.
      if (isOver) batches.next().then(() => batches.return(), () => {});
      else await batches.return();
    }
  }

  /** Events by the chunk that brought them; in the end an error, for none was the last. */
  async *#batches() {
    const answer = await this.#answer;
    const { eventBatches, textPrefix } = await importStreams();
    if (answer.status >= 400) {
      const { text, body, isTruncated } = await textPrefix(answer, this.#signal);
      throw new FunctionError(answer, text, body, isTruncated);
    }
    try {
      yield* eventBatches(answer);
    } catch (error) {
      this.#signal?.throwIfAborted();
      throw error instanceof MalformedError ? error : new EndedEarlyError(this.#events, error);
    }
    throw new EndedEarlyError(this.#events);
  }
}

/** What reads answers, which is wanted with the first call. */
export async function importStreams() {
  try {
    return await importPart(() => import("./streams.js"), import.meta.resolve("./streams.js"));
  } catch (error) {
    throw new UnreachableError("broker", error);
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
