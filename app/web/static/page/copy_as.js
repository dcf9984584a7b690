/**
 * A request that was sent, as it is sent from elsewhere. No credentials are in it: whoever
 * sends it has a login of their own. Imported when somebody opens what was sent.
 */
import { addressOf } from "../client/aikagi.js";
import { copy } from "./content.js";
import { element, messageElement, textElement } from "./language.js";

/** The broker's root. */
const BROKER = new URL("../../../", import.meta.url).href;

/**
 * @typedef {object} Sent
 * @property {string} name of the function
 * @property {string} region
 * @property {string} method
 * @property {string} path as it was typed
 * @property {string} url
 * @property {[string, string][]} headers
 * @property {string | null} text of the body
 * @property {string | null} file its name, where the body was one
 */

const FORMS = /** @type {Record<string, (sent: Sent) => string>} */ ({
  aikagi: asCommand,
  curl: asCurl,
  Python: asPython,
  JavaScript: asJavaScript,
});

/** @param {import("./runs.js").Run} run */
export function showForms(run) {
  const sent = sentBy(run);
  const shown = textElement("pre", "");
  shown.className = "paper mono";
  shown.hidden = true;
  const title = messageElement("span", "copy-as");
  title.id = "copy-as-title";
  const buttons = Object.entries(FORMS).map(([name, written]) => {
    const button = messageElement("button", name);
    Object.assign(button, { type: "button", className: "quiet" });
    button.addEventListener("click", () => {
      shown.textContent = written(sent);
      shown.hidden = false;
      shown.tabIndex = 0;
      copy(button, new Blob([shown.textContent]), name);
    });
    return button;
  });
  const row = document.createElement("p");
  row.setAttribute("role", "group");
  row.setAttribute("aria-labelledby", title.id);
  row.append(title, ...buttons);
  element("copy-as").replaceChildren(row, shown);
}

/**
 * @param {import("./runs.js").Run} run
 * @returns {Sent}
 */
function sentBy({ entry, draft, request }) {
  const { method = "GET", path = "/", body, headers = {} } = request;
  return {
    name: entry.Name,
    region: entry.Region,
    method,
    path,
    url: addressOf(path, entry.FuncUrl).href,
    headers: [...new Headers(headers)].map(([name, value]) => [name.replace(/\b[a-z]/g, (c) => c.toUpperCase()), value]),
    text: typeof body === "string" ? body.toWellFormed() : null,
    file: body instanceof Blob ? (draft.file?.name ?? "file") : null,
  };
}

/** For any shell of Unix. @param {string} text */
function quoted(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`;
}

/** A name that is no standard input. @param {string} file */
const at = (file) => quoted(`@${file === "-" ? "./-" : file}`);

/** @param {string[]} parts */
const lines = (...parts) => parts.join(" \\\n  ");

/** @param {Sent} sent */
function asCommand({ name, method, path, headers, text, file }) {
  // A text that begins so would be the name of a file.
  const isAside = text?.startsWith("@") === true;
  const data = file !== null ? at(file) : isAside ? "@-" : text === null ? null : quoted(text);
  const command = lines(
    `aikagi call --broker ${quoted(BROKER)} ${quoted(name)} -X ${method}`,
    ...(path === "/" ? [] : [`--path=${quoted(path)}`]),
    ...headers.map(([header, value]) => `-H ${quoted(`${header}: ${value}`)}`),
    ...(data === null ? [] : [`--data=${data}`]),
  );
  return isAside ? `printf %s ${quoted(text)} | ${command}\n` : `${command}\n`;
}

/** @param {Sent} sent */
function asCurl({ name, region, method, url, headers, text, file }) {
  const command = lines(
    `curl --globoff --aws-sigv4 ${quoted(`aws:amz:${region}:lambda`)} -X ${method}`,
    '--user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"',
    '-H "X-Amz-Security-Token: $AWS_SESSION_TOKEN"',
    ...headers.map(([header, value]) => `-H ${quoted(`${header}: ${value}`)}`),
    ...(file === null ? [] : [`--data-binary ${at(file)}`]),
    ...(text === null ? [] : [`--data-raw ${quoted(text)}`]),
    quoted(url),
  );
  return `eval "$(aikagi credentials --broker ${quoted(BROKER)} ${quoted(name)} --format env)"\n${command}\n`;
}

/** Of Python and of JavaScript alike, in what a reader sees. @param {string} text */
function literal(text) {
  const hidden = /[\u007f-\u009f\u00ad\p{Cf}\p{Zl}\p{Zp}]/gu;
  const escape = (/** @type {string} */ unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  // Above U+FFFF the two languages have no escape in common; nothing there turns a text around.
  return JSON.stringify(text).replace(hidden, (found) => (found.length > 1 ? found : escape(found)));
}

/** @param {[string, string][]} headers */
const object = (headers) => `{${headers.map(([name, value]) => `${literal(name)}: ${literal(value)}`).join(", ")}}`;

/** @param {Sent} sent */
function asPython({ name, method, path, headers, text, file }) {
  const data = file !== null ? `pathlib.Path(${literal(file)}).read_bytes()` : text === null ? null : `${literal(text)}.encode()`;
  return [
    "import getpass",
    ...(file === null ? [] : ["import pathlib"]),
    "",
    "import aikagi",
    "",
    `with aikagi.Broker(${literal(BROKER)}) as broker:`,
    '    broker.login(input("User name: "), getpass.getpass())',
    "    call = broker.call(",
    `        ${literal(name)},`,
    `        method=${literal(method)},`,
    ...(path === "/" ? [] : [`        path=${literal(path)},`]),
    ...(headers.length === 0 ? [] : [`        headers=${object(headers)},`]),
    ...(data === null ? [] : [`        data=${data},`]),
    "    )",
    "    for event in call:",
    "        print(event)",
    "",
  ].join("\n");
}

/** @param {Sent} sent */
function asJavaScript({ name, method, path, headers, text, file }) {
  const body = file !== null ? "file" : text === null ? null : literal(text);
  return [
    `import { Broker } from ${literal(`${BROKER}static/aikagi.js`)};`,
    "",
    `const broker = new Broker({ base: ${literal(BROKER)} });`,
    "await broker.login(username, password);",
    ...(file === null ? [] : [`// ${literal(file)}: a Blob, say of <input type="file">.`]),
    `const call = broker.call(${literal(name)}, {`,
    `  method: ${literal(method)},`,
    ...(path === "/" ? [] : [`  path: ${literal(path)},`]),
    ...(headers.length === 0 ? [] : [`  headers: ${object(headers)},`]),
    ...(body === null ? [] : [`  body: ${body},`]),
    "});",
    "for await (const event of call) console.log(event);",
    "",
  ].join("\n");
}
