import { AwsClient } from "./vendor/aws4fetch-1.0.20.mjs";

/**
 * What `POST /grant` answers, without the members nobody reads here.
 *
 * @typedef {object} GrantAnswer
 * @property {string} FuncUrl
 * @property {string} Region
 * @property {string} AccessKeyId
 * @property {string} SecretAccessKey
 * @property {string} SessionToken
 * @property {string} Expiration RFC 3339, ending in Z
 * @property {string} ServerTime RFC 3339, ending in Z
 */

/** Leave to call one function for a while. Times are the broker's, in milliseconds. */
export class Grant {
  #aws;
  #lifeMs;

  /**
   * @param {GrantAnswer} answer
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

  /**
   * Whether it may end before a call that starts now has arrived.
   *
   * @param {number} now
   */
  isSpent(now) {
    return this.expiresAt - now < Math.min(this.#lifeMs / 20, 30_000);
  }

  /**
   * Whether it is time to ask for the next one.
   *
   * @param {number} now
   */
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
