import { BrokerError, UnreachableError } from "./errors.js";

/** The line to the broker: a question, an answer, and nothing remembered. */
export class Line {
  #base;
  #fetch;
  #patienceMs;

  /**
   * @param {URL} base
   * @param {typeof globalThis.fetch} fetch
   * @param {number} patienceMs
   */
  constructor(base, fetch, patienceMs) {
    this.#base = base;
    this.#fetch = fetch;
    this.#patienceMs = patienceMs;
  }

  /**
   * @param {string} path relative to the broker
   * @param {RequestInit} init
   * @param {{token?: string, patienceMs?: number}} [options]
   * @returns {Promise<any>} null where the broker has nothing to say
   * @throws {BrokerError | UnreachableError}
   */
  async ask(path, init, { token, patienceMs = this.#patienceMs } = {}) {
    const headers = new Headers(init.headers);
    if (token) headers.set("Authorization", `Bearer ${token}`);
    let answer;
    try {
      answer = await this.#fetch(new URL(path, this.#base), {
        ...init,
        headers,
        cache: "no-store",
        credentials: "omit",
        redirect: "error",
        signal: AbortSignal.timeout(patienceMs),
      });
      if (answer.ok) return answer.status === 204 ? null : await answer.json();
    } catch (error) {
      throw new UnreachableError("broker", error);
    }
    throw await BrokerError.of(answer);
  }
}

const began = Date.now() - performance.now();

/**
 * This machine's clock, milliseconds. Set back, it runs on as if it had not been; and the
 * date has the time slept, which `performance.now()` may leave out.
 */
export const machineTime = () => Math.max(Date.now(), began + performance.now());

/** The broker's clock, milliseconds, as far as it has told. */
export class Clock {
  #offsetMs = 0;

  /** @param {() => number} local */
  constructor(local) {
    this.local = local;
  }

  now() {
    return this.local() + this.#offsetMs;
  }

  /**
   * Late by the answer's way here, which is nothing beside a signature's five minutes.
   *
   * @param {string} serverTime RFC 3339, of an answer that has just come
   */
  hear(serverTime) {
    this.#offsetMs = Date.parse(serverTime) - this.local();
  }
}
