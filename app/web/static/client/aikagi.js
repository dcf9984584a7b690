/**
 * Aikagi in a browser: log in to the broker, get credentials for one function, call it, and
 * find out why a call fails. What each member promises is written in `aikagi.d.ts`.
 *
 * The tokens and the AWS credentials live in private fields and nowhere else.
 */
import { addressOf, Call, importStreams, preparedInit } from "./call.js";
import { AddressError, LoginEndedError, UnreachableError } from "./errors.js";
import {
  importPart,
  Clock,
  machineTime,
  requireList,
  requireMembers,
  requireTokens,
  Session,
  Transport,
} from "./session.js";

export { addressOf, Call } from "./call.js";
export * from "./errors.js";

/**
 * @typedef {import("./aikagi.d.ts").Diagnosis} Diagnosis
 * @typedef {import("./aikagi.d.ts").FunctionRequest} FunctionRequest
 */

/** Methods that RFC 9110 section 9.2.1 calls safe: a second one starts nothing twice. */
const SAFE = new Set(["GET", "HEAD"]);

/** What an entry of `GET /functions` has. @type {Record<string, "string" | "number">} */
const ENTRY = {
  Name: "string",
  Title: "string",
  Description: "string",
  FuncUrl: "string",
  Region: "string",
  InvokeMode: "string",
  MaxDurationSeconds: "number",
};

export class Broker {
  /** @type {Session | null} */
  #session = null;
  #logins = 0;
  #transport;
  #fetch;
  #clock;

  /** @param {import("./aikagi.d.ts").BrokerOptions} [options] */
  constructor({
    base = new URL("../../../", import.meta.url), // of static/<digest>/client/aikagi.js
    fetch = globalThis.fetch.bind(globalThis),
    clock = machineTime,
    timeoutMs = 30_000, // API Gateway ends a request then
  } = {}) {
    this.#transport = new Transport(new URL(base), fetch, timeoutMs);
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
    const attempt = ++this.#logins;
    const requestedAt = this.#clock.local();
    const body = new URLSearchParams({ grant_type: "password", username, password });
    const answer = await this.#transport.request("auth/login", { method: "POST", body });
    if (attempt !== this.#logins) throw signedOut();
    const tokens = requireTokens(answer);
    this.#session = new Session(this.#transport, this.#clock, tokens, requestedAt);
  }

  /**
   * @param {string} username
   * @param {string} password
   * @param {string} new_password
   */
  async changePassword(username, password, new_password) {
    const body = new URLSearchParams({ username, password, new_password });
    await this.#transport.request("auth/password", { method: "POST", body });
  }

  async issuers() {
    const answer = await this.#transport.request("auth/issuers", {}).catch((error) => {
      if (error.status !== 404) throw error;
      return { issuers: [] }; // a broker that is older
    });
    return requireList(answer, "issuers");
  }

  async signIn() {
    const load = () => import("./sign_in.js");
    const { SignIn } = await importPart(load, import.meta.resolve("./sign_in.js"));
    return new SignIn(this.#transport, this.#fetch, this.#clock, (tokens, requestedAt, issuance) => {
      this.#logins += 1;
      this.#session = new Session(this.#transport, this.#clock, tokens, requestedAt, issuance);
    });
  }

  async logout() {
    const session = this.#session;
    this.signOut();
    await session?.end().catch(() => {});
  }

  signOut() {
    this.#logins += 1;
    this.#session = null;
  }

  async me() {
    const me = await this.#withSession((session) => session.request("auth/me"));
    requireMembers(me, { issuer: "string", subject: "string", session_name: "string" });
    requireList(me, "groups");
    return me;
  }

  async functions() {
    const answer = await this.#withSession((session) => session.request("functions"));
    for (const entry of requireList(answer, "Functions")) requireMembers(entry, ENTRY);
    return answer.Functions;
  }

  /** @param {string} name of a function */
  async grant(name) {
    return this.#withSession((session) => session.grants.get(name));
  }

  /** @param {string} name of a function */
  cachedGrant(name) {
    return this.#session?.grants.cached(name);
  }

  /**
   * @param {string} name of a function
   * @param {FunctionRequest} [request]
   */
  call(name, request = {}) {
    /** @type {PromiseWithResolvers<void>} */
    const { promise, resolve } = Promise.withResolvers();
    // What cannot be read must not be asked for.
    const ready = importStreams();
    ready.catch(() => {});
    return new Call(this.#request(name, request, ready, resolve), request.signal, promise);
  }

  /**
   * @param {string} name of a function
   * @param {FunctionRequest} [request]
   */
  async fetch(name, request = {}) {
    return this.#request(name, request);
  }

  /**
   * @param {string} name of a function
   * @param {FunctionRequest} request
   * @param {Promise<unknown>} [ready] awaited before the request leaves
   * @param {() => void} [departs] called each time that it leaves
   * @returns {Promise<Response>}
   */
  #request(name, { path = "/", ...init }, ready, departs = () => {}) {
    return this.#withSession(async (session) => {
      const method = (init.method ?? "GET").toUpperCase();
      const sent = await preparedInit(method, init);
      const send = () => this.#send(session, name, path, sent, ready, departs);
      const first = await send().catch((error) => {
        if (!(error instanceof UnreachableError) || error.what !== "function") throw error;
        if (!SAFE.has(method)) throw error;
      });
      if (first && !isRetryable(first)) return first;
      await first?.body?.cancel();
      return send().catch((error) => {
        const isOver = first && error instanceof LoginEndedError;
        throw isOver ? new LoginEndedError(error, "Your access was ended", true) : error;
      });
    });
  }

  /** @param {string} name of a function */
  async diagnose(name) {
    const session = this.#session;
    const found = await this.#findCause(session, name);
    const isOver = found.cause === "login-ended" || found.cause === "access-ended";
    if (isOver && session === this.#session) this.signOut();
    return found;
  }

  /**
   * @param {Session | null} session
   * @param {string} name
   * @returns {Promise<Diagnosis>}
   */
  async #findCause(session, name) {
    let diagnosis;
    try {
      const load = () => import("./diagnosis.js");
      diagnosis = await importPart(load, import.meta.resolve("./diagnosis.js"));
    } catch (error) {
      return partMissing(error);
    }
    const checks = new diagnosis.Checks(this.#transport, this.#fetch, this.#clock);
    return diagnosis.diagnosisOf(await checks.run(session, name));
  }

  /**
   * Send a request once. A grant that was refused is dropped.
   *
   * @param {Session} session
   * @param {string} name
   * @param {string} path
   * @param {RequestInit} sent
   * @param {Promise<unknown> | undefined} ready
   * @param {() => void} departs
   * @returns {Promise<Response>}
   */
  async #send(session, name, path, sent, ready, departs) {
    sent.signal?.throwIfAborted();
    const all = Promise.all([session.grants.get(name), ready]);
    const [grant] = await abortable(sent.signal, all);
    const request = await grant.sign(addressOf(path, grant.url), sent, this.now());
    // Credentials of one person are not used once somebody else has logged in.
    if (session !== this.#session) throw signedOut();
    let answer;
    try {
      departs();
      answer = await this.#fetch(request);
    } catch (error) {
      if (request.signal.aborted) throw error;
      // A browser gives the same error for a refusal without CORS headers.
      session.grants.record(name, grant);
      throw new UnreachableError("function", error);
    }
    if (answer.type === "opaqueredirect") {
      throw new AddressError("The function redirects, and credentials do not follow");
    }
    session.grants.record(name, grant, answer);
    return answer;
  }

  /**
   * Run a task with the session. When the login has ended, the session is dropped.
   *
   * @template T
   * @param {(session: Session) => Promise<T>} task
   * @returns {Promise<T>}
   */
  async #withSession(task) {
    const session = this.#session;
    if (session === null) throw new LoginEndedError(null, "Nobody is logged in");
    try {
      return await task(session);
    } catch (error) {
      if (error instanceof LoginEndedError && session === this.#session) this.signOut();
      throw error;
    }
  }
}

/**
 * Lambda's refusals have an error type. A 403 of the function itself means that it has run.
 *
 * @param {Response} answer
 */
function isRetryable(answer) {
  return answer.status === 403 && answer.headers.has("x-amzn-errortype");
}

/**
 * The module of the diagnosis is imported when it is wanted. Where it does not arrive, that is
 * the cause.
 *
 * @param {unknown} error
 * @returns {Diagnosis}
 */
function partMissing(error) {
  const cause = /** @type {const} */ ("broker-unreachable");
  const detail = `A part of the client did not arrive: ${error}`;
  const checks = [{ check: /** @type {const} */ ("broker"), ok: false, cause, detail, facts: {} }];
  return { cause, title: "The broker cannot be reached", advice: "Reload the page.", checks };
}

const signedOut = () => new DOMException("Signed out", "AbortError");

/**
 * Wait for a promise that others may wait for as well. An abort ends this wait only.
 *
 * @template T
 * @param {AbortSignal | null | undefined} signal
 * @param {Promise<T>} promise
 * @returns {Promise<T>}
 */
function abortable(signal, promise) {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop);
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
