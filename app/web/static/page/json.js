/** Where a text is no JSON. Imported when one is not. */

/** A string may be long: no alternative inside a repetition, whose stack would overflow. */
const STRING = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"/y;
const SCALAR = /(?:-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null)(?![\w.+-])/y;
const SPACE = /[ \t\r\n]*/y;

/**
 * Where a text stops being JSON.
 *
 * @typedef {object} Fault
 * @property {number} offset
 * @property {number} line from 1
 * @property {number} column from 1
 * @property {"value" | "name" | "colon" | "object" | "array" | "end" | "string"} missing
 */

/**
 * @param {string} json that is none
 * @returns {Fault}
 */
export function faultOf(json) {
  const { offset, missing } = scan(json);
  const before = json.slice(0, offset).split("\n");
  return { offset, missing, line: before.length, column: (before.at(-1) ?? "").length + 1 };
}

/**
 * @param {string} json
 * @returns {Pick<Fault, "offset" | "missing">}
 */
function scan(json) {
  /** @type {("object" | "array")[]} */
  const open = [];
  /** @type {Fault["missing"]} */
  let missing = "value";
  let offset = 0;
  let mayClose = false;
  /** @param {RegExp} pattern */
  const take = (pattern) => {
    pattern.lastIndex = offset;
    const found = pattern.exec(json);
    if (found) offset += found[0].length;
    return found !== null;
  };
  const after = () => /** @type {Fault["missing"]} */ (open.at(-1) ?? "end");
  for (;;) {
    take(SPACE);
    const next = json[offset];
    const inside = open.at(-1);
    const closes = next === (inside === "object" ? "}" : "]") && inside !== undefined;
    if (closes && (mayClose || missing === inside)) {
      offset += 1;
      open.pop();
      missing = after();
      mayClose = false;
    } else if (missing === "value" && (next === "{" || next === "[")) {
      offset += 1;
      open.push(next === "{" ? "object" : "array");
      missing = next === "{" ? "name" : "value";
      mayClose = true;
    } else if (missing === "value" || missing === "name") {
      const isString = next === '"';
      if (missing === "name" && !isString) return { offset, missing };
      if (!take(isString ? STRING : SCALAR)) return { offset, missing: isString ? "string" : missing };
      missing = missing === "name" ? "colon" : after();
      mayClose = false;
    } else if (next === { colon: ":", object: ",", array: "," }[/** @type {string} */ (missing)]) {
      offset += 1;
      missing = missing === "object" ? "name" : "value";
    } else {
      return { offset, missing };
    }
  }
}
