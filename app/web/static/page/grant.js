import { AwsClient } from "./vendor/aws4fetch-1.0.20.mjs";

/** Leave to call one function for a while. Times are the broker's, in milliseconds. */
export class Grant {
  #aws;
  #lifeMs;

  /**
   * @param {Record<string, string>} answer of `POST /grant`
   * @param {number} now
   */
  constructor(answer, now) {
    this.url = answer.FuncUrl;
    this.expiresAt = Date.parse(answer.Expiration);
    // From today: the broker may lend out a session a second time.
    this.#lifeMs = this.expiresAt - now;
    this.#aws = new AwsClient({
      accessKeyId: answer.AccessKeyId,
      secretAccessKey: answer.SecretAccessKey,
      sessionToken: answer.SessionToken,
      region: answer.Region,
      service: "lambda",
      // We only let it sign. Its own fetch would start a failed job eleven times.
      retries: 0,
    });
  }

  /** @param {number} now */
  isSpent(now) {
    // It may end before a call that starts now has arrived.
    return this.expiresAt - now < Math.min(this.#lifeMs / 20, 30_000);
  }

  /** @param {number} now */
  isWaning(now) {
    return this.expiresAt - now < Math.min(this.#lifeMs / 5, 300_000);
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

/** The grants of one person: one for each function, one question at a time. */
export class Keyring {
  /** @type {Map<string, Grant>} */
  #grants = new Map();
  /** @type {Map<string, Promise<Grant>>} */
  #asked = new Map();
  /** @type {Map<string, Pick<Response, "status" | "headers">>} */
  #answers = new Map();
  #session;
  #clock;

  /**
   * @param {import("./session.js").Session} session
   * @param {import("./line.js").Clock} clock
   */
  constructor(session, clock) {
    this.#session = session;
    this.#clock = clock;
  }

  /** @param {string} name of a function */
  held(name) {
    return this.#grants.get(name);
  }

  /**
   * One that is good for a call now. Renewed at the time of a call, never by a timer.
   *
   * @param {string} name
   */
  async lend(name) {
    const held = this.#grants.get(name);
    const now = this.#clock.now();
    if (held === undefined || held.isSpent(now)) return this.#renew(name);
    // The one held is still good. Whoever finds it spent hears of the failure.
    if (held.isWaning(now)) this.#renew(name).catch(() => {});
    return held;
  }

  /**
   * Hear what came of a call. A key that opened nothing is forgotten, unless another took
   * its place meanwhile.
   *
   * @param {string} name
   * @param {Grant} grant
   * @param {Response} [answer]
   */
  heard(name, grant, answer) {
    const { status = 403, headers = new Headers() } = answer ?? {};
    if (status === 403 && this.#grants.get(name) === grant) this.#grants.delete(name);
    if (status === 403 || status === 429) this.#answers.delete(name);
    else this.#answers.set(name, { status, headers });
  }

  /** @param {string} name of a function, which gave the answer if the last call reached it */
  lastAnswer(name) {
    return this.#answers.get(name);
  }

  /** @param {string} name */
  #renew(name) {
    const asked =
      this.#asked.get(name) ?? this.#borrow(name).finally(() => this.#asked.delete(name));
    this.#asked.set(name, asked);
    return asked;
  }

  /** @param {string} name */
  async #borrow(name) {
    const body = JSON.stringify({ FunctionName: name });
    const headers = { "Content-Type": "application/json" };
    const answer = await this.#session.ask("grant", { method: "POST", headers, body });
    this.#clock.hear(answer.ServerTime);
    const grant = new Grant(answer, this.#clock.now());
    this.#grants.set(name, grant);
    return grant;
  }
}
