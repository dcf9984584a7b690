/** Why calls of a function fail: one check after another, until one explains it. */
import { addressOf, preparedInit } from "./call.js";
import { BrokerError, LoginEndedError, UnreachableError } from "./errors.js";
import { requireList } from "./session.js";

/**
 * @typedef {import("./aikagi.d.ts").Diagnosis} Diagnosis
 * @typedef {Diagnosis["cause"]} Cause
 * @typedef {Diagnosis["checks"][number]} Check
 */

/** Further from AWS's clock a signature is refused. */
const SKEW_MS = 300_000;
/** For one answer of a function. */
const ANSWER_TIMEOUT_MS = 10_000;

const LATER = "Try again in a moment.";
const ASK = "Ask whoever runs the broker.";
const TELL = "Tell its author.";

/** @type {Record<Cause, [title: string, advice: string]>} */
const EXPLANATIONS = {
  none: ["Nothing is wrong", "Call it again."],
  "login-ended": ["The login has ended", "Sign in again."],
  "access-ended": ["Your access was ended", `Sign in again. ${ASK}`],
  "broker-unreachable": ["The broker cannot be reached", "Check the connection."],
  "broker-failed": ["The broker cannot lend a key", LATER],
  "not-yours": ["This function is not in your reach", ASK],
  clock: ["A clock is wrong", "The checks name it."],
  signature: ["AWS finds the signature wrong", `Something changes requests on their way. ${ASK}`],
  expired: ["AWS calls the key expired", "Call again, with a new one."],
  permission: ["AWS does not permit the call", `The role lent lacks a permission. ${ASK}`],
  refused: ["AWS refuses the call", ASK],
  cors: ["The function does not admit this page", `Its CORS settings lack something. ${ASK}`],
  "cors-doubled": [
    "The browser blocks what the function answers",
    `It sends Access-Control-Allow-Origin itself, so that it is there twice, or breaks off. ${TELL}`,
  ],
  "auth-type": ["The function answers anybody", `Its AuthType must be AWS_IAM. ${ASK}`],
  unreachable: ["Nothing answers at the function's address", "Check the connection."],
  throttled: ["The function is busy, or switched off", LATER],
  "function-failed": ["The function itself fails", TELL],
};

/** Lambda's names for its refusals. @type {Record<string, Cause>} */
const REFUSALS = {
  AccessDeniedException: "permission",
  ExpiredTokenException: "expired",
  IncompleteSignatureException: "signature",
};

/** What Lambda answers whoever signs nothing. */
const UNSIGNED_REFUSED = [401, 403, 429];

/**
 * Tell refusals of Lambda's apart. A function's own answer below 500 is none.
 *
 * @param {number} status
 * @param {string | null} errorType
 * @param {string} text
 * @returns {Cause}
 */
export function classifyRefusal(status, errorType, text) {
  const [kind] = (errorType ?? "").split(":");
  if (kind && status === 429) return "throttled";
  if (status >= 500) return "function-failed";
  if (!kind || status !== 403) return "none";
  if (kind !== "InvalidSignatureException") return REFUSALS[kind] ?? "refused";
  return /expired|not yet current/.test(text) ? "clock" : "signature";
}

/**
 * @param {Check[]} checks
 * @returns {Diagnosis}
 */
export function diagnosisOf(checks) {
  const faults = checks.filter(({ ok }) => ok === false);
  // This machine's clock stops no call: they are signed by the broker's.
  const fault = faults.find(({ check }) => check !== "clock") ?? faults[0];
  const cause = fault?.cause ?? "none";
  const [title, advice] = EXPLANATIONS[cause];
  return { cause, title, advice, checks };
}

/**
 * An answer and the beginning of its text, or why there is none: the browser blocked it or
 * the connection broke, which it does not tell apart, or it is late.
 *
 * @typedef {{status: number, headers: Headers, text: string}} Read
 * @typedef {Read | "blocked" | "late"} Answer
 */

/** Checks of one function, from the broker to the answer. */
export class Checks {
  /** @type {Check[]} */
  #checks = [];
  #transport;
  #fetch;
  #clock;
  /** Between the broker's clock and this machine's; null until an answer has named it. */
  #offsetMs = /** @type {number | null} */ (null);

  /**
   * @param {import("./session.js").Transport} transport
   * @param {typeof globalThis.fetch} fetch
   * @param {import("./session.js").Clock} clock
   */
  constructor(transport, fetch, clock) {
    this.#transport = transport;
    this.#fetch = fetch;
    this.#clock = clock;
  }

  /**
   * @param {import("./session.js").Session | null} session
   * @param {string} name
   * @returns {Promise<Check[]>}
   */
  async run(session, name) {
    const isThere = (await this.#checkBroker()) && (await this.#checkLogin(session, name));
    if (isThere && session && (await this.#checkCatalogue(session, name))) {
      const grant = await this.#checkGrant(session, name);
      if (grant) await this.#checkFunction(session.grants, name, grant);
    }
    return this.#checks;
  }

  async #checkBroker() {
    let date;
    try {
      date = await this.#transport.date("healthz");
    } catch (error) {
      // A gateway before a broker may be out of order. Any other refusal is none of a broker's.
      const isGateways = error instanceof BrokerError && /401|429|5../.test(String(error.status));
      const cause = isGateways ? "broker-failed" : "broker-unreachable";
      return this.#fault("broker", cause, String(error));
    }
    this.#good("broker", "It answers");
    const local = this.#clock.local();
    this.#offsetMs = date === null ? null : date - local;
    this.#compareClocks("clock", "This computer's clock", local, date, "the broker's");
    return true;
  }

  /** @param {import("./session.js").Session | null} session @param {string} name */
  async #checkLogin(session, name) {
    if (session === null) return this.#fault("login", "login-ended", "Nobody is logged in");
    try {
      const { session_name } = await session.request("auth/me");
      return this.#good("login", `You are ${session_name}`, { name: session_name });
    } catch (error) {
      const cause = causeOf(error);
      const isEnded = cause === "login-ended" && (await this.#isHeldRefused(session.grants, name));
      return this.#fault("login", isEnded ? "access-ended" : cause, String(error));
    }
  }

  /**
   * Whether Lambda refuses credentials that are still good. They outlive the login, unless
   * somebody has ended both.
   *
   * @param {import("./session.js").GrantCache} grants
   * @param {string} name
   */
  async #isHeldRefused(grants, name) {
    const grant = grants.cached(name);
    if (!grant || grant.expiresAt <= this.#clock.now()) return false;
    const init = await preparedInit("GET", {});
    const request = await grant.sign(addressOf("/", grant.url), init, this.#clock.now());
    const answer = await this.#answer(request);
    if (typeof answer === "string") return false;
    const { status, headers, text } = answer;
    return classifyRefusal(status, headers.get("x-amzn-errortype"), text) === "permission";
  }

  /** @param {import("./session.js").Session} session @param {string} name */
  async #checkCatalogue(session, name) {
    try {
      const entries = requireList(await session.request("functions"), "Functions");
      if (entries.some((entry) => entry?.Name === name)) {
        return this.#good("catalogue", `${name} is yours`, { name });
      }
      return this.#fault("catalogue", "not-yours", `${name} is not among yours`, { name });
    } catch (error) {
      return this.#fault("catalogue", causeOf(error), String(error));
    }
  }

  /** @param {import("./session.js").Session} session @param {string} name */
  async #checkGrant(session, name) {
    try {
      const grant = await session.grants.get(name);
      const until = new Date(grant.expiresAt).toISOString();
      this.#good("grant", `A key until ${until}`, { until });
      return grant;
    } catch (error) {
      const isRefused = error instanceof BrokerError && [403, 404].includes(error.status);
      this.#fault("grant", isRefused ? "not-yours" : causeOf(error), String(error));
      return null;
    }
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
    const unsigned = await this.#checkUnsigned(url);
    if (unsigned === null) return;
    const last = grants.lastResponse(name);
    const get = await grant.sign(url, await preparedInit("GET", {}), this.#clock.now());
    const signed = last ? { ...last, text: "" } : await this.#answer(get);
    if (!last) grants.record(name, grant, typeof signed === "string" ? undefined : signed);
    this.#checkAwsClock([unsigned, signed]);
    const isAdmitted =
      typeof unsigned === "string" || last ? null : await this.#admitsCalls(url, grant);
    this.#checkCors(signed, isAdmitted);
    const isNamed = typeof unsigned !== "string" && unsigned.headers.has("x-amzn-errortype");
    this.#checkAnswer(signed, last ? "The last call got" : "A signed GET gets", isNamed);
  }

  /** @param {URL} url @returns {Promise<Answer | null>} null where it explains enough */
  async #checkUnsigned(url) {
    const bare = await preparedInit("GET", {});
    const unsigned = await this.#answer(new Request(url, bare));
    const facts = { address: url.origin };
    if (typeof unsigned === "string") {
      // The browser does not say why. Without CORS it tells at least whether somebody is there.
      const blind = new Request(url, { ...bare, mode: "no-cors", redirect: "follow" });
      if (typeof (await this.#answer(blind)) === "string") {
        this.#fault("url", "unreachable", `No answer from ${url.origin}`, facts);
        return null;
      }
      this.#good("url", `${url.origin} answers`, facts);
      this.#unknown("protection", "The answer is not for this page to read");
      return unsigned;
    }
    this.#good("url", `${url.origin} answers`, facts);
    const { status } = unsigned;
    if (UNSIGNED_REFUSED.includes(status)) {
      this.#good("protection", `Unsigned it is refused, ${status}`, { status });
      return unsigned;
    }
    this.#fault("protection", "auth-type", `Unsigned it answers ${status}`, { status });
    return null;
  }

  /** @param {Answer[]} answers */
  #checkAwsClock(answers) {
    const read = answers.flatMap((answer) => (typeof answer === "string" ? [] : [answer]));
    const dates = read.map(({ headers }) => Date.parse(headers.get("date") ?? ""));
    const date = dates.find((time) => !Number.isNaN(time)) ?? null;
    const now = this.#offsetMs === null ? this.#clock.now() : this.#clock.local() + this.#offsetMs;
    this.#compareClocks("aws-clock", "AWS's clock", date, now, "the broker's");
  }

  /**
   * Whether the settings let this page send a signed POST. This one's signature is spoilt:
   * Lambda refuses it by itself, and its refusals have the headers of the settings alone.
   *
   * @param {URL} url
   * @param {import("./session.js").Grant} grant
   */
  async #admitsCalls(url, grant) {
    const headers = { "Content-Type": "application/json" };
    const init = await preparedInit("POST", { headers, body: "{}" });
    const request = await grant.sign(url, init, this.#clock.now());
    const signature = request.headers.get("Authorization") ?? "";
    request.headers.set("Authorization", signature.replace(/[0-9a-f]{64}$/, "0".repeat(64)));
    return typeof (await this.#answer(request)) !== "string";
  }

  /**
   * What a browser blocks it does not show. So it is found by elimination: where Lambda's
   * refusals can be read and the function's answer cannot, the function adds to it.
   *
   * @param {Answer} signed
   * @param {boolean | null} isAdmitted null where it was not tried
   */
  #checkCors(signed, isAdmitted) {
    if (isAdmitted === false || (isAdmitted === null && signed === "blocked")) {
      return this.#fault("cors", "cors", "The answers are not for this page to read");
    }
    if (signed !== "blocked") return this.#good("cors", "This page is let in");
    return this.#fault("cors", "cors-doubled", "Lambda's refusals can be read, not the answer");
  }

  /** @param {Answer} answer @param {string} what @param {boolean} isNamed refusals are, to this page */
  #checkAnswer(answer, what, isNamed) {
    if (answer === "blocked") return this.#unknown("call", "The browser does not show the answer");
    if (answer === "late") return this.#fault("call", "unreachable", "No answer in time");
    const { status, headers, text } = answer;
    const errorType = headers.get("x-amzn-errortype");
    const facts = { status: `${status} ${errorType ?? ""}`.trim() };
    const detail = `${what} ${facts.status}`;
    const cause = classifyRefusal(status, errorType, text);
    if (cause !== "none") return this.#fault("call", cause, detail, facts);
    // The settings may keep Lambda's names from the page.
    if (!isNamed && status === 403) return this.#fault("call", "refused", detail, facts);
    if (!isNamed && status === 429) return this.#fault("call", "throttled", detail, facts);
    return this.#good("call", detail, facts);
  }

  /**
   * @param {Check["check"]} check
   * @param {string} which
   * @param {number | null} shown
   * @param {number | null} against
   * @param {string} whose
   */
  #compareClocks(check, which, shown, against, whose) {
    if (shown === null || against === null) return this.#unknown(check, "A time is not known");
    const ms = shown - against;
    const minutes = Math.round(Math.abs(ms) / 60_000);
    const side = ms < 0 ? "behind" : "ahead";
    const apart = minutes === 0 ? "agrees with" : `is ${minutes} min ${ms < 0 ? side : "ahead of"}`;
    const detail = `${which} ${apart} ${whose}`;
    if (Math.abs(ms) < SKEW_MS) return this.#good(check, detail);
    return this.#fault(check, "clock", detail, { minutes, side });
  }

  /** @param {Request} request @returns {Promise<Answer>} */
  async #answer(request) {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    try {
      const answer = await this.#fetch(request, { signal });
      const { status, headers } = answer;
      // Of Lambda's refusals, which are short. A function may have much to say.
      const text = status === 403 ? await answer.text() : "";
      answer.body?.cancel().catch(() => {});
      return { status, headers, text };
    } catch {
      return signal.aborted ? "late" : "blocked";
    }
  }

  /** @param {Check["check"]} check @param {string} detail @param {Check["facts"]} [facts] */
  #good(check, detail, facts = {}) {
    this.#checks.push({ check, ok: true, cause: "none", detail, facts });
    return true;
  }

  /** @param {Check["check"]} check @param {string} detail */
  #unknown(check, detail) {
    this.#checks.push({ check, ok: null, cause: "none", detail, facts: {} });
    return true;
  }

  /** @param {Check["check"]} check @param {Cause} cause @param {string} detail @param {Check["facts"]} [facts] */
  #fault(check, cause, detail, facts = {}) {
    this.#checks.push({ check, ok: false, cause, detail, facts });
    return false;
  }
}

/** @param {unknown} error of the broker's @returns {Cause} */
function causeOf(error) {
  if (error instanceof UnreachableError) return "broker-unreachable";
  const isRefused = error instanceof BrokerError && error.status === 401;
  return isRefused || error instanceof LoginEndedError ? "login-ended" : "broker-failed";
}
