/** An answer as people would rather look at it, beside how it was sent. Imported when there is one. */
import { element, importPart, messageElement, text as wordsFor } from "./language.js";

/**
 * @typedef {import("./runs.js").Run} Run
 *
 * @typedef {object} Drawn
 * @property {HTMLElement} node
 * @property {[key: string, values: import("./language.js").Values][]} notes what is not in it, say
 */

/** Runs whose answer is shown as it was sent, for somebody wanted it so. @type {WeakSet<Run>} */
const plain = new WeakSet();

/** Where they do not come, `start.js` says that a part is missing. @type {Promise<void>} */
const styles = new Promise((resolve) => {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = String(new URL("rendered.css", import.meta.url));
  for (const end of ["load", "error"]) link.addEventListener(end, () => resolve());
  document.head.append(link);
});

/**
 * @param {Run} run that has ended with a result
 * @param {() => boolean} isShown whether its output is the one in sight
 */
export async function showRendered(run, isShown) {
  const [drawn] = await Promise.all([draw(run), styles]);
  if (!drawn || !isShown()) return;
  const part = element(typeof run.result?.value === "string" ? "streamed-part" : "content-part");
  removeRendered(part);
  const place = document.createElement("div");
  place.dataset.rendered = "";
  place.append(...drawn.notes.map(noteElement), drawn.node);
  if (drawn.node.classList.contains("paper")) {
    // It scrolls, from the keyboard too.
    drawn.node.tabIndex = 0;
    drawn.node.setAttribute("role", "region");
    drawn.node.setAttribute("aria-labelledby", /** @type {Element} */ (part.querySelector("h3")).id);
  }
  part.append(place);
  part.querySelector("header > span")?.prepend(viewChoice(run, place));
}

/** @param {HTMLElement} part of the output */
function removeRendered(part) {
  for (const node of part.querySelectorAll("[data-rendered]")) node.remove();
}

/** @param {Drawn["notes"][number]} note */
function noteElement([key, values]) {
  const made = messageElement("p", key, values);
  made.className = "muted note";
  return made;
}

/**
 * @param {Run} run
 * @returns {Promise<Drawn | null>} null where it is not what its content type says
 */
async function draw({ entry, head, result }) {
  const type = head?.headers.get("Content-Type") ?? "";
  const { value, text } = /** @type {NonNullable<Run["result"]>} */ (result);
  if (value instanceof Blob) return (await importPart(() => import("./image.js"), import.meta.resolve("./image.js"))).imageOf(value, entry.Title);
  if (typeof value !== "string") return tableOr(({ rowsOfJson }) => rowsOfJson(text ?? JSON.stringify(value)));
  if (!/markdown/i.test(type)) return tableOr(({ rowsOfText }) => rowsOfText(value, type));
  return (await importPart(() => import("./markdown.js"), import.meta.resolve("./markdown.js"))).markdownOf(value);
}

/** @param {(module: typeof import("./table.js")) => import("./table.js").Rows | null} read */
async function tableOr(read) {
  const module = await importPart(() => import("./table.js"), import.meta.resolve("./table.js"));
  const rows = read(module);
  return rows && module.tableOf(rows);
}

/**
 * The choice between the two, from the keyboard too.
 *
 * @param {Run} run
 * @param {HTMLElement} place of what is drawn
 */
function viewChoice(run, place) {
  const choice = document.createElement("fieldset");
  choice.className = "segments small";
  choice.dataset.rendered = "";
  choice.dataset.label = "view";
  choice.setAttribute("aria-label", wordsFor("view"));
  choice.append(viewOption(true), viewOption(false));
  choice.addEventListener("change", show);
  show();
  return choice;

  /** @param {boolean} isPlain */
  function viewOption(isPlain) {
    const radio = document.createElement("input");
    Object.assign(radio, { type: "radio", name: "view", checked: plain.has(run) === isPlain });
    radio.addEventListener("change", () => (isPlain ? plain.add(run) : plain.delete(run)));
    const label = document.createElement("label");
    label.append(radio, messageElement("span", isPlain ? "as-sent" : "rendered"));
    return label;
  }

  function show() {
    place.hidden = plain.has(run);
  }
}
