import { batchesOf, beginningOf } from "./answers.js";
import { EndedEarlyError, FunctionError, MalformedError, TaskError } from "./errors.js";

/** @typedef {import("./aikagi.d.ts").TaskEvent} TaskEvent */

/**
 * A function at work. It was asked when this was made; what it tells is read once, and no
 * faster than somebody takes it.
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
    // Whoever reads the events hears of the same failures.
    this.response.catch(() => {});
    this.#last.promise.catch(() => {});
  }

  [Symbol.asyncIterator]() {
    if (this.#isRead) throw new TypeError("The events of a call are read once");
    this.#isRead = true;
    return this.#told();
  }

  /** @returns {Promise<any>} */
  async result() {
    if (!this.#isRead) for await (const _ of this);
    const last = await this.#last.promise;
    if (last.type === "error") throw new TaskError(last.code, last.message);
    return /** @type {any} */ (last).value;
  }

  /** @returns {AsyncGenerator<TaskEvent, void, void>} */
  async *#told() {
    const batches = this.#batches();
    const turn = turns();
    let isOver = false;
    try {
      while (!isOver) {
        const { value: batch } = await batches.next();
        for (const event of batch ?? []) {
          this.#signal?.throwIfAborted();
          this.#events += 1;
          isOver = event.type === "result" || event.type === "error";
          // Before it is told: whoever leaves with it may ask for it again.
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

  /** Events by the piece that brought them; in the end an error, for none was the last. */
  async *#batches() {
    const answer = await this.#answer;
    if (answer.status >= 400) throw new FunctionError(answer, await beginningOf(answer));
    try {
      yield* batchesOf(answer);
    } catch (error) {
      this.#signal?.throwIfAborted();
      throw error instanceof MalformedError ? error : new EndedEarlyError(this.#events, error);
    }
    throw new EndedEarlyError(this.#events);
  }
}

/** How long one may go on, in milliseconds, before the page draws and hears its buttons. */
const TURN_MS = 8;

/** Something to wait for, now and then, after one of many small steps. */
function turns() {
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
