/** The functions in reach, a card each, and the filter over them. */
import { element, field, textIn, wordsIn } from "./elements.js";
import { quote, write } from "./language.js";

/** @typedef {import("./aikagi.d.ts").FunctionEntry} FunctionEntry */

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
  field("filter").value = "";
  filter();
}

/**
 * @param {string} name
 * @returns {boolean} whether it is there
 */
export function checkCard(name) {
  const found = radios().find((each) => each.value === name);
  if (found) found.checked = true;
  return found !== undefined;
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
  const label = document.createElement("label");
  const mode = wordsIn("small", InvokeMode === "RESPONSE_STREAM" ? "streams" : "at-once");
  mode.dataset.mode = InvokeMode;
  label.append(radio, textIn("strong", Title), textIn("code", value), textIn("span", Description), mode);
  label.dataset.sought = sought(`${Title} ${value} ${Description}`);
  return label;
}

function radios() {
  const all = element("choices").querySelectorAll("input");
  return [...all].filter((each) => !each.closest("label")?.hidden);
}

/** Capitals and full-width letters make no difference. @param {string} text */
function sought(text) {
  return text.normalize("NFKC").toLowerCase();
}

function filter() {
  const words = sought(field("filter").value).split(/\s+/);
  for (const label of element("choices").querySelectorAll("label")) {
    label.hidden = !words.every((word) => label.dataset.sought?.includes(word));
  }
  const isEmpty = radios().length === 0 && element("no-functions").hidden;
  if (isEmpty) write(element("no-match"), "no-match");
  else quote(element("no-match"), "");
}

field("filter").addEventListener("input", filter);

field("filter").addEventListener("keydown", (event) => {
  const [first] = radios();
  if (event.key === "Escape") {
    field("filter").value = "";
    filter();
  } else if (event.key === "Enter" || event.key === "ArrowDown") {
    event.preventDefault();
    first?.focus();
    first?.click();
  }
});

document.addEventListener("keydown", (event) => {
  const isTyping = /** @type {Element} */ (event.target).closest("input:not([type=radio]), textarea");
  const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
  if (event.key !== "/" || isTyping || !isPlain || element("filter-part").hidden) return;
  event.preventDefault();
  field("filter").select();
});
