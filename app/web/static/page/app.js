/** The page: who is signed in, which function is chosen, the call that runs and those before. */
import { Broker, BrokerError, LoginEndedError } from "../client/aikagi.js";
import { explain } from "./content.js";
import {
  clock,
  duration,
  element,
  field,
  form,
  isBusy,
  messageElement,
  otherLanguage,
  prefer,
  preference,
  setBusy,
  setFieldError,
  setMessage,
  setText,
  switchLanguage,
  text,
  textElement,
  time,
  translateAll,
} from "./language.js";
import { onDiagnose, showEnded, showNews, showState, showTask, Transcript } from "./output.js";
import {
  clearRequests,
  restoreRequest,
  selectCard,
  showCards,
  showRequest,
  writtenRequest,
} from "./request.js";

/**
 * @typedef {import("../client/aikagi.d.ts").FunctionEntry} FunctionEntry
 * @typedef {import("../client/aikagi.d.ts").TaskEvent} TaskEvent
 * @typedef {{status: number, statusText: string, headers: Headers, url: string}} Head
 *
 * @typedef {object} Step
 * @property {string} code
 * @property {string} message
 * @property {number} [share] of it that is done, from 0 to 1
 */

/** More than anybody names. A function that never repeats a code must not fill the page. */
const MOST_STEPS = 8;
const MOST_WORDS = 500;

/** One call of a function: what was asked, and what has come of it so far. */
export class Task {
  /** @type {"running" | "done" | "failed" | "cancelled"} */
  state = "running";
  began = Date.now();
  /** Milliseconds since then: the first byte of the answer, and its end. */
  firstByte = 0;
  took = 0;
  events = 0;
  /** @type {Step[]} */
  steps = [];
  text = new Transcript();
  /** @type {{value: unknown, text?: string} | null} */
  result = null;
  /** @type {unknown} */
  error = null;
  /** @type {Head | null} */
  head = null;
  /** When the key that opened it ends, by the broker's clock; and in whose name it is. */
  keyEnd = 0;
  session = "";
  #total = 0;
  #started = performance.now();
  #controller = new AbortController();

  /**
   * @param {FunctionEntry} entry
   * @param {import("./request.js").Draft} draft
   * @param {import("../client/aikagi.d.ts").FunctionRequest} request
   */
  constructor(entry, draft, request) {
    this.entry = entry;
    this.draft = draft;
    this.request = request;
  }

  get signal() {
    return this.#controller.signal;
  }

  get isRunning() {
    return this.state === "running";
  }

  /** Milliseconds, so far or in all. */
  get elapsed() {
    return this.isRunning ? performance.now() - this.#started : this.took;
  }

  /** The function is not told. */
  cancel() {
    this.#end("cancelled");
    this.#controller.abort();
  }

  /**
   * @param {import("../client/aikagi.d.ts").Call} call
   * @param {() => void} changed is called often
   */
  async follow(call, changed) {
    call.response.then((head) => this.#begin(head)).then(changed, () => {});
    try {
      for await (const event of call) {
        this.#apply(event);
        changed();
      }
      this.#end("done");
    } catch (error) {
      if (!this.isRunning) return;
      this.error = error;
      this.#end("failed");
    }
  }

  /** @param {Head} head */
  #begin(head) {
    this.head = head;
    this.firstByte = performance.now() - this.#started;
  }

  /** @param {TaskEvent} event */
  #apply(event) {
    this.events += 1;
    if (event.type === "start") this.#total = Number(event.total);
    else if (event.type === "progress") this.#step(event);
    else if (event.type === "output") this.text.append(event.text);
    else if (event.type === "result") this.result = event;
  }

  /** @param {TaskEvent & {type: "progress"}} event */
  #step({ done, total, code, message }) {
    total ??= this.#total;
    const share = total > 0 && Number.isFinite(total) ? Math.min(1, Math.max(0, done / total)) : undefined;
    const step = { code: String(code ?? ""), message: String(message ?? "").slice(0, MOST_WORDS), share };
    if (this.steps.at(-1)?.code === step.code) this.steps.pop();
    this.steps.push(step);
    if (this.steps.length > MOST_STEPS) this.steps.shift();
  }

  /** @param {"done" | "failed" | "cancelled"} state */
  #end(state) {
    if (!this.isRunning) return;
    this.took = this.elapsed;
    this.state = state;
  }
}

const LOGIN_REFUSED = "urn:aikagi:problem:login-refused";

const broker = new Broker();
let person = "";
let session = "";
let chosen = /** @type {FunctionEntry | undefined} */ (undefined);
let running = /** @type {Task | null} */ (null);
let current = /** @type {Task | null} */ (null);
/** The last runs of this tab: in memory, and one person's only. */
let runs = /** @type {Task[]} */ ([]);
const MOST_RUNS = 20;

form("login-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (isBusy("sign-in")) return;
  setBusy("sign-in", true);
  setFieldError("password");
  try {
    await broker.login(field("username").value, field("password").value);
    showDesk(...(await Promise.all([broker.me(), broker.functions()])));
  } catch (error) {
    showLoginFailure(error);
  } finally {
    setBusy("sign-in", false);
  }
});

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
 * @param {FunctionEntry[]} functions
 */
function showDesk(me, functions) {
  if (me.session_name !== session) clearPerson();
  person = field("username").value;
  session = me.session_name;
  setText(element("username-shown"), me.subject);
  field("password").value = "";
  showFunctions(functions);
  showView("desk");
  element("main").focus();
}

/** @param {string} [notice] key of it, for whoever was signed in */
function showSignIn(notice) {
  running?.cancel();
  running = null;
  setBusy("run", false);
  // Told or not, nothing of it is left here.
  broker.logout();
  showView("welcome");
  element("session-notice").hidden = !notice;
  if (notice) setMessage(element("session-notice"), notice);
  field("username").value = person;
  field(person ? "password" : "username").focus();
}

/** Leave nothing of this person for the next. */
function clearPerson() {
  person = session = "";
  chosen = undefined;
  clearRequests();
  clearRuns();
  show(null);
}

function signOut() {
  clearPerson();
  form("login-form").reset();
  setFieldError("password");
  showSignIn();
}

element("sign-out").addEventListener("click", signOut);
// A page that the browser put aside would come back with its keys.
window.addEventListener("pagehide", signOut);

/** @param {"welcome" | "desk"} view */
function showView(view) {
  element("welcome").hidden = view !== "welcome";
  for (const id of ["desk", "person", "sign-out"]) element(id).hidden = view !== "desk";
}

/** @param {FunctionEntry[]} functions */
function showFunctions(functions) {
  for (const id of ["request", "answer"]) element(id).hidden = functions.length === 0;
  const entry = functions.find(({ Name }) => Name === chosen?.Name) ?? functions[0];
  showCards(functions, entry, chooseFunction);
  if (entry) chooseFunction(entry);
}

/** @param {FunctionEntry} entry */
function chooseFunction(entry) {
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
  addRun(task);
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
  task.keyEnd = broker.cachedGrant(task.entry.Name)?.expiresAt ?? 0;
  if (task.error instanceof LoginEndedError) return endLogin(task);
  showEnded(task);
  showRuns(current);
  showLease();
}

/** @param {Task} [task] that never ran */
function endLogin(task) {
  if (task) removeRun(task);
  show(null);
  showSignIn("login-ended");
}

/** @param {Task | null} task */
function show(task) {
  current = task;
  showTask(task);
  showRuns(task);
}

for (const id of ["reuse", "again"]) {
  element(id).addEventListener("click", () => {
    // It may have gone out of reach since.
    if (!current || !selectCard(current.entry.Name)) return;
    restoreRequest(current.entry, current.draft);
    chooseFunction(current.entry);
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
  const grant = chosen && broker.cachedGrant(chosen.Name);
  const ms = grant ? grant.expiresAt - broker.now() : 0;
  element("lease").dataset.held = ms > 60_000 ? "long" : ms > 0 ? "briefly" : "not";
  setMessage(element("lease-text"), ms > 0 ? "key-left" : "no-key", { time: clock(ms) });
}

window.setInterval(() => {
  showLease();
  if (running && running === current) showState();
}, 1000);

/** @param {Task} task */
function addRun(task) {
  runs = [task, ...runs].slice(0, MOST_RUNS);
}

/** @param {Task} task that never ran */
function removeRun(task) {
  runs = runs.filter((each) => each !== task);
}

function clearRuns() {
  runs = [];
  showRuns(null);
}

/** @param {Task | null} current the one whose answer is shown */
function showRuns(current) {
  element("history").hidden = runs.length === 0;
  const had = element("runs").contains(document.activeElement);
  element("runs").replaceChildren(...runs.map((task) => runItem(task, task === current)));
  if (had) /** @type {HTMLElement | null} */ (element("runs").querySelector("[aria-current]"))?.focus();
}

/**
 * @param {Task} task
 * @param {boolean} isCurrent
 */
function runItem(task, isCurrent) {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.kind = task.state;
  if (isCurrent) button.setAttribute("aria-current", "true");
  const when = messageElement("small", "{value}", { value: () => time(task.began) });
  const outcome = messageElement("span", task.state === "running" ? "history-running" : task.state, {
    time: () => duration(task.took),
  });
  button.append(textElement("strong", task.entry.Title), when, outcome);
  button.addEventListener("click", () => show(task));
  const item = document.createElement("li");
  item.append(button);
  return item;
}

const THEMES = ["system", "light", "dark"];
let theme = Math.max(0, THEMES.indexOf(preference("theme") ?? ""));

element("language").addEventListener("click", async () => {
  try {
    await switchLanguage();
  } catch {
    return showMissingPart(true); // the words have not arrived
  }
  showMissingPart(false);
  showChoices();
});

element("theme").addEventListener("click", () => {
  theme = (theme + 1) % THEMES.length;
  prefer("theme", THEMES[theme]);
  showChoices();
});

function showChoices() {
  element("language").lang = otherLanguage();
  setMessage(element("language"), "other-language");
  document.documentElement.dataset.theme = THEMES[theme];
  element("theme").dataset.label = `theme-${THEMES[theme]}`;
  translateAll();
}

/** @param {boolean} isMissing */
function showMissingPart(isMissing) {
  if (isMissing) document.documentElement.dataset.failed = "part";
  else delete document.documentElement.dataset.failed;
  element("unstarted").hidden = !isMissing;
}

showChoices();
// What waited for the modules, and what `start.js` has found meanwhile.
for (const id of ["language", "theme", "sign-in"]) element(id).removeAttribute("disabled");
document.documentElement.dataset.started = "";
element("unstarted").hidden = !("failed" in document.documentElement.dataset);
