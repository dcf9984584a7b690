/** Why calls of a function fail, found out without starting its work. */
import { BrokerError, UnreachableError } from "./errors.js";
import { addressOf, settled } from "./request.js";

/** @typedef {import("./aikagi.d.ts").Diagnosis} Diagnosis */
/** @typedef {Diagnosis["cause"]} Cause */
/** @typedef {Diagnosis["checks"][number]["check"]} Check */

/** Further from AWS's clock a signature is refused. */
const SKEW_MS = 300_000;
/** For one answer of a function's. */
const PATIENCE_MS = 10_000;

const LATER = "Try again in a moment.";
const ASK = "Ask whoever runs the broker.";

/** @type {Record<Cause, [title: string, advice: string]>} */
const WORDS = {
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

/** One function, looked at from the login to the answer, until something is wrong. */
export class Examination {
  /** @type {Diagnosis["checks"]} */
  #checks = [];
  #fetch;
  #clock;

  /** @param {typeof globalThis.fetch} fetch @param {import("./line.js").Clock} clock */
  constructor(fetch, clock) {
    this.#fetch = fetch;
    this.#clock = clock;
  }

  /**
   * @param {import("./session.js").Session | null} session
   * @param {string} name
   * @returns {Promise<Diagnosis>}
   */
  async of(session, name) {
    const cause = session ? await this.#cause(session, name) : this.#ended();
    const [title, advice] = WORDS[cause];
    return { cause, title, advice, checks: this.#checks };
  }

  #ended() {
    return this.#noted("login", "Nobody is logged in", "login-ended");
  }

  /** @param {import("./session.js").Session} session @param {string} name */
  async #cause(session, name) {
    let grant;
    try {
      const me = await session.ask("auth/me");
      this.#noted("login", `You are ${me.session_name}`);
      grant = await session.keys.lend(name);
    } catch (error) {
      return this.#noted(this.#checks.length > 0 ? "grant" : "login", String(error), causeOf(error));
    }
    this.#noted("grant", `A key until ${new Date(grant.expiresAt).toISOString()}`);
    const isRight = this.#showsTime("This computer's clock", this.#clock.local());
    const cause = await this.#reach(session.keys, name, grant);
    // It stops no call: they are signed by the broker's clock.
    return cause === "none" && !isRight ? "clock" : cause;
  }

  /**
   * Lambda refuses what is unsigned by itself. What is signed may be let in, so it is only
   * sent where nothing else can tell, and as what asks for no work (RFC 9110, section 9.2.1).
   *
   * @param {import("./grant.js").Keyring} keys
   * @param {string} name
   * @param {import("./grant.js").Grant} grant
   */
  async #reach(keys, name, grant) {
    const url = addressOf("/", grant.url);
    const bare = await settled("GET", {});
    const unsigned = await this.#answer(new Request(url, bare));
    if (unsigned && ![401, 403, 429].includes(unsigned.status)) {
      return this.#noted("protection", `Unsigned it answers ${unsigned.status}`, "auth-type");
    }
    if (unsigned) this.#noted("protection", `Unsigned it is refused, ${unsigned.status}`);
    const last = keys.lastAnswer(name);
    if (last) return this.#judged(last, "The last call got");
    const signed = await this.#answer(await grant.sign(url, bare, this.#clock.now()));
    keys.heard(name, grant, signed);
    if (signed) return this.#judged(signed, "A signed GET gets");
    // The browser does not say why. Without CORS it tells at least whether somebody is there.
    const blind = new Request(url, { ...bare, mode: "no-cors", redirect: "follow" });
    if (unsigned || (await this.#answer(blind))) {
      return this.#noted("call", "The answer is not for this page to read", "cors");
    }
    return this.#noted("call", `No answer from ${url.origin}`, "unreachable");
  }

  /** @param {Pick<Response, "status" | "headers">} answer @param {string} what */
  #judged({ status, headers }, what) {
    const refusal = headers.get("x-amzn-errortype") ?? "";
    const detail = `${what} ${status} ${refusal}`.trim();
    if (status === 429) return this.#noted("call", detail, "throttled");
    if (status >= 500) return this.#noted("call", detail, "function-failed");
    if (status !== 403) return this.#noted("call", detail);
    const date = headers.get("date");
    const isRight = date === null || this.#showsTime("AWS's clock", Date.parse(date));
    const cause = REFUSALS.find(([pattern]) => pattern.test(refusal))?.[1] ?? "refused";
    return this.#noted("call", detail, isRight ? cause : "clock");
  }

  /** @param {string} which @param {number} time by it, now */
  #showsTime(which, time) {
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
      const answer = await this.#fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
      answer.body?.cancel();
      return answer;
    } catch {
      return undefined;
    }
  }

  /** @param {Check} check @param {string} detail @param {Cause} [cause] */
  #noted(check, detail, cause = "none") {
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
