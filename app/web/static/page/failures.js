/** What to say about a failure, and what to do next. */
import { AddressError, BrokerError, UnreachableError } from "./aikagi.js";

/**
 * @typedef {object} Explanation
 * @property {string} title
 * @property {string} advice
 * @property {string} [reference] for whoever runs the broker
 */

/**
 * @param {unknown} error
 * @returns {Explanation}
 */
export function explain(error) {
  if (error instanceof BrokerError) return explainBroker(error);
  if (error instanceof UnreachableError && error.what === "broker") {
    return {
      title: "The broker cannot be reached.",
      advice: "Check your connection, then try again.",
    };
  }
  if (error instanceof UnreachableError) {
    return {
      title: "No answer came from the function.",
      advice:
        "The connection broke, or the function does not admit this page (its CORS settings). " +
        "It may have run all the same: look before you run it again.",
    };
  }
  if (error instanceof AddressError) {
    return { title: "The call was stopped.", advice: `${error.message}.` };
  }
  return {
    title: "This page failed.",
    advice: `Reload it and try again. It says: ${error instanceof Error ? error.message : error}`,
  };
}

/**
 * @param {BrokerError} error
 * @returns {Explanation}
 */
function explainBroker(error) {
  const reference = error.requestId ? `Request ${error.requestId}` : undefined;
  const later = error.retryAfter ? `Try again in ${error.retryAfter} s.` : "Try again in a moment.";
  switch (error.status) {
    case 429:
      return { title: "Too many attempts.", advice: later, reference };
    case 503:
      return { title: "The broker cannot do this right now.", advice: later, reference };
    case 403:
    case 404:
      return {
        title: "This function is no longer in your reach.",
        advice:
          "Sign out and in again to see what is. " +
          "If it should be there, ask whoever runs this broker.",
        reference,
      };
    default:
      return {
        title: `${error.title}.`,
        advice: error.detail ?? "If it happens again, tell whoever runs this broker.",
        reference,
      };
  }
}

/**
 * @param {number} status that a function answered with, 400 or more
 * @returns {Explanation}
 */
export function explainStatus(status) {
  const title = `The function answered ${status}.`;
  switch (status) {
    case 400:
    case 422:
      return { title, advice: "It does not accept this request. What it says is below." };
    case 403:
      return {
        title: "The function refused the call.",
        advice:
          "Your access may have been withdrawn. Run it once more; if that is refused too, " +
          "ask whoever runs this broker.",
      };
    case 404:
    case 405:
      return { title, advice: "It knows no such path or method. Check both." };
    case 413:
      return { title, advice: "The body is too large for it. Send less." };
    case 429:
      return {
        title: "The function is busy.",
        advice: "All its places are taken. Try again in a moment.",
      };
    default:
      if (status < 500) return { title, advice: "What it says is below." };
      return {
        title: "The function failed.",
        advice:
          `It answered ${status}. Run it again, or tell its author, ` +
          "with the request named in the details below.",
      };
  }
}
