/** Rows as a table: CSV, TSV, and JSON whose rows are flat. Imported when an answer may be such. */
import { number, textElement } from "./language.js";

const MOST_ROWS = 500;
const MOST_COLUMNS = 100;
/** Characters of a cell. */
const LONGEST = 500;

/**
 * Cells are as they were sent: a number as it was written. Without a heading, columns have
 * their number.
 *
 * @typedef {object} Rows
 * @property {string[] | null} heading
 * @property {(string | undefined)[][]} rows the first of them
 * @property {number} count of all
 * @property {number} width of the widest
 */

/**
 * @param {string} text
 * @param {string} contentType of it
 * @returns {Rows | null} null where it has no rows, or a quotation without an end
 */
export function rowsOfText(text, contentType) {
  const records = recordsOf(text, /tab-separated/i.test(contentType) ? "\t" : ",");
  if (!records?.length) return null;
  const width = records.reduce((widest, { length }) => Math.max(widest, length), 0);
  // RFC 4180, section 3.
  const heading = /;\s*header\s*=\s*"?absent/i.test(contentType) ? null : records.shift();
  return { heading: heading ?? null, rows: records.slice(0, MOST_ROWS), count: records.length, width };
}

/**
 * By RFC 4180, with any line end; lines of nothing are no records.
 *
 * @param {string} text
 * @param {string} separator
 */
function recordsOf(text, separator) {
  const piece = separator === "\t" ? /[^\t\r\n]*/y : /[^,\r\n]*/y;
  const quoted = /"[^"]*(?:""[^"]*)*"/y;
  /** @type {string[][]} */
  const records = [];
  /** @type {string[]} */
  let record = [];
  for (let at = 0; at < text.length; ) {
    const isQuoted = text[at] === '"';
    const pattern = isQuoted ? quoted : piece;
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found === undefined) return null;
    at += found.length;
    record.push(isQuoted ? found.slice(1, -1).replaceAll('""', '"') : found);
    const end = text[at];
    if (end === separator) {
      at += 1;
      // A record that ends with a separator ends with an empty field.
      if (at < text.length && text[at] !== "\r" && text[at] !== "\n") continue;
      record.push("");
    } else if (end !== undefined && end !== "\r" && end !== "\n") {
      return null; // something after a quotation
    }
    if (text[at] === "\r") at += 1;
    if (text[at] === "\n") at += 1;
    if (record.length > 1 || record[0] !== "" || isQuoted) records.push(record);
    record = [];
  }
  return records;
}

/**
 * An array of flat objects, or of flat arrays, without a value read: JavaScript would round a
 * long number.
 *
 * @param {string} json valid
 * @returns {Rows | null} null where it is none, and where a row has a name twice
 */
export function rowsOfJson(json) {
  const tokens = json.match(/"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s"{}[\],:]+/g) ?? [];
  const open = tokens[1];
  if (tokens[0] !== "[" || (open !== "{" && open !== "[")) return null;
  const close = open === "{" ? "}" : "]";
  /** @type {Map<string, number>} */
  const columns = new Map();
  /** @type {(string | undefined)[][]} */
  const rows = [];
  let count = 0;
  let width = 0;
  for (let at = 1; tokens[at] === open; at += 2) {
    /** @type {Map<number, string>} */
    const row = new Map();
    for (at += 1; tokens[at] !== close; ) {
      let column = row.size;
      if (open === "{") {
        const name = JSON.parse(tokens[at]);
        column = columns.get(name) ?? columns.size;
        columns.set(name, column);
        at += 2;
      }
      if (/^[{[]/.test(tokens[at]) || row.has(column)) return null;
      row.set(column, tokens[at].startsWith('"') ? JSON.parse(tokens[at]) : tokens[at]);
      at += tokens[at + 1] === "," ? 2 : 1;
    }
    count += 1;
    width = Math.max(width, row.size, columns.size);
    if (count <= MOST_ROWS) rows.push(cellsOf(row));
    if (tokens[at + 1] !== "]") continue;
    return width === 0 ? null : { heading: open === "{" ? [...columns.keys()] : null, rows, count, width };
  }
  return null;
}

/** @param {Map<number, string>} row by column */
function cellsOf(row) {
  /** @type {(string | undefined)[]} */
  const cells = [];
  for (const [column, cell] of row) if (column < MOST_COLUMNS) cells[column] = cell;
  return cells;
}

/** A number, as programs and people write it. */
const NUMBER = /^[-+]?[0-9][0-9,]*(?:\.[0-9]+)?(?:e[-+]?[0-9]+)?%?$/i;

/**
 * @param {Rows} rows
 * @returns {import("./rendered.js").Drawn}
 */
export function tableOf({ heading, rows, count, width }) {
  const columns = Array.from({ length: Math.min(width, MOST_COLUMNS) }, (_, at) => ({
    title: heading ? (heading[at] ?? "") : number(at + 1),
    isNumeric: isNumeric(rows, at),
  }));
  const head = rowOf(columns.map(({ title, isNumeric }) => cellOf("th", title, isNumeric)));
  const table = document.createElement("table");
  table.createTHead().append(head);
  table.createTBody().append(
    ...rows.map((row) => rowOf(columns.map(({ isNumeric }, at) => cellOf("td", row[at] ?? "", isNumeric)))),
  );
  /** @type {import("./rendered.js").Drawn["notes"]} */
  const notes = [];
  const values = (/** @type {number} */ n) => ({ n: () => number(n) });
  if (count > MOST_ROWS) notes.push(["more-rows", values(count - MOST_ROWS)]);
  if (width > MOST_COLUMNS) notes.push(["more-columns", values(width - MOST_COLUMNS)]);
  const node = document.createElement("div");
  node.className = "paper sheet";
  node.append(table);
  return { node, notes };
}

/**
 * @param {Rows["rows"]} rows
 * @param {number} at
 */
function isNumeric(rows, at) {
  const cells = rows.map((row) => row[at]).filter((cell) => cell && cell !== "null");
  return cells.length > 0 && cells.every((cell) => NUMBER.test(/** @type {string} */ (cell)));
}

/** @param {HTMLElement[]} cells */
function rowOf(cells) {
  const row = document.createElement("tr");
  row.append(...cells);
  return row;
}

/**
 * @param {"th" | "td"} name
 * @param {string} text
 * @param {boolean} isNumeric
 */
function cellOf(name, text, isNumeric) {
  const cell = textElement(name, text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);
  if (isNumeric) cell.className = "numeric";
  if (name === "th") cell.setAttribute("scope", "col");
  return cell;
}
