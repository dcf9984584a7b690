/** The page: who is signed in, which function is chosen, and the call that runs. */
import { Broker, BrokerError } from "./aikagi.js";
import { read } from "./answer.js";
import {
  showAnswer,
  showElapsed,
  showFailure,
  showNothing,
  showRunning,
  showStopped,
} from "./answer-pane.js";
import { complain, element, field, form, isBusy, setBusy, textIn } from "./elements.js";
import { explain } from "./failures.js";
import { forgetRequests, showRequest, writtenRequest } from "./request-form.js";

/** @typedef {import("./aikagi.js").FunctionEntry} FunctionEntry */

/** A call that somebody waits for. */
class Run {
  #controller = new AbortController();
  #started = performance.now();
  #ticking = window.setInterval(() => showElapsed(this.elapsed()), 1000);

  get signal() {
    return this.#controller.signal;
  }

  /** Milliseconds. */
  elapsed() {
    return performance.now() - this.#started;
  }

  /** Stop waiting; returns the milliseconds waited. */
  abandon() {
    window.clearInterval(this.#ticking);
    this.#controller.abort();
    running = null;
    return this.elapsed();
  }
}

const broker = new Broker();
let person = "";
let chosen = /** @type {FunctionEntry | null} */ (null);
let running = /** @type {Run | null} */ (null);

form("login-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (isBusy("sign-in")) return;
  setBusy("sign-in", true);
  complain("password", "");
  try {
    const username = field("username").value;
    await broker.login(username, field("password").value);
    const functions = await broker.functions();
    welcome(username, functions);
  } catch (error) {
    refuse(error);
  } finally {
    setBusy("sign-in", false);
  }
});

/** @param {unknown} error */
function refuse(error) {
  broker.signOut();
  const wrong = error instanceof BrokerError && error.status === 401;
  const { title, advice } = explain(error);
  complain("password", wrong ? "User name or password is wrong." : `${title} ${advice}`);
  field("password").select();
}

/**
 * @param {string} username
 * @param {FunctionEntry[]} functions
 */
function welcome(username, functions) {
  if (username !== person) forget();
  person = username;
  element("username-shown").textContent = username;
  field("password").value = "";
  offer(functions);
  turnTo("desk");
  element("main").focus();
}

/** @param {string} [notice] for whoever was signed in */
function leave(notice = "") {
  running?.abandon();
  broker.signOut();
  turnTo("welcome");
  element("session-notice").textContent = notice;
  element("session-notice").hidden = notice === "";
  field("username").value = person;
  field(person ? "password" : "username").focus();
}

/** Leave nothing of this person for the next. */
function forget() {
  person = "";
  chosen = null;
  forgetRequests();
  showNothing();
}

function signOut() {
  forget();
  form("login-form").reset();
  complain("password", "");
  leave();
}

element("sign-out").addEventListener("click", signOut);
// A page that the browser put aside would come back with its keys.
window.addEventListener("pagehide", signOut);

/** @param {"welcome" | "desk"} view */
function turnTo(view) {
  element("welcome").hidden = view !== "welcome";
  element("desk").hidden = view !== "desk";
  element("person").hidden = view !== "desk";
}

/** @param {FunctionEntry[]} functions */
function offer(functions) {
  element("no-functions").hidden = functions.length > 0;
  element("work").hidden = functions.length === 0;
  const entry = functions.find(({ Name }) => Name === chosen?.Name) ?? functions[0];
  for (const old of element("choices").querySelectorAll("label")) old.remove();
  element("choices").append(...functions.map((each) => card(each, each === entry)));
  if (entry) choose(entry);
}

/**
 * @param {FunctionEntry} entry
 * @param {boolean} checked
 */
function card(entry, checked) {
  const { Name: value, Title, Description } = entry;
  const radio = document.createElement("input");
  Object.assign(radio, { type: "radio", name: "function", value, checked });
  radio.addEventListener("change", () => choose(entry));
  const label = document.createElement("label");
  label.append(radio, textIn("strong", Title), textIn("code", value), textIn("span", Description));
  return label;
}

/** @param {FunctionEntry} entry */
function choose(entry) {
  chosen = entry;
  showRequest(entry);
  showLease();
}

form("request-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (running || !chosen) return;
  const request = writtenRequest(chosen);
  if (request) await run(chosen, request);
});

element("stop").addEventListener("click", () => {
  if (running) showStopped(running.abandon());
});

/**
 * @param {FunctionEntry} entry
 * @param {RequestInit & {path: string}} request
 */
async function run(entry, request) {
  const mine = (running = new Run());
  showRunning(entry.Title);
  try {
    const response = await broker.fetch(entry.Name, { ...request, signal: mine.signal });
    const content = await read(response);
    if (running === mine) showAnswer(response, content, mine.elapsed());
  } catch (error) {
    if (running === mine) fail(error);
  } finally {
    if (running === mine) mine.abandon();
    showLease();
  }
}

/** @param {unknown} error */
function fail(error) {
  if (error instanceof BrokerError && error.status === 401) {
    showNothing();
    leave("Your session has ended. Sign in again: what you typed is kept.");
  } else {
    showFailure(explain(error));
  }
}

/** How long the key to the chosen function lasts, by the broker's clock. */
function showLease() {
  const grant = chosen && broker.held(chosen.Name);
  const seconds = grant ? Math.ceil((grant.expiresAt - broker.now()) / 1000) : 0;
  const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  const held = seconds > 60 ? "long" : "briefly";
  element("lease").dataset.held = seconds > 0 ? held : "not";
  element("lease-text").textContent = seconds > 0 ? `${clock} left` : "no key held";
}

window.setInterval(showLease, 1000);
