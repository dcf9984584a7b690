/** The form in which a request is written, and what was typed there for each function. */
import { AddressError, addressOf } from "./aikagi.js";
import { showJson, writtenJson } from "./editor.js";
import { complain, element, field, form } from "./elements.js";
import { quote, size, write } from "./language.js";

/**
 * @typedef {import("./aikagi.d.ts").FunctionEntry} FunctionEntry
 * @typedef {import("./aikagi.d.ts").FunctionRequest} FunctionRequest
 *
 * @typedef {object} Draft
 * @property {string} method
 * @property {string} path
 * @property {string} kind of body: json, text or file
 * @property {string} json
 * @property {string} text
 * @property {File | null} file
 */

/** Bytes. Lambda takes 6 MB, base64 included. */
const LARGEST_FILE = 5_000_000;

/** @type {Draft} */
const NEW = { method: "POST", path: "/", kind: "json", json: "", text: "", file: null };

/** By the name of the function. It outlives a session, not a person. */
const drafts = /** @type {Map<string, Draft>} */ (new Map());
let shown = "";
let file = /** @type {File | null} */ (null);

/** @param {FunctionEntry} entry */
export function showRequest(entry) {
  shown = entry.Name;
  quote(element("function-title"), entry.Title);
  quote(element("function-description"), entry.Description);
  quote(element("function-url"), entry.FuncUrl);
  const draft = drafts.get(entry.Name) ?? NEW;
  radios("method").value = draft.method;
  radios("kind").value = draft.kind;
  field("path").value = draft.path;
  field("text").value = draft.text;
  showJson(draft.json);
  showFile(draft.file);
  complain("path");
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
}

export function forgetRequests() {
  drafts.clear();
  form("request-form").reset();
  showJson("");
  showFile(null);
}

/**
 * The request as typed, or null where a field now says what is wrong with it.
 *
 * @param {FunctionEntry} entry
 * @returns {{draft: Draft, request: FunctionRequest} | null}
 */
export function writtenRequest(entry) {
  const draft = typed();
  const isAstray = leadsAway(draft.path, entry.FuncUrl);
  complain("path", isAstray ? "path-astray" : "");
  const body = draft.method === "GET" ? {} : writtenBody(draft);
  if (isAstray) field("path").focus();
  if (isAstray || !body) return null;
  return { draft, request: { method: draft.method, path: draft.path, ...body } };
}

/**
 * @param {Draft} draft
 * @returns {RequestInit | null}
 */
function writtenBody(draft) {
  if (draft.kind === "file") {
    complain("file", draft.file ? "" : "file-choose");
    return draft.file && as(draft.file.type || "text/plain", draft.file);
  }
  if (draft.kind === "text") return draft.text ? as("text/plain; charset=utf-8", draft.text) : {};
  const json = writtenJson();
  // As typed: written anew by JavaScript, a long number would be rounded.
  return json ? as("application/json", json) : json === null ? null : {};
}

/**
 * @param {string} type
 * @param {string | File} body
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
}

/** @param {File | null} given */
function showFile(given) {
  file = given;
  // Or the same file could not be chosen again.
  field("file").value = "";
  complain("file");
  element("file-chosen").hidden = given === null;
  quote(element("file-name"), given?.name ?? "");
  if (given) write(element("file-size"), "{value}", { value: () => size(given.size) });
}

/** @param {File | undefined} given */
function take(given) {
  if (!given) return;
  const isLarge = given.size > LARGEST_FILE;
  showFile(isLarge ? null : given);
  if (isLarge) complain("file", "file-large", { size: () => size(given.size) });
  radios("kind").value = "file";
  keep();
}

function keep() {
  drafts.set(shown, typed());
  showParts();
}

form("request-form").addEventListener("input", keep);

form("request-form").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form("request-form").requestSubmit();
  }
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
