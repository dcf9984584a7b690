/**
 * Markdown as elements: a small part of CommonMark 0.31 and of GitHub's tables. HTML in it
 * is text. Each line is read once for each level that it is nested in, and there are few.
 * Imported when an answer is Markdown.
 */
import { number, textElement } from "./language.js";
import { SHOWN } from "./runs.js";

/** Levels of lists and quotations. What is nested deeper is text. */
const DEEPEST = 8;
/** Headings of the answer come below the page's own. */
const TOP = 4;

/**
 * @param {string} text
 * @returns {import("./rendered.js").Drawn}
 */
export function markdownOf(text) {
  const node = document.createElement("div");
  node.className = "paper markdown";
  node.append(...blocksOf(text.slice(0, SHOWN).split(/\r\n?|\n/), 0));
  // Not before: at each block Chromium would look through all that are there for a letter.
  node.dir = "auto";
  const missing = text.length - SHOWN;
  return { node, notes: missing > 0 ? [["cut-end", { n: () => number(missing) }]] : [] };
}

const FENCE = /^ {0,3}(`{3,}|~{3,})([^`]*)$/;
const HEADING = /^ {0,3}(#{1,6})(?:[ \t]|$)/;
const QUOTATION = /^ {0,3}> ?/;
const ITEM = /^ {0,3}(?:[-*+]|(\d{1,9})[.)])(?:[ \t]+|$)/;
const UNDERLINE = /^ {0,3}(=+|-+)[ \t]*$/;

/** @param {string} line */
const isRule = (line) => /^(?:-{3,}|\*{3,}|_{3,})$/.test(line.replace(/[ \t]/g, ""));

/** @param {string} line */
const isBlank = (line) => line.trim() === "";

/** @param {string} line */
const isIndented = (line) => /^(?: {2}|\t)/.test(line);

/**
 * @param {string} line
 * @param {number} depth
 */
function beginsBlock(line, depth) {
  const isNesting = depth < DEEPEST && (QUOTATION.test(line) || ITEM.test(line));
  return isNesting || FENCE.test(line) || HEADING.test(line) || isRule(line);
}

/**
 * @param {string[]} lines
 * @param {number} depth that they are nested in
 * @returns {Node[]}
 */
function blocksOf(lines, depth) {
  /** @type {Node[]} */
  const blocks = [];
  for (let at = 0; at < lines.length; ) {
    const line = lines[at];
    if (isBlank(line)) {
      at += 1;
      continue;
    }
    const read = readerOf(line, lines[at + 1], depth);
    const { node, end } = read(lines, at, depth);
    blocks.push(node);
    at = end;
  }
  return blocks;
}

/** A block, and the line after it. @typedef {{node: Node, end: number}} Block */

/**
 * @param {string} line that is not blank
 * @param {string | undefined} next
 * @param {number} depth
 * @returns {(lines: string[], at: number, depth: number) => Block}
 */
function readerOf(line, next, depth) {
  if (FENCE.test(line)) return code;
  if (HEADING.test(line)) return heading;
  if (isRule(line)) return (_, at) => ({ node: document.createElement("hr"), end: at + 1 });
  if (depth < DEEPEST && QUOTATION.test(line)) return quotation;
  if (depth < DEEPEST && ITEM.test(line)) return list;
  return next !== undefined && isTable(line, next) ? table : paragraph;
}

/**
 * @param {string[]} lines
 * @param {number} at
 * @returns {Block}
 */
function code(lines, at) {
  const [, fence] = /** @type {RegExpExecArray} */ (FENCE.exec(lines[at]));
  let end = at + 1;
  while (end < lines.length && !closes(lines[end], fence)) end += 1;
  const node = document.createElement("pre");
  node.append(textElement("code", lines.slice(at + 1, end).join("\n")));
  return { node, end: end + 1 };
}

/**
 * @param {string} line
 * @param {string} fence that is open
 */
function closes(line, fence) {
  const closing = line.trim();
  return closing.length >= fence.length && closing === fence[0].repeat(closing.length);
}

/**
 * @param {string[]} lines
 * @param {number} at
 * @returns {Block}
 */
function heading(lines, at) {
  const [, marks] = /** @type {RegExpExecArray} */ (HEADING.exec(lines[at]));
  const title = lines[at].trim().slice(marks.length).trim();
  let end = title.length;
  while (title[end - 1] === "#") end -= 1;
  const isClosed = end === 0 || /[ \t]/.test(title[end - 1]);
  return { node: headingElement(marks.length, isClosed ? title.slice(0, end).trim() : title), end: at + 1 };
}

/**
 * @param {number} level from 1
 * @param {string} title
 */
function headingElement(level, title) {
  const made = document.createElement(`h${Math.min(6, TOP - 1 + level)}`);
  made.dataset.level = String(level);
  made.append(...inline(title));
  return made;
}

/**
 * @param {string[]} lines
 * @param {number} at
 * @param {number} depth
 * @returns {Block}
 */
function quotation(lines, at, depth) {
  let end = at;
  while (end < lines.length && QUOTATION.test(lines[end])) end += 1;
  const node = document.createElement("blockquote");
  node.append(...blocksOf(lines.slice(at, end).map((line) => line.replace(QUOTATION, "")), depth + 1));
  return { node, end };
}

/**
 * @param {string[]} lines
 * @param {number} at
 * @param {number} depth
 * @returns {Block}
 */
function list(lines, at, depth) {
  const [, start] = /** @type {RegExpExecArray} */ (ITEM.exec(lines[at]));
  const node = document.createElement(start === undefined ? "ul" : "ol");
  if (start !== undefined) /** @type {HTMLOListElement} */ (node).start = Number(start);
  let end = at;
  while (end < lines.length && isItemOf(lines[end], start !== undefined)) {
    const from = end;
    end = itemEnd(lines, from + 1);
    const [mark] = /** @type {RegExpExecArray} */ (ITEM.exec(lines[from]));
    const own = lines.slice(from, end).map((line, nth) => (nth ? outdented(line, mark.length) : line.slice(mark.length)));
    const item = document.createElement("li");
    item.append(...blocksOf(own, depth + 1).flatMap((block, nth) => (nth ? [block] : bare(block))));
    node.append(item);
    while (end < lines.length && isBlank(lines[end])) end += 1;
  }
  return { node, end };
}

/**
 * @param {string} line
 * @param {boolean} isOrdered
 */
function isItemOf(line, isOrdered) {
  const found = isRule(line) ? null : ITEM.exec(line);
  return found !== null && (found[1] !== undefined) === isOrdered;
}

/**
 * The line after an item: what is indented belongs to it, and the rest of its paragraph.
 *
 * @param {string[]} lines
 * @param {number} at
 */
function itemEnd(lines, at) {
  let end = at;
  for (let next = at; next < lines.length; next += 1) {
    if (isBlank(lines[next])) continue;
    const goesOn = next === end && !beginsBlock(lines[next], 0);
    if (!isIndented(lines[next]) && !goesOn) break;
    end = next + 1;
  }
  return end;
}

/**
 * @param {string} line
 * @param {number} most characters of indentation to take away
 */
function outdented(line, most) {
  const indentation = /^[ \t]*/.exec(line)?.[0] ?? "";
  return line.slice(indentation.startsWith("\t") ? 1 : Math.min(indentation.length, most));
}

/**
 * Of the paragraph that an item begins with what is in it, and a line's end.
 *
 * @param {Node} block
 * @returns {Node[]}
 */
function bare(block) {
  const isParagraph = block instanceof HTMLParagraphElement;
  return isParagraph ? [...block.childNodes, document.createTextNode("\n")] : [block];
}

/** @param {string} line */
function cellsOf(line) {
  const cells = line.trim().replace(/^\|/, "").split(/(?<!\\)\|/);
  if (cells.length > 1 && isBlank(cells[cells.length - 1])) cells.pop();
  return cells.map((cell) => cell.trim().replaceAll("\\|", "|"));
}

/**
 * @param {string} line
 * @param {string} next
 */
function isTable(line, next) {
  if (!line.includes("|") || !/^[-:| \t]+$/.test(next)) return false;
  const marks = cellsOf(next);
  return marks.every((mark) => /^:?-+:?$/.test(mark)) && marks.length === cellsOf(line).length;
}

/**
 * @param {string[]} lines
 * @param {number} at
 * @param {number} depth
 * @returns {Block}
 */
function table(lines, at, depth) {
  const areNumeric = cellsOf(lines[at + 1]).map((mark) => mark.length > 1 && mark.endsWith(":") && !mark.startsWith(":"));
  const row = (/** @type {"th" | "td"} */ name, /** @type {string} */ line) => {
    const made = document.createElement("tr");
    made.append(...cellsOf(line).slice(0, areNumeric.length).map((text, column) => {
      const cell = document.createElement(name);
      if (areNumeric[column]) cell.className = "numeric";
      cell.append(...inline(text));
      return cell;
    }));
    return made;
  };
  const made = document.createElement("table");
  made.createTHead().append(row("th", lines[at]));
  const body = made.createTBody();
  let end = at + 2;
  while (end < lines.length && !isBlank(lines[end]) && !beginsBlock(lines[end], depth)) {
    body.append(row("td", lines[end]));
    end += 1;
  }
  const node = document.createElement("div");
  node.className = "sheet";
  node.append(made);
  return { node, end };
}

/**
 * @param {string[]} lines
 * @param {number} at
 * @param {number} depth
 * @returns {Block}
 */
function paragraph(lines, at, depth) {
  let end = at + 1;
  for (; end < lines.length && !isBlank(lines[end]); end += 1) {
    const underline = UNDERLINE.exec(lines[end]);
    if (underline) {
      const title = lines.slice(at, end).map((line) => line.trim()).join("\n");
      return { node: headingElement(underline[1].startsWith("=") ? 1 : 2, title), end: end + 1 };
    }
    if (beginsBlock(lines[end], depth)) break;
  }
  const node = document.createElement("p");
  node.append(...inline(lines.slice(at, end).map((line) => line.trimStart()).join("\n").trimEnd()));
  return { node, end };
}

const PLAIN = /[^\\`*_~[\]!<\n]+/y;
const MARKS = /([*_~])\1*/y;
const TICKS = /`+/y;
const TARGET = /\(\s{0,9}<?([^\s()<>]{1,2000}(?:\([^\s()<>]{0,200}\)[^\s()<>]{0,200})?)>?(?:\s{1,9}"[^"]{0,300}")?\s{0,9}\)/y;
const AUTOLINK = /<([a-z]{4,6}:[^\s<>]{1,2000})>/iy;
const ESCAPE = /\\([!-/:-@[-`{-~])/y;

/** What marks of a kind, that are open, begin. @typedef {{name: string, at: number}} Opener */

/**
 * A text with emphasis, code and links. Of each kind of mark at most one is open, the last:
 * nothing is nested deep, and what is behind is never looked through again.
 *
 * @param {string} text
 * @returns {(Node | string)[]}
 */
function inline(text) {
  /** @type {(Node | string)[]} */
  const nodes = [];
  /** @type {Opener[]} */
  let open = [];
  const closing = tickRuns(text);
  let at = 0;
  /** @param {RegExp} pattern */
  const take = (pattern) => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at += found[0].length;
    return found;
  };
  /** @param {string} piece */
  const say = (piece) => {
    const last = nodes.length - 1;
    // What is open stands by itself. The rest is few nodes, however many marks it has.
    if (typeof nodes[last] === "string" && open.at(-1)?.at !== last) nodes[last] += piece;
    else nodes.push(piece);
  };
  /** @param {string} mark */
  const begin = (mark) => {
    open = open.filter(({ name }) => name !== mark);
    open.push({ name: mark, at: nodes.length });
    nodes.push(mark);
  };
  /**
   * Put what is behind an opener into an element, in its place.
   *
   * @param {string} mark
   * @param {HTMLElement} made
   */
  const end = (mark, made) => {
    const nth = open.findIndex(({ name }) => name === mark);
    const [, ...inside] = nodes.splice(open[nth].at);
    open.length = nth;
    made.append(...inside);
    nodes.push(made);
  };
  /** @param {string} mark */
  const isOpen = (mark) => open.some(({ name }) => name === mark);

  while (at < text.length) {
    const start = at;
    const plain = take(PLAIN) ?? take(ESCAPE);
    if (plain) {
      say(plain[1] ?? plain[0]);
    } else if (text[at] === "`") {
      const [ticks] = /** @type {RegExpExecArray} */ (take(TICKS));
      const close = closing(ticks.length, at);
      if (close < 0) say(ticks);
      else nodes.push(codeElement(text.slice(at, close)));
      if (close >= 0) at = close + ticks.length;
    } else if (/[*_~]/.test(text[at])) {
      const [run] = /** @type {RegExpExecArray} */ (take(MARKS));
      emphasise(run, text[start - 1] ?? " ", text[at] ?? " ");
    } else if (text[at] === "\n" || text.startsWith("\\\n", at)) {
      const isHard = text[at] === "\\" || text.slice(Math.max(0, at - 2), at) === "  ";
      at += text[at] === "\\" ? 2 : 1;
      if (isHard) nodes.push(document.createElement("br"));
      say("\n");
    } else if (text[at] === "[" || text.startsWith("![", at)) {
      at += text[at] === "[" ? 1 : 2;
      begin(text.slice(start, at));
    } else if (text[at] === "]") {
      at += 1;
      endLink();
    } else {
      const url = take(AUTOLINK)?.[1];
      if (url && isSafe(url)) nodes.push(linkTo(url, url));
      else if (url) say(text.slice(start, at));
      else {
        say(text[at]);
        at += 1;
      }
    }
  }
  return nodes;

  /**
   * @param {string} run of marks of a kind
   * @param {string} before
   * @param {string} after
   */
  function emphasise(run, before, after) {
    const isWord = /[\p{L}\p{N}]/u;
    const isInside = run[0] === "_" && isWord.test(before) && isWord.test(after);
    const marks = run[0] === "~" ? (run === "~~" ? [run] : []) : marksOf(run);
    if (marks.length === 0 || isInside) return say(run);
    const mayClose = /\S/.test(before);
    const innermost = [...open].reverse().map(({ name }) => name).filter((name) => marks.includes(name));
    const ordered = mayClose && innermost.length === marks.length ? innermost : marks;
    for (const mark of ordered) {
      if (mayClose && isOpen(mark)) end(mark, document.createElement(ELEMENTS[mark]));
      else if (/\S/.test(after)) begin(mark);
      else say(mark);
    }
  }

  function endLink() {
    const opener = open.findLast(({ name }) => name.endsWith("["));
    const target = opener && text[at] === "(" ? take(TARGET) : null;
    if (!opener || !target || !isSafe(target[1])) {
      open = open.filter((other) => other !== opener);
      say("]");
      if (target) say(target[0]);
      return;
    }
    // A picture of elsewhere is not loaded: it is a link, or part of one.
    const isInLink = opener.name === "![" && isOpen("[");
    end(opener.name, isInLink ? document.createElement("span") : linkTo(target[1]));
  }
}

const ELEMENTS = /** @type {Record<string, string>} */ ({
  "*": "em",
  "**": "strong",
  _: "em",
  __: "strong",
  "~~": "s",
});

/** @param {string} run of asterisks or underscores */
function marksOf(run) {
  if (run.length > 3) return [];
  return run.length === 3 ? [run.slice(0, 2), run[0]] : [run];
}

/**
 * Where runs of backticks are, by their length: looked up from left to right.
 *
 * @param {string} text
 * @returns {(length: number, from: number) => number} where the next is, or -1
 */
function tickRuns(text) {
  /** @type {Map<number, number[]>} */
  const runs = new Map();
  for (const { 0: { length }, index } of text.matchAll(/`+/g)) {
    const known = runs.get(length);
    if (known) known.push(index);
    else runs.set(length, [index]);
  }
  for (const known of runs.values()) known.reverse();
  return (length, from) => {
    const known = runs.get(length) ?? [];
    while (known.length > 0 && known[known.length - 1] < from) known.pop();
    return known.at(-1) ?? -1;
  };
}

/** @param {string} code */
function codeElement(code) {
  const text = code.replaceAll("\n", " ");
  const isPadded = text.startsWith(" ") && text.endsWith(" ") && !isBlank(text);
  return textElement("code", isPadded ? text.slice(1, -1) : text);
}

/** @param {string} url */
function isSafe(url) {
  return URL.canParse(url) && ["http:", "https:", "mailto:"].includes(new URL(url).protocol);
}

/**
 * @param {string} url
 * @param {string} [text]
 */
function linkTo(url, text = "") {
  const link = document.createElement("a");
  Object.assign(link, { href: url, title: url, target: "_blank", rel: "noopener" });
  link.textContent = text;
  return link;
}
