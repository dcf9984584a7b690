/** A question that stands before the page until it is answered. Imported when one is asked. */
import { element, list, messageElement, text } from "./language.js";

/**
 * What signing out would lose, in words.
 *
 * @param {string[]} running titles of functions that are at work
 * @param {string[]} written titles of functions for which something was not sent
 */
export function lossesOf(running, written) {
  const parts = { "leave-running": running, "leave-unsent": written };
  return Object.entries(parts)
    .filter(([, titles]) => titles.length > 0)
    .map(([key, titles]) => text(key, { tasks: list(titles) }))
    .join("\n");
}

/**
 * Escape says no. The focus returns to where it was.
 *
 * @param {"leave" | "replace"} question key of it; of what there is to know, with `.more` behind
 *   it; and of the two answers, with `.no` and `.yes`
 * @param {import("./language.js").Values} values
 * @returns {Promise<boolean>}
 */
export function ask(question, values) {
  const dialog = document.createElement("dialog");
  const title = messageElement("h2", question, values);
  const more = messageElement("p", `${question}.more`, values);
  [title.id, more.id] = ["question-title", "question-more"];
  dialog.setAttribute("aria-labelledby", title.id);
  dialog.setAttribute("aria-describedby", more.id);
  const answers = document.createElement("p");
  answers.className = "actions";
  // The first has the focus: what is pressed without reading loses nothing.
  answers.append(...["no", "yes"].map((answer) => answerButton(dialog, answer, `${question}.${answer}`)));
  dialog.append(title, more, answers);
  element("main").after(dialog);
  dialog.showModal();
  return new Promise((answer) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      answer(dialog.returnValue === "yes");
    });
  });
}

/**
 * @param {HTMLDialogElement} dialog
 * @param {string} answer
 * @param {string} key
 */
function answerButton(dialog, answer, key) {
  const button = messageElement("button", key);
  button.setAttribute("type", "button");
  if (answer === "yes") button.className = "quiet";
  button.addEventListener("click", () => dialog.close(answer));
  return button;
}
