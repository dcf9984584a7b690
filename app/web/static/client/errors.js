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
    super(problem.detail ?? problem.title ?? `The broker answered ${status}`);
    this.status = status;
    this.type = problem.type ?? "about:blank";
    this.title = problem.title ?? `The broker answered ${status}`;
    this.detail = problem.detail ?? null;
    this.requestId = problem.request_id ?? null;
    this.errors = problem.errors ?? [];
    this.retryAfter = retryAfter;
  }

  /** @param {Response} answer */
  static async of(answer) {
    // Token endpoints answer in OAuth2's plain JSON (RFC 6749, section 5.2).
    const described = /^application\/(problem\+)?json\b/.test(answer.headers.get("Content-Type") ?? "");
    const problem = described ? await answer.json().catch(() => null) : null;
    // RFC 9110 section 10.2.3 also allows a date, which the broker never sends.
    const seconds = Number.parseInt(answer.headers.get("Retry-After") ?? "", 10);
    return new BrokerError(answer.status, problem ?? {}, Number.isNaN(seconds) ? null : seconds);
  }
}

export class LoginEndedError extends BrokerError {
  name = "LoginEndedError";

  /** @param {BrokerError} refusal */
  constructor(refusal) {
    const type = "urn:aikagi:problem:login-ended";
    super(401, { type, title: "The login has ended", request_id: refusal.requestId ?? undefined });
    this.cause = refusal;
  }
}

export class FunctionError extends Error {
  name = "FunctionError";

  /**
   * @param {Pick<Response, "status" | "headers">} answer
   * @param {string} text of its body, or the beginning of it
   */
  constructor(answer, text) {
    super(ownWords(text) ?? `The function answered ${answer.status}`);
    this.status = answer.status;
    this.text = text;
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
   * @param {"broker" | "function"} what
   * @param {unknown} cause
   */
  constructor(what, cause) {
    super(`The ${what} could not be reached`, { cause });
    this.what = what;
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
