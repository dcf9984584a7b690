import { BrokerError, LoginEndedError } from "./errors.js";
import { Keyring } from "./grant.js";
import { machineTime } from "./line.js";

/**
 * What the token endpoints answer; older brokers know no refresh tokens. Lives in seconds.
 *
 * @typedef {{access_token: string, expires_in?: number, refresh_token?: string}} Tokens
 */

/**
 * How long the broker has for a first answer to a refresh token. Within ten seconds of
 * spending one it answers a second question with the same successor; later, that would be
 * a thief's question, and end the login.
 */
const REFRESH_PATIENCE_MS = 8_000;

const LOGIN_ENDED = "urn:aikagi:problem:login-ended";

/** Somebody who is logged in. Replaced whole, so that a late answer finds no heir. */
export class Session {
  #line;
  #clock;
  /** @type {Tokens} */
  #tokens = { access_token: "" };
  #wanesAt = Infinity;
  #endsAt = Infinity;
  /** @type {Promise<string> | null} */
  #renewing = null;

  /**
   * @param {import("./line.js").Line} line
   * @param {import("./line.js").Clock} clock
   * @param {Tokens} tokens
   * @param {number} asked when they were asked for, by the local clock
   */
  constructor(line, clock, tokens, asked) {
    this.#line = line;
    this.#clock = clock;
    this.#take(tokens, asked);
    this.keys = new Keyring(this, clock);
  }

  /**
   * Ask the broker as this person.
   *
   * @param {string} path
   * @param {RequestInit} [init]
   * @returns {Promise<any>}
   */
  async ask(path, init = {}) {
    const token = await this.#bearer();
    try {
      return await this.#line.ask(path, init, { token });
    } catch (error) {
      if (!isRefusal(error)) throw error;
      if (!this.#tokens.refresh_token) throw new LoginEndedError(error);
    }
    // Whoever else was refused may have renewed it by now.
    const isOld = token === this.#tokens.access_token;
    const next = isOld ? await this.#renew() : this.#tokens.access_token;
    try {
      // Refused before anything was done: asking again repeats nothing.
      return await this.#line.ask(path, init, { token: next });
    } catch (error) {
      throw isRefusal(error) ? new LoginEndedError(error) : error;
    }
  }

  /** Renewed at the time of a question, never by a timer. */
  async #bearer() {
    const now = this.#clock.local();
    // Only the broker knows whether a token that cannot be renewed is spent.
    if (!this.#tokens.refresh_token) return this.#tokens.access_token;
    if (now >= this.#endsAt) return this.#renew();
    // The one held is still good. Whoever finds it spent hears of the failure.
    if (now >= this.#wanesAt) this.#renew().catch(() => {});
    return this.#tokens.access_token;
  }

  /** One renewal at a time, however many wait for it. */
  #renew() {
    this.#renewing ??= this.#refreshed().finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  async #refreshed() {
    const { refresh_token = "" } = this.#tokens;
    const body = new URLSearchParams({ grant_type: "refresh_token", refresh_token });
    const asked = this.#clock.local();
    try {
      this.#take(await this.#refresh(body), asked);
    } catch (error) {
      if (!hasEnded(error)) throw error;
      // The access token is good to its end; after it there is nothing left.
      this.#tokens = { ...this.#tokens, refresh_token: "" };
      throw new LoginEndedError(error);
    }
    return this.#tokens.access_token;
  }

  /** @param {URLSearchParams} body */
  async #refresh(body) {
    const init = { method: "POST", body };
    const began = machineTime();
    try {
      return await this.#line.ask("auth/refresh", init, { patienceMs: REFRESH_PATIENCE_MS });
    } catch (error) {
      const answered = error instanceof BrokerError && error.status < 500;
      if (answered || machineTime() - began > REFRESH_PATIENCE_MS + 1_000) throw error;
    }
    // The answer may have been lost on its way, and the token be spent.
    return await this.#line.ask("auth/refresh", init);
  }

  /**
   * @param {Tokens} tokens
   * @param {number} asked
   */
  #take(tokens, asked) {
    const lifeMs = (tokens.expires_in ?? Infinity) * 1000;
    this.#tokens = tokens;
    this.#wanesAt = asked + lifeMs * 0.8;
    this.#endsAt = asked + lifeMs;
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
