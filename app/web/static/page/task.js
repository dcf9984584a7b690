/** One call of a function: what was asked, and what has been told of it so far. */
import { TaskError } from "./aikagi.js";
import { Transcript } from "./streamed.js";

/**
 * @typedef {import("./aikagi.d.ts").FunctionEntry} FunctionEntry
 * @typedef {import("./aikagi.d.ts").TaskEvent} TaskEvent
 * @typedef {{status: number, statusText: string, headers: Headers, url: string}} Head
 *
 * @typedef {object} Step
 * @property {string} code
 * @property {string} message
 * @property {number} [share] of it that is done, from 0 to 1
 */

/** More than anybody names. A function that never repeats a code must not fill the page. */
const MOST_STEPS = 8;
const MOST_WORDS = 500;

export class Task {
  /** @type {"running" | "done" | "failed" | "cancelled"} */
  state = "running";
  began = Date.now();
  /** Milliseconds since then: the first byte of the answer, and its end. */
  firstByte = 0;
  took = 0;
  events = 0;
  /** @type {Step[]} */
  steps = [];
  text = new Transcript();
  /** @type {{value: unknown, text?: string} | null} */
  result = null;
  /** @type {unknown} */
  error = null;
  /** @type {Head | null} */
  head = null;
  /** When the key that opened it ends, by the broker's clock; and in whose name it is. */
  keyEnd = 0;
  session = "";
  #total = 0;
  #started = performance.now();
  #controller = new AbortController();

  /**
   * @param {FunctionEntry} entry
   * @param {import("./request-form.js").Draft} draft
   * @param {import("./aikagi.d.ts").FunctionRequest} request
   */
  constructor(entry, draft, request) {
    this.entry = entry;
    this.draft = draft;
    this.request = request;
  }

  get signal() {
    return this.#controller.signal;
  }

  get isRunning() {
    return this.state === "running";
  }

  /** Milliseconds, so far or in all. */
  get elapsed() {
    return this.isRunning ? performance.now() - this.#started : this.took;
  }

  /** The function is not told. */
  cancel() {
    this.#end("cancelled");
    this.#controller.abort();
  }

  /**
   * @param {import("./aikagi.d.ts").Call} call
   * @param {() => void} changed is called often
   */
  async follow(call, changed) {
    call.response.then((head) => this.#begin(head)).then(changed, () => {});
    try {
      for await (const event of call) {
        this.#hear(event);
        changed();
      }
      this.#end(this.error ? "failed" : "done");
    } catch (error) {
      if (!this.isRunning) return;
      this.error = error;
      this.#end("failed");
    }
  }

  /** @param {Head} head */
  #begin(head) {
    this.head = head;
    this.firstByte = performance.now() - this.#started;
  }

  /** @param {TaskEvent} event */
  #hear(event) {
    this.events += 1;
    if (event.type === "start") this.#total = Number(event.total);
    else if (event.type === "progress") this.#step(event);
    else if (event.type === "output") this.text.append(event.text);
    else if (event.type === "result") this.result = event;
    else if (event.type === "error") this.error = new TaskError(event.code, event.message);
  }

  /** @param {TaskEvent & {type: "progress"}} event */
  #step({ done, total = this.#total, code, message }) {
    const share = total > 0 && Number.isFinite(total) ? Math.min(1, Math.max(0, done / total)) : undefined;
    const step = { code: String(code ?? ""), message: String(message ?? "").slice(0, MOST_WORDS), share };
    if (this.steps.at(-1)?.code === step.code) this.steps.pop();
    this.steps.push(step);
    if (this.steps.length > MOST_STEPS) this.steps.shift();
  }

  /** @param {"done" | "failed" | "cancelled"} state */
  #end(state) {
    if (!this.isRunning) return;
    this.took = this.elapsed;
    this.state = state;
  }
}
