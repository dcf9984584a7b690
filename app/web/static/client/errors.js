/** What can go wrong between a page, the broker and a function: see `aikagi.d.ts`. */

/** @typedef {import("./aikagi.d.ts").Problem} Problem */

export class BrokerError extends Error {
  name = "BrokerError";

  /**
   * @param {number} status
   * @param {Problem} problem
   * @param {number | null} [retryAfter] seconds
   */
  constructor(status, problem, retryAfter = null) {
    const given = strings(problem);
    // RFC 6749, section 5.2, where a token endpoint is no broker's.
    const title = given.title || given.error_description || `The broker answered ${status}`;
    const errors = Array.isArray(problem.errors) ? problem.errors : [];
    super([title, given.detail, fieldErrors(errors)].filter(Boolean).join(": "));
    this.status = status;
    this.type = given.type ?? "about:blank";
    this.title = title;
    this.detail = given.detail ?? null;
    this.requestId = given.request_id ?? null;
    this.errors = errors;
    this.retryAfter = retryAfter;
  }

  /**
   * @param {Response} answer
   * @returns {Promise<BrokerError | UnreachableError>} the latter where what answers is none
   */
  static async of(answer) {
    const { status, headers } = answer;
    const type = headers.get("Content-Type") ?? "";
    const described = /^application\/(problem\+)?json\b/i.test(type);
    const problem = Object((described ? await answer.json().catch(() => null) : null) ?? {});
    const isProblem = type.includes("problem") || "title" in problem || "error" in problem;
    // A gateway before a broker has answers of its own for these.
    if (!isProblem && status < 500 && status !== 401 && status !== 429) {
      return new UnreachableError("broker", new TypeError(`What answers there (${status}) is none`));
    }
    // RFC 9110, section 10.2.3, also allows a date, which no broker sends.
    const [seconds] = /^[0-9]{1,9}$/.exec(headers.get("Retry-After") ?? "") ?? [];
    return new BrokerError(status, problem, seconds === undefined ? null : Number(seconds));
  }
}

const MOST_FIELD_ERRORS = 20; // as many as a broker lists

/**
 * @param {any[]} errors of a problem
 * @returns {string} what is wrong with which field
 */
function fieldErrors(errors) {
  return errors
    .slice(0, MOST_FIELD_ERRORS)
    .map((error) => strings(Object(error)))
    .filter(({ pointer, detail }) => pointer !== undefined && detail !== undefined)
    .map(({ pointer, detail }) => [pointer.replace(/^[#/]+/, ""), detail].filter(Boolean).join(": "))
    .join("; ");
}

/**
 * @param {object} members
 * @returns {Record<string, string>} those that are strings
 */
function strings(members) {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => typeof value === "string"));
}

export class LoginEndedError extends BrokerError {
  name = "LoginEndedError";

  /**
   * @param {BrokerError | null} [refusal]
   * @param {string} [title]
   * @param {boolean} [accessEnded] whether a function refused what was still good
   */
  constructor(refusal, title = "The login has ended", accessEnded = false) {
    const type = "urn:aikagi:problem:login-ended";
    super(401, { type, title, request_id: refusal?.requestId ?? undefined });
    this.cause = refusal;
    this.accessEnded = accessEnded;
  }
}

export class FunctionError extends Error {
  name = "FunctionError";

  /**
   * @param {Pick<Response, "status" | "headers">} answer
   * @param {string} text of its body, or the beginning of it
   * @param {Blob | null} [body] the bytes that the text was read from
   * @param {boolean} [isTruncated] whether more was sent, or should have come
   */
  constructor(answer, text, body = null, isTruncated = false) {
    super(ownWords(text) ?? `The function answered ${answer.status}`);
    this.status = answer.status;
    this.text = text;
    this.body = body;
    this.isTruncated = isTruncated;
    this.requestId = answer.headers.get("x-amzn-requestid");
    this.errorType = answer.headers.get("x-amzn-errortype");
  }
}

/** @param {string} text */
function ownWords(text) {
  try {
    const { message, Message } = JSON.parse(text);
    const words = message ?? Message;
    return typeof words === "string" ? words.slice(0, 500) : null;
  } catch {
    return null;
  }
}

export class UnreachableError extends Error {
  name = "UnreachableError";

  /**
   * @param {"broker" | "function" | "issuer"} what
   * @param {unknown} cause
   */
  constructor(what, cause) {
    super(`The ${what} could not be reached`, { cause });
    this.what = what;
  }
}

export class IssuerError extends Error {
  name = "IssuerError";

  /**
   * @param {string} error
   * @param {string} [description]
   */
  constructor(error, description = "") {
    super(description || error);
    this.error = error;
  }
}

export class AddressError extends Error {
  name = "AddressError";
}

export class MalformedError extends Error {
  name = "MalformedError";
}

export class EndedEarlyError extends Error {
  name = "EndedEarlyError";

  /**
   * @param {number} events
   * @param {unknown} [cause]
   */
  constructor(events, cause) {
    super("The answer ended before its last event", { cause });
    this.events = events;
  }
}

export class TaskError extends Error {
  name = "TaskError";

  /**
   * @param {string} code
   * @param {string} message
   */
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}
