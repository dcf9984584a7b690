/** Another password for one that was given for once. Imported when somebody signs in with such. */
import { BrokerError } from "../client/aikagi.js";
import { explain } from "./content.js";
import { element, field, messageElement, setMessage, setText, text } from "./language.js";

/** What is said here alone, by the codes of the languages. */
export const WORDS = {
  en: {
    title: "Choose a new password",
    why: "The one you have was given to you for once.",
    new: "New password",
    again: "The same again",
    change: "Change it and sign in",
    cancel: "Not now",
    differ: "The two differ.",
    old: "It is the old one.",
    length: "A password has 8 to 1,024 bytes.",
    refused: "This one cannot be taken. Choose another.",
  },
  ja: {
    title: "新しいパスワードを決めてください",
    why: "いまのパスワードは一度だけ使うためのものです。",
    new: "新しいパスワード",
    again: "もう一度入力",
    change: "変更してサインイン",
    cancel: "あとで",
    differ: "ふたつの入力が一致しません。",
    old: "いまのパスワードと同じです。",
    length: "パスワードは 8 バイト以上、1,024 バイト以下です。",
    refused: "このパスワードは使えません。別のものにしてください。",
  },
};

const NEW_REFUSED = "urn:aikagi:problem:new-password-refused";
const SHORTEST = 8;
const LONGEST = 1024;

/** @typedef {keyof typeof WORDS.en} Word */

/**
 * A word in whatever language is chosen when it is shown.
 *
 * @param {Word} key
 */
function word(key) {
  const languages = /** @type {Record<string, Record<Word, string>>} */ (WORDS);
  return { word: () => (languages[document.documentElement.lang] ?? WORDS.en)[key] };
}

/** @param {string} name of an element @param {Word} key */
function wordElement(name, key) {
  return messageElement(name, "{word}", word(key));
}

/**
 * Ask for another password until the broker takes it, and send the form again with that.
 * Escape gives up.
 *
 * @param {import("../client/aikagi.js").Broker} broker
 * @param {HTMLFormElement} login
 */
export function changePassword(broker, login) {
  const [username, password] = ["username", "password"].map(field).map(({ value }) => value);
  const dialog = document.createElement("dialog");
  const form = document.createElement("form");
  const [title, why] = [wordElement("h2", "title"), wordElement("p", "why")];
  [title.id, why.id] = ["new-password-title", "new-password-why"];
  dialog.setAttribute("aria-labelledby", title.id);
  dialog.setAttribute("aria-describedby", why.id);
  const [first, again] = [passwordField("new-password"), passwordField("new-password-again")];
  const failure = document.createElement("p");
  failure.className = "failure";
  failure.id = "new-password-error";
  failure.setAttribute("role", "alert");
  const actions = document.createElement("p");
  actions.className = "actions";
  const cancel = wordElement("button", "cancel");
  cancel.setAttribute("type", "button");
  cancel.className = "quiet";
  cancel.addEventListener("click", () => dialog.close());
  const change = wordElement("button", "change");
  actions.append(change, cancel);
  // For whatever keeps passwords: it is this person's.
  const name = document.createElement("input");
  [name.autocomplete, name.value, name.hidden] = ["username", username, true];
  form.append(title, why, name, labelled("new", first), labelled("again", again), failure, actions);
  dialog.append(form);
  element("main").after(dialog);
  dialog.showModal();

  let busy = false;
  /** @param {Word} key */
  const complain = (key) => {
    setMessage(failure, "{word}", word(key));
    first.select();
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) return;
    setText(failure, "");
    const fault = faultOf(first.value, again.value, password);
    if (fault) return complain(fault);
    busy = true;
    try {
      await broker.changePassword(username, password, first.value);
      field("password").value = first.value;
      dialog.close();
      login.requestSubmit();
    } catch (error) {
      if (error instanceof BrokerError && error.type === NEW_REFUSED) complain("refused");
      else {
        const { key, values } = explain(error);
        setMessage(failure, "{both}", { both: () => `${text(key, values)} ${text(`${key}.next`, values)}` });
      }
    } finally {
      busy = false;
    }
  });
  dialog.addEventListener("close", () => dialog.remove());
}

/**
 * @param {string} chosen
 * @param {string} again
 * @param {string} old
 * @returns {Word | null}
 */
function faultOf(chosen, again, old) {
  const bytes = new TextEncoder().encode(chosen).length;
  if (bytes < SHORTEST || bytes > LONGEST) return "length";
  if (chosen === old) return "old";
  return chosen === again ? null : "differ";
}

/** @param {string} id */
function passwordField(id) {
  const made = document.createElement("input");
  [made.id, made.type, made.autocomplete, made.required] = [id, "password", "new-password", true];
  made.setAttribute("aria-describedby", "new-password-error");
  return made;
}

/** @param {Word} key @param {HTMLInputElement} input */
function labelled(key, input) {
  const label = /** @type {HTMLLabelElement} */ (wordElement("label", key));
  label.htmlFor = input.id;
  const line = document.createElement("p");
  line.append(label, input);
  return line;
}
