/** Signing in through issuers. Imported where there are any, or one has led back here. */
import { BrokerError, IssuerError, UnreachableError } from "../client/aikagi.js";
import { element, isBusy, learn, list, messageElement, setBusy } from "./language.js";
import words from "./sign_in-words.js";

learn(words);

/**
 * @typedef {import("../client/aikagi.d.ts").Broker} Broker
 * @typedef {import("../client/aikagi.d.ts").Issuer} Issuer
 * @typedef {import("../client/aikagi.d.ts").SignIn} SignIn
 *
 * @typedef {object} Page
 * @property {() => Promise<void>} enter show what the person who has logged in may call
 * @property {string[]} interrupted titles of functions whose tasks went on without the page
 * @property {(notice?: string, values?: import("./language.js").Values) => void} showNotice
 */

/** In the tab's own storage: the name of the issuer that a reload asks again. */
const REMEMBERED = "aikagi-issuer";

/** Where `app.js` keeps what it has to tell the next page of the tab. */
const INTERRUPTED = "aikagi-interrupted";

/** What the page says of an error that is not its own. @type {Record<string, string>} */
const SAID = {
  access_denied: "issuer.denied",
  login_required: "issuer.login",
  interaction_required: "issuer.login",
  consent_required: "issuer.login",
  account_selection_required: "issuer.login",
  server_error: "issuer.busy",
  temporarily_unavailable: "issuer.busy",
  invalid_grant: "issuer.used",
  state: "issuer.used",
};

export class IssuerSignIn {
  #broker;
  #issuers;
  #page;
  /** Through whom somebody is signed in now. @type {Issuer | null} */
  #through = null;

  /**
   * @param {Broker} broker
   * @param {Issuer[] | null} issuers null where they cannot be listed
   * @param {Page} page
   */
  constructor(broker, issuers, page) {
    this.#broker = broker;
    this.#issuers = issuers;
    this.#page = page;
  }

  /** Offer them; and go on with what this tab has begun, or had before a reload. */
  async start() {
    this.#showButtons();
    window.addEventListener("pageshow", ({ persisted }) => {
      if (persisted) this.#comeBack();
    });
    if (this.#issuers === null) this.#page.showNotice("issuer.unlisted");
    const remembered = recall();
    if (await this.#complete()) return;
    const issuer = this.#issuers?.find(({ name }) => name === remembered);
    if (!issuer) return;
    // Nobody has read it yet.
    const { interrupted } = this.#page;
    if (interrupted.length > 0) sessionStorage.setItem(INTERRUPTED, JSON.stringify(interrupted));
    await this.#begin(issuer, true);
  }

  /** Somebody signs in otherwise, or out. */
  forget() {
    this.#through = null;
    remember(null);
    for (const id of ["elsewhere", "interrupted"]) element(id)?.remove();
  }

  /** Somebody leaves for good. Say what that does not end. */
  signOut() {
    const issuer = this.#through;
    this.forget();
    if (issuer) this.#showRest(issuer);
  }

  /** The page is left, by a reload maybe: the issuer is asked again then. */
  leave() {
    if (this.#through) this.#broker.signOut();
    this.#through = null;
  }

  /** Back from the issuer, without an answer. */
  async #comeBack() {
    for (const button of buttons()) setBusy(button.id, false);
    await (await this.#broker.signIn()).complete().catch(() => {});
  }

  #showButtons() {
    if (!this.#issuers?.length) return;
    const or = messageElement("p", "issuer-or");
    or.className = "or muted";
    const made = this.#issuers.map((issuer) => {
      const button = messageElement("button", "issuer-sign-in", { title: issuer.title });
      button.id = `issuer-${issuer.name}`;
      button.setAttribute("type", "button");
      button.className = "issuer quiet";
      button.addEventListener("click", () => this.#begin(issuer, false));
      return button;
    });
    element("login-form").after(or, ...made);
  }

  /**
   * @param {Issuer} issuer
   * @param {boolean} silent
   */
  async #begin(issuer, silent) {
    if (buttons().some(({ id }) => isBusy(id))) return;
    for (const button of buttons()) setBusy(button.id, true);
    this.#page.showNotice(silent ? "issuer-again" : "issuer-going", { title: issuer.title });
    try {
      await (await this.#broker.signIn()).begin(issuer, { silent });
    } catch (error) {
      this.#fail(error, issuer);
    }
  }

  /** @returns {Promise<boolean>} whether an issuer has led back here */
  async #complete() {
    const isAnswer = new URLSearchParams(location.search).has("state");
    if (isAnswer) this.#page.showNotice("issuer-entering");
    const signIn = await this.#broker.signIn();
    try {
      const came = await signIn.complete();
      if (!came) {
        if (isAnswer) this.#page.showNotice();
        return isAnswer;
      }
      this.#through = came.issuer;
      element("elsewhere")?.remove();
      await this.#page.enter();
      remember(came.issuer.name);
      this.#showInterrupted();
    } catch (error) {
      this.#broker.signOut();
      this.#through = null;
      this.#fail(error, signIn.issuer);
    }
    return true;
  }

  /** Where people sign in it was said, and went with the form: here it is said again. */
  #showInterrupted() {
    const { interrupted } = this.#page;
    if (interrupted.length === 0) return;
    const notice = messageElement("p", "interrupted", { tasks: () => list(interrupted) });
    notice.id = "interrupted";
    notice.className = "notice";
    notice.setAttribute("role", "status");
    element("desk").before(notice);
  }

  /**
   * @param {unknown} error
   * @param {Issuer | null} issuer
   */
  #fail(error, issuer) {
    remember(null);
    for (const button of buttons()) setBusy(button.id, false);
    const title = issuer?.title ?? "";
    if (error instanceof IssuerError) {
      const key = SAID[error.error] ?? "issuer.refuses";
      return this.#page.showNotice(key, { title, error: error.error });
    }
    if (error instanceof UnreachableError && error.what === "issuer") {
      return this.#page.showNotice("issuer.unreachable", { title });
    }
    const isRefused = error instanceof BrokerError && error.status === 401;
    this.#page.showNotice(isRefused ? "issuer.unaccepted" : "issuer.failed", { title });
  }

  /** @param {Issuer} issuer of which the browser may still have a session */
  async #showRest(issuer) {
    const said = document.createElement("p");
    said.id = "elsewhere";
    said.className = "notice";
    said.setAttribute("role", "status");
    said.append(messageElement("span", "issuer-out", { title: issuer.title }));
    element("login-form").before(said);
    const address = await (await this.#broker.signIn()).endSessionUrl(issuer).catch(() => null);
    if (!address) return;
    const link = /** @type {HTMLAnchorElement} */ (messageElement("a", "issuer-out-there", { title: issuer.title }));
    link.href = address;
    link.rel = "noreferrer";
    said.append(" ", link);
  }
}

/** @returns {HTMLButtonElement[]} */
const buttons = () => [...document.querySelectorAll("button.issuer")].map((found) => /** @type {HTMLButtonElement} */ (found));

/** @returns {string | null} */
function recall() {
  try {
    return sessionStorage.getItem(REMEMBERED);
  } catch {
    return null; // switched off
  }
}

/** @param {string | null} name */
function remember(name) {
  try {
    if (name === null) sessionStorage.removeItem(REMEMBERED);
    else sessionStorage.setItem(REMEMBERED, name);
  } catch {
    // Switched off: a reload asks the person then.
  }
}
