/** The page: who is signed in, which function is chosen, and the call that runs. */
import "./appearance.js";
import { Broker, BrokerError, LoginEndedError } from "./aikagi.js";
import { showEnded, showNews, showState, showTask } from "./answer-pane.js";
import { checkCard, showCards } from "./cards.js";
import { complain, element, field, form, isBusy, setBusy } from "./elements.js";
import { explain, onDiagnose } from "./failures.js";
import { forgetHistory, onHistory, remember, showHistory, unremember } from "./history.js";
import { clock, quote, text, write } from "./language.js";
import { forgetRequests, restoreRequest, showRequest, writtenRequest } from "./request-form.js";
import { Task } from "./task.js";

/** @typedef {import("./aikagi.d.ts").FunctionEntry} FunctionEntry */

const LOGIN_REFUSED = "urn:aikagi:problem:login-refused";

const broker = new Broker();
let person = "";
let session = "";
let chosen = /** @type {FunctionEntry | undefined} */ (undefined);
let running = /** @type {Task | null} */ (null);
let current = /** @type {Task | null} */ (null);

form("login-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (isBusy("sign-in")) return;
  setBusy("sign-in", true);
  complain("password");
  try {
    await broker.login(field("username").value, field("password").value);
    welcome(...(await Promise.all([broker.me(), broker.functions()])));
  } catch (error) {
    refuse(error);
  } finally {
    setBusy("sign-in", false);
  }
});

/** @param {unknown} error */
function refuse(error) {
  broker.signOut();
  const isWrong = error instanceof BrokerError && error.type === LOGIN_REFUSED;
  const { key, values } = explain(error);
  const both = () => `${text(key, values)} ${text(`${key}.next`, values)}`;
  if (isWrong) complain("password", "fail.password");
  else complain("password", "{both}", { both });
  field("password").select();
}

/**
 * @param {import("./aikagi.d.ts").Me} me
 * @param {FunctionEntry[]} functions
 */
function welcome(me, functions) {
  if (me.session_name !== session) forget();
  person = field("username").value;
  session = me.session_name;
  quote(element("username-shown"), me.subject);
  field("password").value = "";
  offer(functions);
  turnTo("desk");
  element("main").focus();
}

/** @param {string} [notice] key of it, for whoever was signed in */
function leave(notice) {
  running?.cancel();
  running = null;
  setBusy("run", false);
  // Told or not, nothing of it is left here.
  broker.logout();
  turnTo("welcome");
  element("session-notice").hidden = !notice;
  if (notice) write(element("session-notice"), notice);
  field("username").value = person;
  field(person ? "password" : "username").focus();
}

/** Leave nothing of this person for the next. */
function forget() {
  person = session = "";
  chosen = undefined;
  forgetRequests();
  forgetHistory();
  show(null);
}

function signOut() {
  forget();
  form("login-form").reset();
  complain("password");
  leave();
}

element("sign-out").addEventListener("click", signOut);
// A page that the browser put aside would come back with its keys.
window.addEventListener("pagehide", signOut);

/** @param {"welcome" | "desk"} view */
function turnTo(view) {
  element("welcome").hidden = view !== "welcome";
  for (const id of ["desk", "person", "sign-out"]) element(id).hidden = view !== "desk";
}

/** @param {FunctionEntry[]} functions */
function offer(functions) {
  for (const id of ["request", "answer"]) element(id).hidden = functions.length === 0;
  const entry = functions.find(({ Name }) => Name === chosen?.Name) ?? functions[0];
  showCards(functions, entry, choose);
  if (entry) choose(entry);
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
  const written = writtenRequest(chosen);
  if (written) await run(new Task(chosen, written.draft, written.request));
});

element("cancel").addEventListener("click", () => {
  const task = running;
  task?.cancel();
  if (task) end(task);
});

/** @param {Task} task */
async function run(task) {
  running = task;
  task.session = session;
  remember(task);
  setBusy("run", true);
  show(task);
  element("answer").scrollIntoView({ block: "nearest" });
  const call = broker.call(task.entry.Name, { ...task.request, signal: task.signal });
  await task.follow(call, () => showNews(task));
  if (running === task) end(task);
}

/** @param {Task} task */
function end(task) {
  running = null;
  setBusy("run", false);
  task.keyEnd = broker.held(task.entry.Name)?.expiresAt ?? 0;
  if (task.error instanceof LoginEndedError) return endLogin(task);
  showEnded(task);
  showHistory(current);
  showLease();
}

/** @param {Task} [task] that never ran */
function endLogin(task) {
  if (task) unremember(task);
  show(null);
  leave("login-ended");
}

/** @param {Task | null} task */
function show(task) {
  current = task;
  showTask(task);
  showHistory(task);
}

onHistory(show);

for (const id of ["reuse", "again"]) {
  element(id).addEventListener("click", () => {
    // It may have gone out of reach since.
    if (!current || !checkCard(current.entry.Name)) return;
    restoreRequest(current.entry, current.draft);
    choose(current.entry);
    if (id === "again") form("request-form").requestSubmit();
    else element("run").focus();
  });
}

onDiagnose(async () => {
  const task = current;
  if (!task) return null;
  const diagnosis = await broker.diagnose(task.entry.Name);
  if (diagnosis.cause === "login-ended") endLogin();
  return task === current ? diagnosis : null;
});

/** How long the key to the chosen function lasts, by the broker's clock. */
function showLease() {
  const grant = chosen && broker.held(chosen.Name);
  const ms = grant ? grant.expiresAt - broker.now() : 0;
  element("lease").dataset.held = ms > 60_000 ? "long" : ms > 0 ? "briefly" : "not";
  write(element("lease-text"), ms > 0 ? "key-left" : "no-key", { time: clock(ms) });
}

window.setInterval(() => {
  showLease();
  if (running && running === current) showState();
}, 1000);
