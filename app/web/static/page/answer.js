/** What a function answered, made readable. */

/**
 * @typedef {object} Content
 * @property {string} text to show
 * @property {unknown} [value] where it was JSON
 * @property {number} size bytes
 */

/**
 * @param {Response} response
 * @returns {Promise<Content>}
 */
export async function read(response) {
  const bytes = await response.arrayBuffer();
  const size = bytes.byteLength;
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    const type = response.headers.get("Content-Type") ?? "no type";
    return { text: `${size} bytes that are not text (${type})`, size };
  }
  try {
    return { value: JSON.parse(text), text: indented(text), size };
  } catch {
    return { text, size };
  }
}

/**
 * Who the function says is calling, if it does.
 *
 * @param {unknown} value
 * @returns {{issuer: string, subject: string} | null}
 */
export function callerIn(value) {
  const caller = /** @type {any} */ (value)?.caller;
  const named = typeof caller?.issuer === "string" && typeof caller?.subject === "string";
  return named ? caller : null;
}

/**
 * Indent JSON without reading its values: JavaScript would round a long number and drop
 * a repeated name.
 *
 * @param {string} json valid
 * @returns {string}
 */
export function indented(json) {
  const tokens = json.match(/"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s"{}[\],:]+/g) ?? [];
  let depth = 0;
  const line = () => `\n${"  ".repeat(depth)}`;
  return tokens.reduce((text, token, at) => {
    if (token === "{" || token === "[") {
      depth += 1;
      return text + token + (isEnd(tokens[at + 1]) ? "" : line());
    }
    if (isEnd(token)) {
      depth -= 1;
      return text + (isStart(tokens[at - 1]) ? "" : line()) + token;
    }
    if (token === ",") return text + token + line();
    return text + (token === ":" ? ": " : token);
  }, "");
}

/** @param {string} token */
const isStart = (token) => token === "{" || token === "[";

/** @param {string} token */
const isEnd = (token) => token === "}" || token === "]";
