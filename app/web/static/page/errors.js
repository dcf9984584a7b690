/** What can go wrong between a page, the broker and a function. */

/**
 * Problem details, RFC 9457 section 3.1.
 *
 * @typedef {object} Problem
 * @property {string} [type]
 * @property {string} [title]
 * @property {string} [detail]
 * @property {string} [request_id]
 * @property {{pointer?: string, detail: string}[]} [errors]
 */

/** The broker refused, or failed, and said so. */
export class BrokerError extends Error {
  name = "BrokerError";

  /**
   * @param {number} status of the answer, as HTTP counts
   * @param {Problem} problem
   * @param {number | null} [retryAfter] seconds, where the broker named them
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
    const described = answer.headers.get("Content-Type")?.startsWith("application/problem+json");
    const problem = described ? await answer.json().catch(() => null) : null;
    // RFC 9110 section 10.2.3 also allows a date, which the broker never sends.
    const seconds = Number.parseInt(answer.headers.get("Retry-After") ?? "", 10);
    return new BrokerError(answer.status, problem ?? {}, Number.isNaN(seconds) ? null : seconds);
  }
}

/** No answer came. The browser does not say why: the network, CORS, a blocker. */
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

/** What was asked of a function would have left its address with the key. */
export class AddressError extends Error {
  name = "AddressError";
}
