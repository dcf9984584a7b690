/** A login at the broker: its tokens and its grants, each refreshed when it is used. */
import { BrokerError, LoginEndedError, UnreachableError } from "./errors.js";

/** Sends requests to the broker, and keeps no state of a login. */
export class Transport {
  #base;
  #fetch;
  #timeoutMs;

  /**
   * @param {URL} base
   * @param {typeof globalThis.fetch} fetch
   * @param {number} timeoutMs
   */
  constructor(base, fetch, timeoutMs) {
    this.#base = base;
    this.#fetch = fetch;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * @param {string} path relative to the broker
   * @param {RequestInit} init
   * @param {{token?: string, timeoutMs?: number}} [options]
   * @returns {Promise<any>} an object, null where the answer has no body
   * @throws {BrokerError | UnreachableError}
   */
  async request(path, init, { token, timeoutMs = this.#timeoutMs } = {}) {
    const headers = new Headers(init.headers);
    if (token) headers.set("Authorization", `Bearer ${token}`);
    const { answer, body } = await this.#answer(path, { ...init, headers }, timeoutMs);
    return answer.status === 204 ? null : requireMembers(body, {});
  }

  /**
   * The broker's time by an answer of it.
   *
   * @param {string} path relative to the broker
   * @returns {Promise<number | null>} milliseconds; null where the page may not read it
   * @throws {BrokerError | UnreachableError}
   */
  async date(path) {
    const { answer } = await this.#answer(path, {}, this.#timeoutMs);
    const date = Date.parse(answer.headers.get("Date") ?? "");
    return Number.isNaN(date) ? null : date;
  }

  /**
   * @param {string} path
   * @param {RequestInit} init
   * @param {number} timeoutMs
   */
  async #answer(path, init, timeoutMs) {
    let answer;
    let body = null;
    try {
      answer = await this.#fetch(new URL(path, this.#base), {
        ...init,
        cache: "no-store",
        credentials: "omit",
        redirect: "error",
        signal: AbortSignal.timeout(timeoutMs),
      });
      if (answer.ok && answer.status !== 204) body = await answer.json();
    } catch (error) {
      throw new UnreachableError("broker", error);
    }
    if (!answer.ok) throw await BrokerError.of(answer);
    return { answer, body };
  }
}

/**
 * @param {any} answer of the broker
 * @param {Record<string, "string" | "number">} members that it must have, and of what type
 * @returns {any} the answer
 * @throws {UnreachableError} where it is no broker's
 */
export function requireMembers(answer, members) {
  const isObject = Object(answer) === answer && !Array.isArray(answer);
  const lacking = Object.keys(members).find((name) => typeof answer?.[name] !== members[name]);
  if (isObject && lacking === undefined) return answer;
  throw new UnreachableError("broker", new TypeError(`It answers without ${lacking ?? "members"}`));
}

/**
 * @param {any} answer of the broker
 * @param {string} name
 * @returns {any[]} its member of this name
 */
export function requireList(answer, name) {
  if (Array.isArray(answer?.[name])) return answer[name];
  throw new UnreachableError("broker", new TypeError(`It answers without ${name}`));
}

/** Which part of a life, and the milliseconds that this is at most. */
const ADVISORY = { part: 5, mostMs: 300_000 };
const MANDATORY = { part: 20, mostMs: 30_000 };

/** By so much a clock may step without making a time left implausible. */
const SLACK_MS = 60_000;

/**
 * What is to be done about a value that expires, in botocore's words: an advisory refresh goes
 * on in the background while the value is still used, a mandatory one comes first. More left
 * than there ever was tells of a clock that was moved: then the time left is not known.
 *
 * @param {number} leftMs
 * @param {number} lifeMs
 * @returns {"none" | "advisory" | "mandatory"}
 */
function refreshNeed(leftMs, lifeMs) {
  const isWithin = (/** @type {typeof ADVISORY} */ { part, mostMs }) =>
    leftMs < Math.min(lifeMs / part, mostMs);
  if (isWithin(MANDATORY) || leftMs > lifeMs + SLACK_MS) return "mandatory";
  return isWithin(ADVISORY) ? "advisory" : "none";
}

const began = Date.now() - performance.now();

/**
 * This machine's clock, milliseconds. Set back, it runs on as if it had not been; and the
 * date has the time slept, which `performance.now()` may leave out.
 */
export const machineTime = () => Math.max(Date.now(), began + performance.now());

/** The broker's clock, milliseconds: the local one until an answer has named its time. */
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
   * Late by the time the answer travelled, which is little beside the five minutes that a
   * signature may be off.
   *
   * @param {string} serverTime RFC 3339, of an answer that has just come
   */
  synchronise(serverTime) {
    this.#offsetMs = Date.parse(serverTime) - this.local();
  }
}

/**
 * What the token endpoints answer; older brokers know no refresh tokens. Lives in seconds.
 *
 * @typedef {{access_token: string, expires_in: number, refresh_token?: string}} Tokens
 */

/**
 * What an issuer does with refresh tokens of its own.
 *
 * @typedef {object} Issuance
 * @property {(refreshToken: string) => Promise<Tokens>} renew
 * @property {(refreshToken: string) => Promise<void>} revoke
 */

/** @param {any} answer @returns {Tokens} */
export function requireTokens(answer) {
  return requireMembers(answer, {
    access_token: "string",
    expires_in: "number",
    ...(answer?.refresh_token != null && { refresh_token: "string" }),
  });
}

/**
 * How long the broker has for its first answer to a refresh token. Within ten seconds of the
 * first use it answers a second use with the same successor; later, it takes the token for
 * stolen and ends the login.
 */
const REFRESH_TIMEOUT_MS = 8_000;

const LOGIN_ENDED = "urn:aikagi:problem:login-ended";

/** One login. The next login is another object, so that no late answer changes it. */
export class Session {
  #transport;
  #clock;
  /** @type {Tokens} */
  #tokens = { access_token: "", expires_in: 0 };
  #expiresAt = 0;
  /** @type {Promise<string> | null} */
  #renewal = null;
  #issuance;

  /**
   * @param {Transport} transport
   * @param {Clock} clock
   * @param {Tokens} tokens
   * @param {number} requestedAt when they were asked for, by the local clock
   * @param {Issuance} [issuance] whose the tokens are, unless they are the broker's
   */
  constructor(transport, clock, tokens, requestedAt, issuance) {
    this.#transport = transport;
    this.#clock = clock;
    this.#issuance = issuance;
    this.#setTokens(tokens, requestedAt);
    this.grants = new GrantCache(this, clock);
  }

  /**
   * Send a request to the broker as this person, with an access token that is renewed first
   * if it has to be.
   *
   * @param {string} path
   * @param {RequestInit} [init]
   * @returns {Promise<any>}
   */
  async request(path, init = {}) {
    const token = await this.#accessToken();
    try {
      return await this.#transport.request(path, init, { token });
    } catch (error) {
      if (!isRefusal(error)) throw error;
      if (!this.#tokens.refresh_token) throw new LoginEndedError(error);
    }
    // Whoever else was refused may have renewed it by now.
    const isOld = token === this.#tokens.access_token;
    const next = isOld ? await this.#renew() : this.#tokens.access_token;
    try {
      // Refused before anything was done: asking again repeats nothing.
      return await this.#transport.request(path, init, { token: next });
    } catch (error) {
      throw isRefusal(error) ? new LoginEndedError(error) : error;
    }
  }

  /** Renewed at the time of a request, never by a timer. */
  async #accessToken() {
    const leftMs = this.#expiresAt - this.#clock.local();
    const { access_token, refresh_token, expires_in } = this.#tokens;
    if (!refresh_token) {
      // One that cannot be renewed is used to its end.
      if (leftMs > 0) return access_token;
      throw new LoginEndedError();
    }
    const need = refreshNeed(leftMs, expires_in * 1000);
    if (need === "mandatory") return this.#renew();
    // The one cached is still good. Who finds it expired gets the failure.
    if (need === "advisory") this.#renew().catch(() => {});
    return access_token;
  }

  /** One renewal at a time, however many wait for it. */
  #renew() {
    this.#renewal ??= this.#refreshTokens().finally(() => {
      this.#renewal = null;
    });
    return this.#renewal;
  }

  async #refreshTokens() {
    const { refresh_token = "" } = this.#tokens;
    const body = new URLSearchParams({ grant_type: "refresh_token", refresh_token });
    const requestedAt = this.#clock.local();
    try {
      const renewed = this.#issuance?.renew(refresh_token) ?? this.#requestRefresh(body);
      this.#setTokens(requireTokens(await renewed), requestedAt);
    } catch (error) {
      if (!hasEnded(error)) throw error;
      // The access token is good to its end; after it there is nothing left.
      this.#tokens = { ...this.#tokens, refresh_token: "" };
      throw new LoginEndedError(error);
    }
    return this.#tokens.access_token;
  }

  /** End it where it began. */
  async end() {
    const { refresh_token = "" } = this.#tokens;
    if (this.#issuance) return this.#issuance.revoke(refresh_token);
    return this.request("auth/logout", { method: "POST", keepalive: true });
  }

  /** @param {URLSearchParams} body */
  async #requestRefresh(body) {
    const init = { method: "POST", body };
    const began = machineTime();
    try {
      return await this.#transport.request("auth/refresh", init, { timeoutMs: REFRESH_TIMEOUT_MS });
    } catch (error) {
      const answered = error instanceof BrokerError && error.status < 500;
      if (answered || machineTime() - began > REFRESH_TIMEOUT_MS + 1_000) throw error;
    }
    // The answer may have been lost on its way, and the token be used.
    return await this.#transport.request("auth/refresh", init);
  }

  /**
   * @param {Tokens} tokens
   * @param {number} requestedAt
   */
  #setTokens(tokens, requestedAt) {
    this.#tokens = tokens;
    this.#expiresAt = requestedAt + tokens.expires_in * 1000;
  }
}

/** Of an access token. @returns {error is BrokerError} @param {unknown} error */
function isRefusal(error) {
  return error instanceof BrokerError && error.status === 401;
}

/** Of a refresh token: 400, as for all that a token endpoint refuses. @returns {error is BrokerError} @param {unknown} error */
function hasEnded(error) {
  return error instanceof BrokerError && error.type === LOGIN_ENDED;
}

/** Credentials for calls of one function. Times are the broker's, in milliseconds. */
export class Grant {
  #accessKeyId;
  #aws;
  #lifeMs;

  /**
   * @param {Record<string, string>} answer of `POST /grant`
   * @param {number} now
   * @param {Signer} signer
   */
  constructor(answer, now, { AwsClient }) {
    this.url = answer.FuncUrl;
    this.#accessKeyId = answer.AccessKeyId;
    this.expiresAt = Date.parse(answer.Expiration);
    // From now on: the broker may give out a session a second time.
    this.#lifeMs = this.expiresAt - now;
    this.#aws = new AwsClient({
      accessKeyId: answer.AccessKeyId,
      secretAccessKey: answer.SecretAccessKey,
      sessionToken: answer.SessionToken,
      region: answer.Region,
      service: "lambda",
      // It only signs here. Its own fetch would send a failed POST eleven times.
      retries: 0,
    });
  }

  get accessKeyId() {
    return this.#accessKeyId;
  }

  /** @param {number} now */
  refreshNeed(now) {
    return refreshNeed(this.expiresAt - now, this.#lifeMs);
  }

  /**
   * @param {URL} url
   * @param {RequestInit} init
   * @param {number} now
   * @returns {Promise<Request>}
   */
  sign(url, init, now) {
    const datetime = new Date(now).toISOString().replace(/[-:]|\.[0-9]{3}/g, "");
    return this.#aws.sign(url, { ...init, aws: { datetime } });
  }
}

/** @type {Record<string, "string">} */
const GRANT = {
  FuncUrl: "string",
  Region: "string",
  AccessKeyId: "string",
  SecretAccessKey: "string",
  SessionToken: "string",
  Expiration: "string",
  ServerTime: "string",
};

/** How often an address has failed. @type {Map<string, number>} */
const failures = new Map();

/**
 * Import a module, after a failure by another address: browsers may remember for good that one
 * has failed.
 *
 * @template T
 * @param {() => Promise<T>} load
 * @param {string} address of the same module
 * @returns {Promise<T>}
 */
export async function importPart(load, address) {
  const failed = failures.get(address) ?? 0;
  try {
    return await (failed ? import(/* webpackIgnore: true */ /* @vite-ignore */ `${address}?${failed}`) : load());
  } catch (error) {
    failures.set(address, failed + 1);
    throw error;
  }
}

/** @typedef {typeof import("./vendor/aws4fetch-1.0.20.mjs")} Signer */

/** @returns {Promise<Signer>} what signs, which is wanted with the first grant */
async function importSigner() {
  try {
    const address = import.meta.resolve("./vendor/aws4fetch-1.0.20.mjs");
    return await importPart(() => import("./vendor/aws4fetch-1.0.20.mjs"), address);
  } catch (error) {
    throw new UnreachableError("broker", error);
  }
}

/** The grants of one login: one for each function, one request for it at a time. */
export class GrantCache {
  /** @type {Map<string, Grant>} */
  #grants = new Map();
  /** @type {Map<string, Promise<Grant>>} */
  #pending = new Map();
  /** @type {Map<string, Pick<Response, "status" | "headers">>} */
  #responses = new Map();
  /** Access key ids of the last grants that were refused. @type {Map<string, string>} */
  #refused = new Map();
  #session;
  #clock;

  /**
   * @param {Session} session
   * @param {Clock} clock
   */
  constructor(session, clock) {
    this.#session = session;
    this.#clock = clock;
  }

  /** @param {string} name of a function */
  cached(name) {
    return this.#grants.get(name);
  }

  /**
   * One that is good for a call now. Renewed at the time of a call, never by a timer.
   *
   * @param {string} name
   */
  async get(name) {
    const cached = this.#grants.get(name);
    const need = cached?.refreshNeed(this.#clock.now()) ?? "mandatory";
    if (cached === undefined || need === "mandatory") return this.#renew(name);
    // The one cached is still good. Who finds it expired gets the failure.
    if (need === "advisory") this.#renew(name).catch(() => {});
    return cached;
  }

  /**
   * Record how a call ended. A grant that was refused is dropped, unless another has taken
   * its place meanwhile.
   *
   * @param {string} name
   * @param {Grant} grant
   * @param {Pick<Response, "status" | "headers">} [answer]
   */
  record(name, grant, answer) {
    const { status = 403, headers = new Headers() } = answer ?? {};
    if (status === 403) {
      this.#refused.set(name, grant.accessKeyId);
      if (this.#grants.get(name) === grant) this.#grants.delete(name);
    }
    if (status === 403 || status === 429) this.#responses.delete(name);
    else this.#responses.set(name, { status, headers });
  }

  /** @param {string} name of a function, which gave the answer if the last call reached it */
  lastResponse(name) {
    return this.#responses.get(name);
  }

  /** @param {string} name */
  #renew(name) {
    const pending =
      this.#pending.get(name) ?? this.#request(name).finally(() => this.#pending.delete(name));
    this.#pending.set(name, pending);
    return pending;
  }

  /** @param {string} name */
  async #request(name) {
    const body = JSON.stringify({ FunctionName: name, RefusedAccessKeyId: this.#refused.get(name) });
    const headers = { "Content-Type": "application/json" };
    const [answer, signer] = await Promise.all([
      this.#session.request("grant", { method: "POST", headers, body }),
      importSigner(),
    ]);
    requireMembers(answer, GRANT);
    const times = [answer.Expiration, answer.ServerTime].map(Date.parse);
    if (times.some(Number.isNaN)) throw new UnreachableError("broker", new TypeError("No time"));
    this.#clock.synchronise(answer.ServerTime);
    const grant = new Grant(answer, this.#clock.now(), signer);
    this.#grants.set(name, grant);
    return grant;
  }
}
