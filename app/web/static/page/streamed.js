/** The text that a function streams: all of it kept, and as much shown as one can read. */

/** Characters that are shown; so many more may wait in memory. */
export const SHOWN = 200_000;
/** Characters after which the browser takes them out of the page's own memory. */
const PART = 250_000;
/** A block ends with the first line that ends after so many characters, or with so many. */
const BLOCK = 4_000;
const LONGEST_BLOCK = 20_000;
/** Pixels from the end within which a reader counts as reading along. */
const NEAR = 24;

export class Transcript {
  /** Characters in all. */
  length = 0;
  #tail = "";
  /** @type {Blob[]} */
  #parts = [];
  #pending = "";

  /** @param {string} text */
  append(text) {
    this.length += text.length;
    this.#tail += text;
    if (this.#tail.length > 2 * SHOWN) this.#tail = this.#tail.slice(-SHOWN);
    this.#pending += text;
    if (this.#pending.length < PART) return;
    this.#parts.push(new Blob([this.#pending]));
    this.#pending = "";
  }

  /**
   * What came after a position, as far as it is still at hand.
   *
   * @param {number} position in characters
   */
  since(position) {
    const lost = this.length - this.#tail.length;
    return this.#tail.slice(Math.max(0, position - lost)).slice(-SHOWN);
  }

  whole() {
    return new Blob([...this.#parts, this.#pending], { type: "text/plain;charset=utf-8" });
  }
}

/** Draws a transcript into an element that scrolls. */
export class StreamView {
  #node;
  #transcript = new Transcript();
  #position = 0;
  #shown = 0;
  #readsAlong = true;

  /** @param {HTMLElement} node */
  constructor(node) {
    this.#node = node;
    node.addEventListener("scroll", () => {
      this.#readsAlong = node.scrollTop + node.clientHeight >= node.scrollHeight - NEAR;
    });
  }

  /** Characters before the first that is shown. */
  get skipped() {
    return this.#position - this.#shown;
  }

  /** @param {Transcript} transcript */
  show(transcript) {
    this.#transcript = transcript;
    this.#position = 0;
    this.#readsAlong = true;
    this.#clear();
    this.draw();
  }

  /** Show what has come since the last time. */
  draw() {
    const text = this.#transcript.since(this.#position);
    if (text === "") return;
    // Too much at once: what was shown does not lead up to it.
    if (this.#position + text.length < this.#transcript.length) this.#clear();
    this.#position = this.#transcript.length;
    this.#append(text);
    const blocks = this.#node.children;
    while (this.#shown > SHOWN && blocks.length > 1) {
      this.#shown -= blocks[0].textContent?.length ?? 0;
      blocks[0].remove();
    }
    if (this.#readsAlong) this.#node.scrollTop = this.#node.scrollHeight;
  }

  #clear() {
    this.#node.replaceChildren();
    this.#shown = 0;
  }

  /** @param {string} text */
  #append(text) {
    this.#shown += text.length;
    for (let at = 0; at < text.length; ) {
      const block = this.#openBlock();
      const line = text.indexOf("\n", at + Math.max(0, BLOCK - block.length)) + 1 || text.length;
      const end = Math.min(line, at + LONGEST_BLOCK - block.length);
      block.appendData(text.slice(at, end));
      at = end;
    }
  }

  /** The last block, or a new one where that is full. */
  #openBlock() {
    const last = /** @type {Text | undefined} */ (this.#node.lastChild?.firstChild);
    const length = last?.length ?? 0;
    if (last && length < BLOCK) return last;
    if (last && length < LONGEST_BLOCK && !last.data.endsWith("\n")) return last;
    const block = document.createTextNode("");
    const made = document.createElement("span");
    made.append(block);
    this.#node.append(made);
    return block;
  }
}
