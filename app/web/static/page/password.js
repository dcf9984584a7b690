/** Another password for one that was given for once. Imported when somebody signs in with such. */
import { BrokerError } from "../client/aikagi.js";
import { explain } from "./content.js";
import { element, field, learn, messageElement, setMessage, setText, text } from "./language.js";
import words from "./password-words.js";

learn(words);

const NEW_REFUSED = "urn:aikagi:problem:new-password-refused";
const SHORTEST = 8;
const LONGEST = 1024;

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
  const [title, why] = [messageElement("h2", "password.title"), messageElement("p", "password.why")];
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
  const cancel = messageElement("button", "password.cancel");
  cancel.setAttribute("type", "button");
  cancel.className = "quiet";
  cancel.addEventListener("click", () => dialog.close());
  const change = messageElement("button", "password.change");
  actions.append(change, cancel);
  // For whatever keeps passwords: it is this person's.
  const name = document.createElement("input");
  [name.autocomplete, name.value, name.hidden] = ["username", username, true];
  form.append(title, why, name, labelled("password.new", first), labelled("password.again", again), failure, actions);
  dialog.append(form);
  element("main").after(dialog);
  dialog.showModal();

  let busy = false;
  /** @param {string} key */
  const complain = (key) => {
    setMessage(failure, key);
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
      if (error instanceof BrokerError && error.type === NEW_REFUSED) complain("password.refused");
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
 * @returns {string | null}
 */
function faultOf(chosen, again, old) {
  const bytes = new TextEncoder().encode(chosen).length;
  if (bytes < SHORTEST || bytes > LONGEST) return "password.length";
  if (chosen === old) return "password.old";
  return chosen === again ? null : "password.differ";
}

/** @param {string} id */
function passwordField(id) {
  const made = document.createElement("input");
  [made.id, made.type, made.autocomplete, made.required] = [id, "password", "new-password", true];
  made.setAttribute("aria-describedby", "new-password-error");
  return made;
}

/** @param {string} key @param {HTMLInputElement} input */
function labelled(key, input) {
  const label = /** @type {HTMLLabelElement} */ (messageElement("label", key));
  label.htmlFor = input.id;
  const line = document.createElement("p");
  line.append(label, input);
  return line;
}
