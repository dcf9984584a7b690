/** The form in which a request is written, and what was typed there for each function. */
import { AddressError, addressOf } from "./aikagi.js";
import { complain, element, field, form } from "./elements.js";

/**
 * @typedef {import("./aikagi.js").FunctionEntry} FunctionEntry
 * @typedef {{method: string, path: string, body: string}} Draft
 */

/** By the name of the function. It outlives a session, not a person. */
const drafts = /** @type {Map<string, Draft>} */ (new Map());
let shown = "";

/** @param {FunctionEntry} entry */
export function showRequest(entry) {
  shown = entry.Name;
  element("function-title").textContent = entry.Title;
  element("function-description").textContent = entry.Description;
  element("function-url").textContent = entry.FuncUrl;
  const draft = drafts.get(entry.Name) ?? { method: "POST", path: "/", body: "" };
  methods().value = draft.method;
  field("path").value = draft.path;
  field("body").value = draft.body;
  complain("path", "");
  complain("body", "");
  showBody();
}

export function forgetRequests() {
  drafts.clear();
  form("request-form").reset();
}

/**
 * The request as typed, or null where a field now says what is wrong with it.
 *
 * @param {FunctionEntry} entry
 * @returns {(RequestInit & {path: string}) | null}
 */
export function writtenRequest(entry) {
  const { method, path, body } = typed();
  const sent = method === "GET" ? "" : body.trim();
  const astray = faultOf(() => addressOf(path, entry.FuncUrl));
  const malformed = sent === "" ? null : faultOf(() => JSON.parse(sent));
  complain("path", astray instanceof AddressError ? `${astray.message}.` : "");
  complain("body", malformed ? `This is not JSON. ${malformed.message}.` : "");
  if (astray || malformed) {
    field(astray ? "path" : "body").focus();
    return null;
  }
  if (sent === "") return { method, path };
  // As typed: written anew by JavaScript, a long number would be rounded.
  return { method, path, body: sent, headers: { "Content-Type": "application/json" } };
}

form("request-form").addEventListener("input", () => {
  drafts.set(shown, typed());
  showBody();
});

element("body").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    form("request-form").requestSubmit();
  }
});

/** @returns {Draft} */
function typed() {
  return { method: methods().value, path: field("path").value, body: field("body").value };
}

function methods() {
  return /** @type {RadioNodeList} */ (form("request-form").elements.namedItem("method"));
}

function showBody() {
  element("body-part").hidden = methods().value === "GET";
}

/**
 * @param {() => unknown} attempt
 * @returns {Error | null}
 */
function faultOf(attempt) {
  try {
    attempt();
    return null;
  } catch (error) {
    return /** @type {Error} */ (error);
  }
}
