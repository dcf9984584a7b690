/** The function that is chosen, and the request to it: a card and a form. */
import { AddressError, addressOf } from "../client/aikagi.js";
import { isValid } from "./content.js";
import {
  element,
  field,
  form,
  messageElement,
  setFieldError,
  setMessage,
  setText,
  size,
  textElement,
} from "./language.js";

/**
 * @typedef {import("../client/aikagi.d.ts").FunctionEntry} FunctionEntry
 * @typedef {import("../client/aikagi.d.ts").FunctionRequest} FunctionRequest
 *
 * @typedef {object} Draft
 * @property {string} method
 * @property {string} path
 * @property {string} kind of body: json, text or file
 * @property {string} json
 * @property {string} text
 * @property {File | null} file
 */

/** From so many on they are more than one sees at a glance. */
const MANY = 6;

/**
 * @param {FunctionEntry[]} functions
 * @param {FunctionEntry | undefined} chosen
 * @param {(entry: FunctionEntry) => void} choose
 */
export function showCards(functions, chosen, choose) {
  element("no-functions").hidden = functions.length > 0;
  element("filter-part").hidden = functions.length < MANY;
  element("choices").replaceChildren(
    ...functions.map((entry) => card(entry, entry === chosen, () => choose(entry))),
  );
  for (const entry of functions) beginnings.set(entry.Name, beginningOf(entry));
  field("filter").value = "";
  filterCards();
}

/**
 * @param {string} name
 * @returns {boolean} whether it is there
 */
export function selectCard(name) {
  const found = allCards().find(({ value }) => value === name);
  if (!found) return false;
  if (!visibleCards().includes(found)) {
    field("filter").value = "";
    filterCards();
  }
  found.checked = true;
  revealCard();
  return true;
}

/** Let the list of cards, which scrolls by itself, show the one that is chosen. */
export function revealCard() {
  const list = element("choices");
  const card = list.querySelector("label:has(:checked)")?.getBoundingClientRect();
  const { top, bottom, height } = list.getBoundingClientRect();
  if (card && (card.top < top || card.bottom > bottom)) list.scrollTop += card.top - top - (height - card.height) / 2;
}

/** Bring the form to whoever has chosen its function, if its beginning is out of their sight. */
function showForm() {
  const { top } = element("request").getBoundingClientRect();
  if (top < 0 || top > window.innerHeight / 2) element("request").scrollIntoView();
}

/**
 * @param {FunctionEntry} entry
 * @param {boolean} checked
 * @param {() => void} chosen
 */
function card({ Name: value, Title, Description, InvokeMode }, checked, chosen) {
  const radio = document.createElement("input");
  Object.assign(radio, { type: "radio", name: "function", value, checked });
  radio.addEventListener("change", chosen);
  // Not with each arrow key, which goes from card to card.
  radio.addEventListener("click", (event) => event.detail > 0 && showForm());
  const label = document.createElement("label");
  const mode = messageElement("small", InvokeMode === "RESPONSE_STREAM" ? "streams" : "at-once");
  mode.dataset.mode = InvokeMode;
  label.append(radio, textElement("strong", Title), textElement("code", value), textElement("span", Description), mode);
  label.dataset.searchKey = searchKey(`${Title} ${value} ${Description}`);
  return label;
}

function allCards() {
  return [...element("choices").querySelectorAll("input")];
}

function visibleCards() {
  return allCards().filter((card) => !card.closest("label")?.hidden);
}

/** Capitals and full-width letters make no difference. @param {string} text */
function searchKey(text) {
  return text.normalize("NFKC").toLowerCase();
}

function filterCards() {
  const words = searchKey(field("filter").value).split(/\s+/);
  for (const label of element("choices").querySelectorAll("label")) {
    label.hidden = !words.every((word) => label.dataset.searchKey?.includes(word));
  }
  const isEmpty = visibleCards().length === 0 && element("no-functions").hidden;
  if (isEmpty) setMessage(element("no-match"), "no-match");
  else setText(element("no-match"), "");
}

/** Keys that are an input method's, which in Safari has ended by then. @param {KeyboardEvent} event */
export function isComposing({ isComposing, keyCode }) {
  return isComposing || keyCode === 229;
}

field("filter").addEventListener("input", filterCards);

field("filter").addEventListener("keydown", (event) => {
  if (isComposing(event)) return;
  const [first] = visibleCards();
  if (event.key === "Escape") {
    field("filter").value = "";
    filterCards();
  } else if (event.key === "Enter" || event.key === "ArrowDown") {
    event.preventDefault();
    first?.focus();
    first?.click();
    if (event.key === "Enter") showForm();
  }
});

element("choices").addEventListener("keydown", (event) => {
  if (event.key === "Enter") showForm();
});

document.addEventListener("keydown", (event) => {
  const isTyping = /** @type {Element} */ (event.target).closest("input:not([type=radio]), textarea");
  const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
  if (event.key !== "/" || isTyping || !isPlain || element("filter-part").hidden) return;
  event.preventDefault();
  field("filter").select();
});

/** Bytes. Lambda takes 6 MB, base64 included. */
const LARGEST_FILE = 5_000_000;

/** @type {Draft} */
const NEW = { method: "POST", path: "/", kind: "json", json: "", text: "", file: null };

/** What the form of a function begins with. @type {Map<string, Draft>} */
const beginnings = new Map();

/**
 * @param {FunctionEntry} entry
 * @returns {Draft}
 */
function beginningOf({ BodyType, Example }) {
  // As a text area gives it back.
  const body = (Example ?? "").replace(/\r\n?/g, "\n");
  const kind = BodyType ?? (body === "" || isValid(body) ? "json" : "text");
  return { ...NEW, kind, ...(kind === "file" ? {} : { [kind]: body }) };
}

/** By the name of the function, as it is typed, and as it was sent last. They outlive a session, not a person. */
const drafts = /** @type {Map<string, Draft>} */ (new Map());
const sent = /** @type {Map<string, Draft>} */ (new Map());
let shown = "";
let file = /** @type {File | null} */ (null);

/** @param {FunctionEntry} entry */
export function showRequest(entry) {
  shown = entry.Name;
  setText(element("function-title"), entry.Title);
  setText(element("function-description"), entry.Description);
  setText(element("function-url"), entry.FuncUrl);
  const draft = drafts.get(entry.Name) ?? beginning();
  radios("method").value = draft.method;
  radios("kind").value = draft.kind;
  field("path").value = draft.path;
  field("text").value = draft.text;
  showJson(draft.json);
  showFile(draft.file);
  setFieldError("path");
  showParts();
}

/**
 * Let a function's request be as it was sent, when it is shown next.
 *
 * @param {FunctionEntry} entry
 * @param {Draft} draft
 */
export function restoreRequest(entry, draft) {
  drafts.set(entry.Name, draft);
  recordSent(entry, draft);
}

/**
 * @param {FunctionEntry} entry
 * @param {Draft} draft of it that has been sent
 */
export function recordSent(entry, draft) {
  sent.set(entry.Name, draft);
}

/** Names of the functions for which something is written that was not sent. */
export function unsentNames() {
  return [...drafts.keys()].filter(isUnsent);
}

/** @param {string} name of a function */
export function isUnsent(name) {
  const begun = beginning(name);
  const draft = drafts.get(name) ?? begun;
  const last = sent.get(name) ?? begun;
  const parts = /** @type {const} */ (["path", "json", "text", "file"]);
  return parts.some((part) => draft[part] && draft[part] !== begun[part] && draft[part] !== last[part]);
}

function beginning(name = shown) {
  return beginnings.get(name) ?? NEW;
}

export function clearRequests() {
  for (const kept of [beginnings, drafts, sent]) kept.clear();
  form("request-form").reset();
  showJson("");
  showFile(null);
}

/**
 * The request as typed, or null where a field now says what is wrong with it.
 *
 * @param {FunctionEntry} entry
 * @returns {Promise<{draft: Draft, request: FunctionRequest} | null>}
 */
export async function writtenRequest(entry) {
  const draft = typed();
  const isAstray = leadsAway(draft.path, entry.FuncUrl);
  setFieldError("path", isAstray ? "path-astray" : "");
  const body = draft.method === "GET" ? {} : await writtenBody(draft);
  if (isAstray) field("path").focus();
  if (isAstray || !body) return null;
  return { draft, request: { method: draft.method, path: draft.path, ...body } };
}

/**
 * @param {Draft} draft
 * @returns {Promise<RequestInit | null>}
 */
async function writtenBody(draft) {
  if (draft.kind === "file") return writtenFile(draft);
  if (draft.kind === "text") return draft.text ? as("text/plain; charset=utf-8", draft.text) : {};
  const json = await writtenJson();
  // As typed: written anew by JavaScript, a long number would be rounded.
  return json ? as("application/json", json) : json === null ? null : {};
}

/**
 * The file as it is now, and stays: what is run again is what was run.
 *
 * @param {Draft} draft
 * @returns {Promise<RequestInit | null>}
 */
async function writtenFile({ file }) {
  setFieldError("file", file ? "" : "file-choose");
  if (!file) return null;
  try {
    return as(file.type || "text/plain", new Blob([await file.arrayBuffer()]));
  } catch {
    // What was chosen is a version of the file, and the disk has another now.
    showFile(null);
    keep();
    setFieldError("file", "file-changed", { name: file.name });
    element("file").focus();
    return null;
  }
}

/**
 * @param {string} type
 * @param {string | Blob} body
 */
function as(type, body) {
  return { body, headers: { "Content-Type": type } };
}

/**
 * @param {string} path
 * @param {string} home
 */
function leadsAway(path, home) {
  try {
    addressOf(path, home);
    return false;
  } catch (error) {
    if (error instanceof AddressError) return true;
    throw error;
  }
}

/** @returns {Draft} */
function typed() {
  return {
    method: radios("method").value,
    path: field("path").value,
    kind: radios("kind").value,
    json: field("json").value,
    text: field("text").value,
    file,
  };
}

/** @param {string} name */
function radios(name) {
  return /** @type {RadioNodeList} */ (form("request-form").elements.namedItem(name));
}

function showParts() {
  element("body-part").hidden = radios("method").value === "GET";
  for (const part of element("body-part").querySelectorAll("[data-kind]")) {
    const { kind } = /** @type {HTMLElement} */ (part).dataset;
    /** @type {HTMLElement} */ (part).hidden = kind !== radios("kind").value;
  }
  element("format").hidden = radios("kind").value !== "json";
  const { kind } = beginning();
  const given = example();
  element("example").hidden = given === "" || (kind === radios("kind").value && field(kind).value === given);
}

/** The body that the form begins with. */
function example() {
  const { json, text } = beginning();
  return json || text;
}

element("example").addEventListener("click", async () => {
  const { kind } = beginning();
  radios("kind").value = kind;
  showParts();
  (await editor()).replace(field(kind), example());
  keep();
});

/** @param {File | null} given */
function showFile(given) {
  file = given;
  // Or the same file could not be chosen again.
  field("file").value = "";
  setFieldError("file");
  element("file-chosen").hidden = given === null;
  setText(element("file-name"), given?.name ?? "");
  if (given) setMessage(element("file-size"), "{value}", { value: () => size(given.size) });
}

/** @param {File | undefined} given */
function take(given) {
  if (!given) return;
  const isLarge = given.size > LARGEST_FILE;
  showFile(isLarge ? null : given);
  if (isLarge) setFieldError("file", "file-large", { size: () => size(given.size) });
  radios("kind").value = "file";
  keep();
}

function keep() {
  drafts.set(shown, typed());
  showParts();
}

form("request-form").addEventListener("input", keep);

form("request-form").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !isComposing(event)) {
    event.preventDefault();
    if (!event.repeat) form("request-form").requestSubmit();
  }
});

element("run").addEventListener("click", (event) => {
  // The second click of a double click asks for no second run.
  if (event.detail > 1) event.preventDefault();
});

element("file").addEventListener("change", () => take(field("file").files?.[0]));

element("file-remove").addEventListener("click", () => {
  showFile(null);
  keep();
  element("file").focus();
});

for (const name of /** @type {const} */ (["dragover", "dragleave", "drop"])) {
  // Dropped beside the card, a file would take the place of the page.
  window.addEventListener(name, (event) => {
    if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
  });
  element("request").addEventListener(name, (event) => {
    element("request").toggleAttribute("data-over", name === "dragover");
    if (name === "drop") take(event.dataTransfer?.files[0]);
  });
}

/** What helps with JSON is imported when somebody first writes some. */
const editor = () => import("./editor.js");

/**
 * What is written, or null where the field now says, and shows, what is wrong with it.
 *
 * @returns {Promise<string | null>}
 */
async function writtenJson() {
  const json = field("json").value.trim();
  setFieldError("json");
  if (json === "" || isValid(json)) return json;
  try {
    (await editor()).showFault();
  } catch {
    // That part of the page has not arrived.
    setFieldError("json", "json-bad");
    field("json").focus();
  }
  return null;
}

/** @param {string} json */
function showJson(json) {
  field("json").value = json;
  setFieldError("json");
  setText(element("json-state"), "");
  if (json && json !== example()) editor().then(({ check }) => check(), () => {});
}

element("json").addEventListener("focus", () => editor().catch(() => {}), { once: true });

element("format").addEventListener("click", async () => {
  if (await writtenJson()) (await editor()).format();
});
