/**
 * Aikagi in a browser: log in to the broker, borrow a key to one function, call it.
 *
 *     const broker = new Broker();
 *     await broker.login(username, password);
 *     const answer = await broker.call("hello", { path: "/" });
 *
 * The access token and the AWS credentials live in this object and nowhere else.
 * Needs https or localhost: `crypto.subtle` exists nowhere else.
 *
 * @module aikagi
 */
import { AddressError, BrokerError, UnreachableError } from "./errors.js";
import { Grant } from "./grant.js";
import { addressOf, settled } from "./request.js";

export { AddressError, BrokerError, UnreachableError } from "./errors.js";
export { addressOf } from "./request.js";

/**
 * A function that the person logged in may call.
 *
 * @typedef {object} FunctionEntry
 * @property {string} Name
 * @property {string} Title
 * @property {string} Description
 * @property {string} FuncUrl
 * @property {string} Region
 * @property {"BUFFERED" | "RESPONSE_STREAM"} InvokeMode
 * @property {number} MaxDurationSeconds
 */

/** Methods that RFC 9110 section 9.2.1 calls safe: a second one starts nothing twice. */
const SAFE = new Set(["GET", "HEAD"]);

/** Somebody who is logged in. Replaced whole, so that a late answer finds no heir. */
class Session {
  /** @param {string} token */
  constructor(token) {
    this.token = token;
    /** @type {Map<string, Grant>} */
    this.grants = new Map();
    /** @type {Map<string, Promise<Grant>>} */
    this.asked = new Map();
  }

  /**
   * Forget a grant, unless another took its place meanwhile.
   *
   * @param {string} name
   * @param {Grant} grant
   */
  drop(name, grant) {
    if (this.grants.get(name) === grant) this.grants.delete(name);
  }
}

export class Broker {
  /** @type {Session | null} */
  #session = null;
  #offsetMs = 0;
  #base;
  #fetch;
  #clock;
  #patienceMs;

  /**
   * @param {object} [options]
   * @param {string | URL} [options.base] the broker's root; where this module came from
   * @param {typeof globalThis.fetch} [options.fetch]
   * @param {() => number} [options.clock] this machine's clock, milliseconds
   * @param {number} [options.patienceMs] with the broker: API Gateway ends a request
   *   after thirty seconds. A function may take its time.
   */
  constructor({
    base = new URL("../", import.meta.url),
    fetch = globalThis.fetch.bind(globalThis),
    clock = Date.now,
    patienceMs = 30_000,
  } = {}) {
    this.#base = new URL(base);
    this.#fetch = fetch;
    this.#clock = clock;
    this.#patienceMs = patienceMs;
  }

  /** The broker's clock, milliseconds: this machine's may be wrong by hours. */
  now() {
    return this.#clock() + this.#offsetMs;
  }

  /**
   * @param {string} username
   * @param {string} password
   * @throws {BrokerError | UnreachableError}
   */
  async login(username, password) {
    const body = new URLSearchParams({ grant_type: "password", username, password });
    const { access_token: token } = await this.#ask("auth/login", { method: "POST", body });
    this.#session = new Session(token);
  }

  /** Forget the token and every key. A call that waits for its key is given up. */
  signOut() {
    this.#session = null;
  }

  /**
   * The functions in reach.
   *
   * @returns {Promise<FunctionEntry[]>}
   * @throws {BrokerError | UnreachableError}
   */
  async functions() {
    const answer = await this.#ask("functions", {}, this.#signedIn());
    return answer.Functions;
  }

  /**
   * A grant that is good for a call now: the one held, or a new one. One question at a
   * time for each function, however many ask.
   *
   * @param {string} name of a function
   * @throws {BrokerError | UnreachableError}
   */
  async grant(name) {
    return this.#lend(this.#signedIn(), name);
  }

  /**
   * The grant that is held, if one is; nothing is asked.
   *
   * @param {string} name of a function
   * @returns {Grant | undefined}
   */
  held(name) {
    return this.#session?.grants.get(name);
  }

  /**
   * Call a function. Whatever status it answers with is returned; it is only asked a
   * second time where that cannot start its work twice.
   *
   * @param {string} name of a function
   * @param {RequestInit & {path?: string}} [request] the path with its query
   * @returns {Promise<Response>}
   * @throws {BrokerError | UnreachableError | AddressError}
   */
  async call(name, { path = "/", ...init } = {}) {
    const session = this.#signedIn();
    const method = (init.method ?? "GET").toUpperCase();
    const sent = await settled(method, init);
    for (let again = true; ; again = false) {
      const grant = await this.#lend(session, name);
      const request = await grant.sign(addressOf(path, grant.url), sent, this.now());
      // A key lent to one person is not used once somebody else sits here.
      if (session !== this.#session) throw new DOMException("Signed out", "AbortError");
      let answer;
      try {
        answer = await this.#fetch(request);
      } catch (error) {
        if (request.signal.aborted) throw error;
        // A refusal without CORS headers looks like this too, so take a new key.
        session.drop(name, grant);
        if (again && SAFE.has(method)) continue;
        throw new UnreachableError("function", error);
      }
      if (answer.type === "opaqueredirect") {
        throw new AddressError("The function redirects, and a key does not follow");
      }
      if (answer.status !== 403) return answer;
      session.drop(name, grant);
      // Lambda names its refusals. A function's own 403 is its answer: it has run.
      const unheard = answer.headers.has("x-amzn-errortype") || SAFE.has(method);
      if (!again || !unheard) return answer;
      await answer.body?.cancel();
    }
  }

  /** @returns {Session} */
  #signedIn() {
    if (this.#session === null) throw new BrokerError(401, { title: "Nobody is logged in" });
    return this.#session;
  }

  /**
   * Renew at the time of a call, never by a timer.
   *
   * @param {Session} session
   * @param {string} name
   * @returns {Promise<Grant>}
   */
  async #lend(session, name) {
    const held = session.grants.get(name);
    if (held === undefined || held.isSpent(this.now())) return this.#renew(session, name);
    // The one held is still good. Whoever finds it spent hears of the failure.
    if (held.isWaning(this.now())) this.#renew(session, name).catch(() => {});
    return held;
  }

  /**
   * @param {Session} session
   * @param {string} name
   * @returns {Promise<Grant>}
   */
  #renew(session, name) {
    let asked = session.asked.get(name);
    if (asked === undefined) {
      asked = this.#borrow(session, name).finally(() => session.asked.delete(name));
      session.asked.set(name, asked);
    }
    return asked;
  }

  /**
   * @param {Session} session
   * @param {string} name
   */
  async #borrow(session, name) {
    const body = JSON.stringify({ FunctionName: name });
    const headers = { "Content-Type": "application/json" };
    const before = this.#clock();
    const answer = await this.#ask("grant", { method: "POST", headers, body }, session);
    // It looked at its clock somewhere in between.
    this.#offsetMs = Date.parse(answer.ServerTime) - (before + this.#clock()) / 2;
    const grant = new Grant(answer, this.now());
    session.grants.set(name, grant);
    return grant;
  }

  /**
   * @param {string} path relative to the broker
   * @param {RequestInit} init
   * @param {Session} [session]
   * @returns {Promise<any>}
   */
  async #ask(path, init, session) {
    const headers = new Headers(init.headers);
    if (session) headers.set("Authorization", `Bearer ${session.token}`);
    let answer;
    try {
      answer = await this.#fetch(new URL(path, this.#base), {
        ...init,
        headers,
        cache: "no-store",
        credentials: "omit",
        redirect: "error",
        signal: AbortSignal.timeout(this.#patienceMs),
      });
      if (answer.ok) return await answer.json();
    } catch (error) {
      throw new UnreachableError("broker", error);
    }
    throw await BrokerError.of(answer);
  }
}
