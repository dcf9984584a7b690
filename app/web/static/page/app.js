/** The page: who is signed in, which function is chosen, the runs, and leaving. */
import { Broker, BrokerError, LoginEndedError } from "../client/aikagi.js";
import { explain } from "./content.js";
import {
  clock,
  duration,
  element,
  field,
  form,
  importPart,
  isBusy,
  learn,
  list,
  messageElement,
  percent,
  prefer,
  preference,
  setBusy,
  setFieldError,
  setMessage,
  setText,
  showLanguages,
  switchLanguage,
  text,
  textElement,
  time,
  translateAll,
} from "./language.js";
import { onDiagnose, showEnded, showNews, showRun, showState } from "./output.js";
import {
  clearRequests,
  isUnsent,
  recordSent,
  restoreRequest,
  revealCard,
  selectCard,
  showCards,
  showRequest,
  unsentNames,
  writtenRequest,
} from "./request.js";
import { Run, Runs } from "./runs.js";

/** @typedef {import("../client/aikagi.d.ts").FunctionEntry} FunctionEntry */

const LONGEST_NAME = 63;
const LOGIN_REFUSED = "urn:aikagi:problem:login-refused";
const CHANGE_REQUIRED = "urn:aikagi:problem:password-change-required";

const broker = new Broker();
const runs = new Runs();
let person = "";
let session = "";
let functions = /** @type {FunctionEntry[]} */ ([]);
let chosen = /** @type {FunctionEntry | undefined} */ (undefined);
/** The run whose output is shown. */
let current = /** @type {Run | null} */ (null);

form("login-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (isBusy("sign-in")) return;
  setBusy("sign-in", true);
  setFieldError("password");
  try {
    await broker.login(field("username").value, field("password").value);
    issuers?.forget();
    await enter();
  } catch (error) {
    if (error instanceof BrokerError && error.type === CHANGE_REQUIRED) changePassword();
    else showLoginFailure(error);
  } finally {
    setBusy("sign-in", false);
  }
});

/** It was given for once. With another one the form is sent again. */
async function changePassword() {
  const module = await importPart(() => import("./password.js"), import.meta.resolve("./password.js")).catch(showLoginFailure);
  module?.changePassword(broker, form("login-form"));
}

async function enter() {
  showDesk(...(await Promise.all([broker.me(), broker.functions()])));
}

/** What signs in through issuers, where there are any. @type {import("./sign_in.js").IssuerSignIn | null} */
let issuers = null;

/** Imported where there is an issuer, or one has led back to this page. */
async function startIssuers(interrupted = /** @type {string[]} */ ([])) {
  const found = await broker.issuers().catch(() => null);
  if (found?.length === 0 && !location.search) return;
  const { IssuerSignIn } = await importPart(() => import("./sign_in.js"), import.meta.resolve("./sign_in.js"));
  issuers = new IssuerSignIn(broker, found, { enter, showNotice, interrupted });
  await issuers.start();
}

/** @param {unknown} error */
function showLoginFailure(error) {
  broker.signOut();
  const isWrong = error instanceof BrokerError && error.type === LOGIN_REFUSED;
  const { key, values } = explain(error);
  const both = () => `${text(key, values)} ${text(`${key}.next`, values)}`;
  if (isWrong) setFieldError("password", "fail.password");
  else setFieldError("password", "{both}", { both });
  field("password").select();
}

/**
 * @param {import("../client/aikagi.d.ts").Me} me
 * @param {FunctionEntry[]} found
 */
function showDesk(me, found) {
  if (session && me.session_name !== session) clearAddress();
  if (me.session_name !== session) clearPerson();
  person = field("username").value;
  session = me.session_name;
  setText(element("username-shown"), me.subject);
  field("password").value = "";
  showView("desk");
  showFunctions(found);
  revealCard();
  element("main").focus();
}

/**
 * @param {string} [notice] key of it, for whoever was signed in
 * @param {import("./language.js").Values} [values]
 */
function showSignIn(notice, values) {
  // Told or not, nothing of it is left here.
  broker.logout();
  showView("welcome");
  showNotice(notice, values);
  element("back").hidden = runs.running.length === 0;
  field("username").value = person;
  field(person ? "password" : "username").focus();
}

/**
 * @param {string} [notice] key
 * @param {import("./language.js").Values} [values]
 */
function showNotice(notice, values) {
  element("session-notice").hidden = !notice;
  if (notice) setMessage(element("session-notice"), notice, values);
}

/** Key of what is said of a login that has ended. */
let ending = "login-ended";

/**
 * The login has ended. What runs needs none, and goes on in sight.
 *
 * @param {boolean} [accessEnded] by an operator
 */
async function endLogin(accessEnded) {
  if (element("desk").hidden) return;
  const part = accessEnded && (await importPart(() => import("./ended-words.js"), import.meta.resolve("./ended-words.js")).catch(() => null));
  if (part) learn(part.default);
  ending = part ? "access-ended" : "login-ended";
  if (runs.running.length === 0) return showSignIn(ending);
  showView("desk");
}

element("sign-in-again").addEventListener("click", () => showSignIn(ending));

element("back").addEventListener("click", () => {
  showView("desk");
  element("main").focus();
});

/** Leave nothing of this person for the next. */
function clearPerson() {
  person = session = "";
  chosen = undefined;
  clearRequests();
  runs.clear();
  unseen.clear();
  setNotifier(null);
  show(null);
  showTab();
}

function clearAddress() {
  history.replaceState(null, "", location.pathname + location.search);
}

function signOut() {
  issuers?.signOut();
  const left = leave();
  clearAddress();
  if (left.length > 0) showNotice("interrupted", { tasks: () => list(left) });
}

/** @returns {string[]} titles of the functions that nobody waits for any more */
function leave() {
  const left = runs.running.filter((run) => run.isSent).map((run) => run.entry.Title);
  clearPerson();
  form("login-form").reset();
  setFieldError("password");
  showSignIn();
  return left;
}

element("sign-out").addEventListener("click", async () => {
  if (!wouldLose() || (await confirmLeaving())) signOut();
});

window.addEventListener("beforeunload", (event) => {
  if (wouldLose()) event.preventDefault();
});

/** In the tab's own storage, until the page is shown again. */
const INTERRUPTED = "aikagi-interrupted";

// A page that the browser put aside would come back with its keys.
window.addEventListener("pagehide", () => {
  issuers?.leave();
  const left = leave();
  try {
    if (left.length > 0) sessionStorage.setItem(INTERRUPTED, JSON.stringify(left));
  } catch {
    // Switched off: then there is no notice.
  }
});

window.addEventListener("pageshow", ({ persisted }) => {
  if (persisted) showInterrupted();
});

/** Tell once what the page was waiting for when it was left. @returns {string[] | undefined} */
function showInterrupted() {
  try {
    const left = JSON.parse(sessionStorage.getItem(INTERRUPTED) ?? "[]");
    sessionStorage.removeItem(INTERRUPTED);
    if (left.length > 0) showNotice("interrupted", { tasks: () => list(left.map(String)) });
    return left;
  } catch {
    // Switched off, or not ours.
  }
}

function wouldLose() {
  return runs.running.length > 0 || unsentNames().length > 0;
}

/** @returns {Promise<boolean>} whether to sign out all the same */
async function confirmLeaving() {
  const unsent = unsentNames();
  const written = functions.filter(({ Name }) => unsent.includes(Name)).map(({ Title }) => Title);
  const running = runs.running.map(({ entry }) => entry.Title);
  return ask("leave", ({ lossesOf }) => ({ lost: () => lossesOf(running, written) }));
}

/**
 * Ask before something is lost.
 *
 * @param {"leave" | "replace"} question key of it
 * @param {(module: typeof import("./question.js")) => import("./language.js").Values} values
 * @returns {Promise<boolean>}
 */
async function ask(question, values) {
  const module = await importPart(() => import("./question.js"), import.meta.resolve("./question.js")).catch(() => null);
  // Where that part of the page has not arrived, the browser asks.
  return module ? module.ask(question, values(module)) : window.confirm(text(question));
}

/** @param {"welcome" | "desk"} view */
function showView(view) {
  element("welcome").hidden = view !== "welcome";
  for (const id of ["desk", "person", "sign-out"]) element(id).hidden = view !== "desk";
  const isOver = view === "desk" && !broker.signedIn;
  element("login-over").hidden = !isOver;
  if (isOver) setMessage(element("login-over-text"), "login-ended-running");
  else setText(element("login-over-text"), "");
}

/** @param {FunctionEntry[]} found */
function showFunctions(found) {
  functions = found;
  for (const id of ["request", "answer"]) element(id).hidden = functions.length === 0;
  const name = addressed();
  const entry = entryOf(name) ?? entryOf(chosen?.Name) ?? functions[0];
  showCards(functions, entry, visitFunction);
  if (entry) chooseFunction(entry);
  if (name) showUnknown(name);
  else if (entry) history.replaceState(null, "", `#${entry.Name}`);
}

/** @param {string} [name] */
function entryOf(name) {
  return functions.find(({ Name }) => Name === name);
}

function addressed() {
  return location.hash.slice(1);
}

/** @param {string} name */
function showUnknown(name) {
  if (entryOf(name)) setText(element("unknown"), "");
  else setMessage(element("unknown"), "unknown", { name: name.slice(0, LONGEST_NAME) });
}

window.addEventListener("popstate", () => {
  const name = addressed();
  if (element("desk").hidden || !name) return;
  showUnknown(name);
  const entry = entryOf(name);
  if (entry && selectCard(name)) chooseFunction(entry);
});

/** Choose a function, and let Back lead to the one before. @param {FunctionEntry} entry */
function visitFunction(entry) {
  if (addressed() !== entry.Name) history.pushState(null, "", `#${entry.Name}`);
  chooseFunction(entry);
}

/** @param {FunctionEntry} entry */
function chooseFunction(entry) {
  chosen = entry;
  setText(element("unknown"), "");
  showRequest(entry);
  showLease();
}

form("request-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const entry = chosen;
  if (!entry) return;
  const written = await writtenRequest(entry);
  if (!written) return;
  if (!broker.signedIn) return showSignIn("login-ended");
  start(new Run(entry, written.draft, written.request), () => recordSent(entry, written.draft));
});

/**
 * @param {Run} run
 * @param {() => void} [sent]
 */
async function start(run, sent = () => {}) {
  run.session = session;
  runs.add(run);
  show(run);
  showTab();
  element("answer").scrollIntoView({ block: "nearest" });
  const call = broker.call(run.entry.Name, { ...run.request, signal: run.signal });
  const leaves = () => {
    run.keyEnd = broker.cachedGrant(run.entry.Name)?.expiresAt ?? 0;
    showLease();
    sent();
  };
  call.sent.then(leaves, () => {});
  await run.follow(call, () => showNews(run));
  if (run.state !== "cancelled") end(run);
}

element("cancel").addEventListener("click", () => {
  current?.cancel();
  if (current) end(current);
});

/** @param {Run} run that has ended */
function end(run) {
  if (neverRan(run)) {
    runs.remove(run);
    if (run === current) show(runs.running[0] ?? null);
    showTab();
    return endLogin(run.error instanceof LoginEndedError && run.error.accessEnded);
  }
  if (document.hidden) unseen.add(run);
  showEnded(run);
  showRuns();
  showLease();
  showTab();
  notifier?.notify(run, icon.href);
}

/** For want of a login. What waited for credentials meanwhile was given up. @param {Run} run */
function neverRan({ error, isSent }) {
  const isGivenUp = error instanceof DOMException && error.name === "AbortError";
  return error instanceof LoginEndedError || (isGivenUp && !isSent);
}

/** @param {Run | null} run */
function show(run) {
  current = run;
  setText(element("reuse-note"), "");
  showRun(run);
  showRuns();
}

element("again").addEventListener("click", () => {
  if (!current) return;
  if (!broker.signedIn) return showSignIn("login-ended");
  // As it was sent. The form, and what is typed there, are left alone.
  start(new Run(current.entry, current.draft, current.request));
});

element("reuse").addEventListener("click", async () => {
  const run = current;
  if (!run) return;
  const { Name, Title } = run.entry;
  if (isUnsent(Name) && !(await ask("replace", () => ({ title: Title })))) return;
  const entry = entryOf(Name);
  if (!entry || !selectCard(Name)) return setMessage(element("reuse-note"), "fail.reach");
  restoreRequest(entry, run.draft);
  visitFunction(entry);
  element("run").focus();
});

onDiagnose(async () => {
  const run = current;
  if (!run) return null;
  const diagnosis = await broker.diagnose(run.entry.Name);
  const { cause } = diagnosis;
  if (cause === "login-ended" || cause === "access-ended") endLogin(cause === "access-ended");
  return run === current ? diagnosis : null;
});

/** How long the key to the chosen function lasts, by the broker's clock. */
function showLease() {
  const grant = chosen && broker.cachedGrant(chosen.Name);
  const ms = grant ? grant.expiresAt - broker.now() : 0;
  // A task that has begun needs it no more, and the next call fetches another.
  const isNeeded = !runs.running.some(({ entry, isSent }) => isSent && entry.Name === chosen?.Name);
  element("lease").dataset.held = ms > 0 && isNeeded ? "long" : "not";
  if (isNeeded) setMessage(element("lease-text"), ms > 0 ? "key-left" : "no-key", { time: clock(ms) });
  else setMessage(element("lease-text"), "key-unneeded");
}

window.setInterval(() => {
  showLease();
  if (runs.running.length === 0) return;
  showState();
  showRuns();
  showTab();
}, 1000);

for (const name of ["online", "offline"]) window.addEventListener(name, () => showState());

/** @type {WeakMap<Run, HTMLElement>} */
const rows = new WeakMap();

/** The list of runs. Its rows stay where they are, so that nobody loses their place in it. */
function showRuns() {
  const all = runs.all;
  element("history").hidden = all.length === 0;
  const items = all.map(runItem);
  const { children } = element("runs");
  const hadFocus = element("runs").contains(document.activeElement);
  for (const item of [...children].filter((child) => !items.includes(/** @type {HTMLElement} */ (child)))) item.remove();
  items.forEach((item, at) => {
    if (children[at] !== item) element("runs").insertBefore(item, children[at] ?? null);
  });
  const last = /** @type {HTMLElement | null | undefined} */ (items.at(-1)?.firstElementChild);
  if (hadFocus && !element("runs").contains(document.activeElement)) last?.focus();
}

/** @param {Run} run */
function runItem(run) {
  const item = rows.get(run) ?? newRunItem(run);
  const button = /** @type {HTMLElement} */ (item.firstElementChild);
  button.dataset.kind = run.state;
  if (run === current) button.setAttribute("aria-current", "true");
  else button.removeAttribute("aria-current");
  const time = () => (run.isRunning ? clock : duration)(run.elapsed);
  const part = () => percent(run.share ?? 0);
  const key = run.isRunning && run.share !== undefined ? "running-part" : run.state;
  setMessage(/** @type {Element} */ (button.lastElementChild), key, { time, part });
  return item;
}

/** @param {Run} run */
function newRunItem(run) {
  const button = document.createElement("button");
  button.type = "button";
  const when = messageElement("small", "{value}", { value: () => time(run.began) });
  button.append(textElement("strong", run.entry.Title), when, document.createElement("span"));
  button.addEventListener("click", () => show(run));
  const item = document.createElement("li");
  item.append(button);
  rows.set(run, item);
  return item;
}

const icon = /** @type {HTMLLinkElement} */ (document.querySelector("link[rel=icon]"));
const icons = { "": icon.href, ...iconsOf("running", "done", "failed") };
/** Runs that have ended while nobody looked. @type {Set<Run>} */
const unseen = new Set();

/** @param {string[]} states */
function iconsOf(...states) {
  return Object.fromEntries(states.map((state) => [state, icon.href.replace(/icon\.svg$/, `icon-${state}.svg`)]));
}

/** Say in the tab's title and icon what goes on, or how it ended. */
function showTab() {
  const { running } = runs;
  const [first] = running.length > 0 ? running : [...unseen].filter(hasFailed).concat(runs.all);
  const state = first && first.state !== "cancelled" ? first.state : "";
  const share = running.length === 1 ? first?.share : undefined;
  const values = { title: first?.entry.Title, n: running.length, part: percent(share ?? 0) };
  const key = running.length > 1 ? "tab-several" : share === undefined ? `tab-${state}` : "tab-part";
  document.title = state ? `${text(key, values)} · Aikagi` : "Aikagi";
  // Where the page itself is in sight, nobody needs another icon to travel.
  const href = icons[/** @type {keyof typeof icons} */ (document.hidden ? state : "")];
  if (icon.href !== href) icon.href = href;
}

/** @param {Run} run */
const hasFailed = ({ state }) => state === "failed";

document.addEventListener("visibilitychange", () => {
  showTab();
  if (!document.hidden) unseen.clear();
});

/** Tells of the ends of runs, if somebody asked for it. @type {typeof import("./notify.js") | null} */
let notifier = null;

// Not everywhere: an iPhone has notifications for installed pages alone.
element("notify").hidden = !("Notification" in globalThis);

element("notify").addEventListener("click", async () => {
  const permission = notifier ? "default" : await Notification.requestPermission();
  setNotifier(permission === "granted" ? await importPart(() => import("./notify.js"), import.meta.resolve("./notify.js")).catch(() => null) : null);
  if (permission === "denied") setMessage(element("notify-note"), "notify-denied");
});

/** @param {typeof notifier} found */
function setNotifier(found) {
  notifier = found;
  element("notify").setAttribute("aria-pressed", String(found !== null));
  setText(element("notify-note"), "");
}

const THEMES = ["system", "light", "dark"];
let theme = Math.max(0, THEMES.indexOf(preference("theme") ?? ""));

element("language").addEventListener("change", async () => {
  try {
    await switchLanguage(field("language").value);
    showMissingPart(false);
  } catch {
    showMissingPart(true); // the words have not arrived
  }
  showChoices();
});

element("theme").addEventListener("click", () => {
  theme = (theme + 1) % THEMES.length;
  prefer("theme", THEMES[theme]);
  showChoices();
});

function showChoices() {
  showLanguages();
  document.documentElement.dataset.theme = THEMES[theme];
  element("theme").dataset.label = `theme-${THEMES[theme]}`;
  translateAll();
  showTab();
}

/** @param {boolean} isMissing */
function showMissingPart(isMissing) {
  if (isMissing) document.documentElement.dataset.failed = "part";
  else delete document.documentElement.dataset.failed;
  element("unstarted").hidden = !isMissing;
}

showChoices();
startIssuers(showInterrupted()).catch(() => showMissingPart(true));
// What waited for the modules, and what `start.js` has found meanwhile.
for (const id of ["language", "theme", "sign-in"]) element(id).removeAttribute("disabled");
document.documentElement.dataset.started = "";
element("unstarted").hidden = !("failed" in document.documentElement.dataset);
