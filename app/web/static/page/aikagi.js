/**
 * Aikagi in a browser: log in to the broker, borrow a key to one function, call it.
 * What each member promises is written in `aikagi.d.ts`.
 *
 * The tokens and the AWS credentials live in private fields and nowhere else.
 */
import { Call } from "./call.js";
import { AddressError, BrokerError, LoginEndedError, UnreachableError } from "./errors.js";
import { Clock, Line, machineTime } from "./line.js";
import { Examination } from "./diagnose.js";
import { addressOf, settled } from "./request.js";
import { Session } from "./session.js";

export { Call } from "./call.js";
export * from "./errors.js";
export { addressOf } from "./request.js";

/** @typedef {import("./aikagi.d.ts").FunctionRequest} FunctionRequest */

/** Methods that RFC 9110 section 9.2.1 calls safe: a second one starts nothing twice. */
const SAFE = new Set(["GET", "HEAD"]);

export class Broker {
  /** @type {Session | null} */
  #session = null;
  #logins = 0;
  #line;
  #fetch;
  #clock;

  /** @param {import("./aikagi.d.ts").BrokerOptions} [options] */
  constructor({
    base = new URL("../", import.meta.url),
    fetch = globalThis.fetch.bind(globalThis),
    clock = machineTime,
    patienceMs = 30_000, // API Gateway ends a request then
  } = {}) {
    this.#line = new Line(new URL(base), fetch, patienceMs);
    this.#fetch = fetch;
    this.#clock = new Clock(clock);
  }

  now() {
    return this.#clock.now();
  }

  get signedIn() {
    return this.#session !== null;
  }

  /**
   * @param {string} username
   * @param {string} password
   */
  async login(username, password) {
    const mine = ++this.#logins;
    const asked = this.#clock.local();
    const body = new URLSearchParams({ grant_type: "password", username, password });
    const tokens = await this.#line.ask("auth/login", { method: "POST", body });
    if (mine !== this.#logins) throw signedOut();
    this.#session = new Session(this.#line, this.#clock, tokens, asked);
  }

  async logout() {
    const session = this.#session;
    this.signOut();
    await session?.ask("auth/logout", { method: "POST", keepalive: true }).catch(() => {});
  }

  signOut() {
    this.#logins += 1;
    this.#session = null;
  }

  async me() {
    return this.#as((session) => session.ask("auth/me"));
  }

  async functions() {
    const answer = await this.#as((session) => session.ask("functions"));
    return answer.Functions;
  }

  /** @param {string} name of a function */
  async grant(name) {
    return this.#as((session) => session.keys.lend(name));
  }

  /** @param {string} name of a function */
  held(name) {
    return this.#session?.keys.held(name);
  }

  /**
   * @param {string} name of a function
   * @param {FunctionRequest} [request]
   */
  call(name, request = {}) {
    return new Call(this.fetch(name, request), request.signal);
  }

  /**
   * @param {string} name of a function
   * @param {FunctionRequest} [request]
   */
  async fetch(name, { path = "/", ...init } = {}) {
    return this.#as(async (session) => {
      const method = (init.method ?? "GET").toUpperCase();
      const sent = await settled(method, init);
      const first = await this.#send(session, name, path, sent).catch((error) => {
        if (!(error instanceof UnreachableError) || error.what !== "function") throw error;
        if (!SAFE.has(method)) throw error;
      });
      if (first && !mayRepeat(first, method)) return first;
      await first?.body?.cancel();
      return this.#send(session, name, path, sent);
    });
  }

  /** @param {string} name of a function */
  async diagnose(name) {
    const session = this.#session;
    const found = await new Examination(this.#fetch, this.#clock).of(session, name);
    if (found.cause === "login-ended" && session === this.#session) this.signOut();
    return found;
  }

  /**
   * Send a request once. A key that opened nothing is forgotten.
   *
   * @param {Session} session
   * @param {string} name
   * @param {string} path
   * @param {RequestInit} sent
   * @returns {Promise<Response>}
   */
  async #send(session, name, path, sent) {
    sent.signal?.throwIfAborted();
    const grant = await unless(sent.signal, session.keys.lend(name));
    const request = await grant.sign(addressOf(path, grant.url), sent, this.now());
    // A key lent to one person is not used once somebody else sits here.
    if (session !== this.#session) throw signedOut();
    let answer;
    try {
      answer = await this.#fetch(request);
    } catch (error) {
      if (request.signal.aborted) throw error;
      // A refusal without CORS headers looks like this too.
      session.keys.heard(name, grant);
      throw new UnreachableError("function", error);
    }
    if (answer.type === "opaqueredirect") {
      throw new AddressError("The function redirects, and a key does not follow");
    }
    session.keys.heard(name, grant, answer);
    return answer;
  }

  /**
   * Do something as the person logged in. When their login has ended they are forgotten.
   *
   * @template T
   * @param {(session: Session) => Promise<T>} task
   * @returns {Promise<T>}
   */
  async #as(task) {
    const session = this.#session;
    if (session === null) throw new BrokerError(401, { title: "Nobody is logged in" });
    try {
      return await task(session);
    } catch (error) {
      if (error instanceof LoginEndedError && session === this.#session) this.signOut();
      throw error;
    }
  }
}

/**
 * Lambda names its refusals. A function's own 403 is its answer: it has run.
 *
 * @param {Response} answer
 * @param {string} method
 */
function mayRepeat(answer, method) {
  if (answer.status !== 403) return false;
  return answer.headers.has("x-amzn-errortype") || SAFE.has(method);
}

const signedOut = () => new DOMException("Signed out", "AbortError");

/**
 * Wait for what others may be waiting for as well, unless told to stop: only the waiting
 * ends then.
 *
 * @template T
 * @param {AbortSignal | null | undefined} signal
 * @param {Promise<T>} promise
 * @returns {Promise<T>}
 */
function unless(signal, promise) {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop);
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
