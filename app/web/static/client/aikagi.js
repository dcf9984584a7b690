/**
 * Aikagi in a browser: log in to the broker, get credentials for one function, call it, and
 * find out why a call fails. What each member promises is written in `aikagi.d.ts`.
 *
 * The tokens and the AWS credentials live in private fields and nowhere else.
 */
import { addressOf, Call, preparedInit } from "./call.js";
import { AddressError, BrokerError, LoginEndedError, UnreachableError } from "./errors.js";
import {
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
 * @typedef {Diagnosis["cause"]} Cause
 * @typedef {Diagnosis["checks"][number]["check"]} Check
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

  async logout() {
    const session = this.#session;
    this.signOut();
    await session?.request("auth/logout", { method: "POST", keepalive: true }).catch(() => {});
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
    return new Call(this.#request(name, request, resolve), request.signal, promise);
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
   * @param {() => void} [departs] is told each time the request leaves
   * @returns {Promise<Response>}
   */
  #request(name, { path = "/", ...init }, departs = () => {}) {
    return this.#withSession(async (session) => {
      const method = (init.method ?? "GET").toUpperCase();
      const sent = await preparedInit(method, init);
      const send = () => this.#send(session, name, path, sent, departs);
      const first = await send().catch((error) => {
        if (!(error instanceof UnreachableError) || error.what !== "function") throw error;
        if (!SAFE.has(method)) throw error;
      });
      if (first && !isRetryable(first)) return first;
      await first?.body?.cancel();
      return send();
    });
  }

  /** @param {string} name of a function */
  async diagnose(name) {
    const session = this.#session;
    const found = await new Diagnostics(this.#fetch, this.#clock).run(session, name);
    if (found.cause === "login-ended" && session === this.#session) this.signOut();
    return found;
  }

  /**
   * Send a request once. A grant that was refused is dropped.
   *
   * @param {Session} session
   * @param {string} name
   * @param {string} path
   * @param {RequestInit} sent
   * @param {() => void} departs
   * @returns {Promise<Response>}
   */
  async #send(session, name, path, sent, departs) {
    sent.signal?.throwIfAborted();
    const grant = await abortable(sent.signal, session.grants.get(name));
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

/** Further from AWS's clock a signature is refused. */
const SKEW_MS = 300_000;
/** For one answer of a function. */
const ANSWER_TIMEOUT_MS = 10_000;

const LATER = "Try again in a moment.";
const ASK = "Ask whoever runs the broker.";

/** @type {Record<Cause, [title: string, advice: string]>} */
const EXPLANATIONS = {
  none: ["Nothing is wrong", "Call it again."],
  "login-ended": ["The login has ended", "Sign in again."],
  "broker-unreachable": ["The broker cannot be reached", "Check the connection."],
  "broker-failed": ["The broker cannot lend a key", LATER],
  "not-yours": ["This function is not in your reach", ASK],
  clock: ["A clock is wrong", "The checks name it."],
  signature: ["AWS finds the signature wrong", `Something changes requests on their way. ${ASK}`],
  expired: ["AWS calls the key expired", "Call again, with a new one."],
  permission: ["AWS does not permit the call", `The role lent lacks a permission. ${ASK}`],
  refused: ["AWS refuses the call", ASK],
  cors: ["The function does not admit this page", `Its CORS settings lack something. ${ASK}`],
  "auth-type": ["The function answers anybody", `Its AuthType must be AWS_IAM. ${ASK}`],
  unreachable: ["Nothing answers at the function's address", "Check the connection."],
  throttled: ["The function is busy, or switched off", LATER],
  "function-failed": ["The function itself fails", "Tell its author."],
};

/** Lambda's names for its refusals. @type {[RegExp, Cause][]} */
const REFUSALS = [
  [/expired/i, "expired"],
  [/signature/i, "signature"],
  [/accessdenied/i, "permission"],
];

/** Checks of one function, from the login to the answer, until one fails. */
class Diagnostics {
  /** @type {Diagnosis["checks"]} */
  #checks = [];
  #fetch;
  #clock;

  /** @param {typeof globalThis.fetch} fetch @param {Clock} clock */
  constructor(fetch, clock) {
    this.#fetch = fetch;
    this.#clock = clock;
  }

  /**
   * @param {Session | null} session
   * @param {string} name
   * @returns {Promise<Diagnosis>}
   */
  async run(session, name) {
    const cause = session ? await this.#findCause(session, name) : this.#notLoggedIn();
    const [title, advice] = EXPLANATIONS[cause];
    return { cause, title, advice, checks: this.#checks };
  }

  #notLoggedIn() {
    return this.#record("login", "Nobody is logged in", "login-ended");
  }

  /** @param {Session} session @param {string} name */
  async #findCause(session, name) {
    let grant;
    try {
      const me = await session.request("auth/me");
      this.#record("login", `You are ${me.session_name}`);
      grant = await session.grants.get(name);
    } catch (error) {
      return this.#record(this.#checks.length > 0 ? "grant" : "login", String(error), causeOf(error));
    }
    this.#record("grant", `A key until ${new Date(grant.expiresAt).toISOString()}`);
    const inTime = this.#checkClock("This computer's clock", this.#clock.local());
    const cause = await this.#checkFunction(session.grants, name, grant);
    // It stops no call: they are signed by the broker's clock.
    return cause === "none" && !inTime ? "clock" : cause;
  }

  /**
   * Lambda refuses what is unsigned by itself. What is signed may be let in, so it is only
   * sent where nothing else can tell, and as what asks for no work (RFC 9110, section 9.2.1).
   *
   * @param {import("./session.js").GrantCache} grants
   * @param {string} name
   * @param {import("./session.js").Grant} grant
   */
  async #checkFunction(grants, name, grant) {
    const url = addressOf("/", grant.url);
    const bare = await preparedInit("GET", {});
    const unsigned = await this.#answer(new Request(url, bare));
    if (unsigned && ![401, 403, 429].includes(unsigned.status)) {
      return this.#record("protection", `Unsigned it answers ${unsigned.status}`, "auth-type");
    }
    if (unsigned) this.#record("protection", `Unsigned it is refused, ${unsigned.status}`);
    const last = grants.lastResponse(name);
    if (last) return this.#checkAnswer(last, "The last call got");
    const signed = await this.#answer(await grant.sign(url, bare, this.#clock.now()));
    grants.record(name, grant, signed);
    if (signed) return this.#checkAnswer(signed, "A signed GET gets");
    // The browser does not say why. Without CORS it tells at least whether somebody is there.
    const blind = new Request(url, { ...bare, mode: "no-cors", redirect: "follow" });
    if (unsigned || (await this.#answer(blind))) {
      return this.#record("call", "The answer is not for this page to read", "cors");
    }
    return this.#record("call", `No answer from ${url.origin}`, "unreachable");
  }

  /** @param {Pick<Response, "status" | "headers">} answer @param {string} what */
  #checkAnswer({ status, headers }, what) {
    const refusal = headers.get("x-amzn-errortype") ?? "";
    const detail = `${what} ${status} ${refusal}`.trim();
    if (status === 429) return this.#record("call", detail, "throttled");
    if (status >= 500) return this.#record("call", detail, "function-failed");
    if (status !== 403) return this.#record("call", detail);
    const date = headers.get("date");
    const inTime = date === null || this.#checkClock("AWS's clock", Date.parse(date));
    const cause = REFUSALS.find(([pattern]) => pattern.test(refusal))?.[1] ?? "refused";
    return this.#record("call", detail, inTime ? cause : "clock");
  }

  /** @param {string} which @param {number} time by it, now */
  #checkClock(which, time) {
    const ms = time - this.#clock.now();
    const ok = Math.abs(ms) < SKEW_MS;
    const minutes = Math.round(Math.abs(ms) / 60_000);
    const side = ms < 0 ? "behind" : "ahead of";
    const apart = minutes > 0 ? `is ${minutes} min ${side}` : "agrees with";
    this.#checks.push({ check: "clock", ok, detail: `${which} ${apart} the broker's` });
    return ok;
  }

  /** @param {Request} request @returns {Promise<Response | undefined>} */
  async #answer(request) {
    try {
      const answer = await this.#fetch(request, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
      answer.body?.cancel();
      return answer;
    } catch {
      return undefined;
    }
  }

  /** @param {Check} check @param {string} detail @param {Cause} [cause] */
  #record(check, detail, cause = "none") {
    this.#checks.push({ check, ok: cause === "none", detail });
    return cause;
  }
}

/** @param {unknown} error of the broker's @returns {Cause} */
function causeOf(error) {
  if (error instanceof UnreachableError) return "broker-unreachable";
  const status = error instanceof BrokerError ? error.status : 0;
  if (status === 401) return "login-ended";
  return status === 403 || status === 404 ? "not-yours" : "broker-failed";
}
