/** The runs of this tab: what was asked of functions, and what has come of it so far. */

/**
 * @typedef {import("../client/aikagi.d.ts").FunctionEntry} FunctionEntry
 * @typedef {import("../client/aikagi.d.ts").TaskEvent} TaskEvent
 * @typedef {{status: number, statusText: string, headers: Headers, url: string}} Head
 *
 * @typedef {object} Step
 * @property {string} code
 * @property {string} message
 * @property {number} [share] of it that is done, from 0 to 1
 */

/** Characters that are shown; of streamed text so many more may wait in memory. */
export const SHOWN = 100_000;

/** Content types of answers that come piece by piece. */
const STREAMS = /ndjson|jsonl|event-stream|^text\/(?!json)/i;

/** More than anybody names. A function that never repeats a code must not fill the page. */
const MOST_STEPS = 8;
const MOST_WORDS = 500;

/** Characters or bytes after which the browser takes them out of the page's own memory. */
const PART = 250_000;

/** Pieces of text or of bytes, of any number. */
class Pieces {
  /** @type {Blob[]} */
  #parts = [];
  /** @type {(string | Uint8Array<ArrayBuffer>)[]} */
  #pending = [];
  #size = 0;

  /** @param {string | Uint8Array<ArrayBuffer>} piece */
  append(piece) {
    this.#pending.push(piece);
    this.#size += piece.length;
    if (this.#size < PART) return;
    this.#parts.push(new Blob(this.#pending));
    this.#pending = [];
    this.#size = 0;
  }

  /** @param {string} type */
  whole(type) {
    return new Blob([...this.#parts, ...this.#pending], { type });
  }
}

/** What a task has written so far. */
export class Transcript {
  /** Characters in all. */
  length = 0;
  #tail = "";
  #text = new Pieces();
  /** Of a text that came as no event. @type {Pieces | null} */
  #bytes = null;

  /**
   * @param {string} text
   * @param {Uint8Array<ArrayBuffer>} [bytes] that it was read from
   */
  append(text, bytes) {
    this.length += text.length;
    this.#tail += text;
    if (this.#tail.length > 2 * SHOWN) this.#tail = this.#tail.slice(-SHOWN);
    this.#text.append(text);
    if (bytes) (this.#bytes ??= new Pieces()).append(bytes);
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
    return this.#text.whole("text/plain;charset=utf-8");
  }

  /** As it came, in whatever charset. */
  bytes() {
    return this.#bytes?.whole("text/plain") ?? this.whole();
  }

  /** @param {unknown} value */
  async equals(value) {
    if (typeof value !== "string" || value.length !== this.length) return false;
    return (await this.whole().text()) === value;
  }
}

/** @type {typeof import("./pace.js").Pace | undefined} */
let Pace;
let isPaceAsked = false;

/** Without it the page does not say how long a step will take. */
function loadPace() {
  if (isPaceAsked) return;
  isPaceAsked = true;
  import("./pace.js").then((module) => (Pace = module.Pace), () => {});
}

/** One call of a function. */
export class Run {
  /** @type {"running" | "done" | "failed" | "cancelled"} */
  state = "running";
  began = Date.now();
  /** Whether the request has left: from then on the function may be at work. */
  isSent = false;
  /** Milliseconds since it began: the first byte of the answer, and its end. */
  firstByte = 0;
  took = 0;
  events = 0;
  /** @type {Step[]} */
  steps = [];
  text = new Transcript();
  /** @type {{value: unknown, text?: string, body?: Blob, isStreamed?: boolean} | null} */
  result = null;
  /** @type {unknown} */
  error = null;
  /** @type {Head | null} */
  head = null;
  /** When the credentials that opened it end, by the broker's clock; and in whose name it is. */
  keyEnd = 0;
  session = "";
  #total = 0;
  #started = performance.now();
  #heard = this.#started;
  /** Of the step that it is in. @type {import("./pace.js").Pace | null} */
  #pace = null;
  #controller = new AbortController();

  /**
   * @param {FunctionEntry} entry
   * @param {import("./request.js").Draft} draft
   * @param {import("../client/aikagi.d.ts").FunctionRequest} request
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

  /** Of the step that it is in, from 0 to 1, if that is known. */
  get share() {
    return this.state === "done" ? 1 : this.steps.at(-1)?.share;
  }

  /**
   * Milliseconds since something came; null where nothing could: before the request has left,
   * or while an answer comes that is no stream.
   */
  get silence() {
    const { isRunning, isSent, head, entry } = this;
    const type = head?.headers.get("Content-Type") ?? "text/";
    const speaks = entry.InvokeMode === "RESPONSE_STREAM" && STREAMS.test(type);
    return isRunning && isSent && speaks ? performance.now() - this.#heard : null;
  }

  /** Milliseconds that the step will take, if its progress tells. */
  get left() {
    return (this.isRunning && this.#pace?.left(performance.now())) || null;
  }

  /** The function is not notified. */
  cancel() {
    this.#end("cancelled");
    this.#controller.abort();
  }

  /**
   * @param {import("../client/aikagi.d.ts").Call} call
   * @param {() => void} changed is called often
   */
  async follow(call, changed) {
    call.sent.then(() => this.#send()).then(changed, () => {});
    call.response.then((head) => this.#begin(head)).then(changed, () => {});
    try {
      for await (const event of call) {
        this.#hear();
        await this.#apply(event);
        changed();
      }
      this.#end("done");
    } catch (error) {
      if (!this.isRunning) return;
      this.error = error;
      this.#end("failed");
    }
  }

  #send() {
    this.isSent = true;
    this.#hear();
  }

  /** @param {Head} head */
  #begin(head) {
    this.head = head;
    this.firstByte = performance.now() - this.#started;
    this.#hear();
  }

  #hear() {
    this.#heard = performance.now();
  }

  /** @param {TaskEvent} event */
  #apply(event) {
    this.events += 1;
    if (event.type === "start") this.#total = Number(event.total);
    else if (event.type === "progress") this.#step(event);
    else if (event.type === "output") this.text.append(event.text, event.bytes);
    else if (event.type === "result") return this.#conclude(event);
  }

  /** @param {TaskEvent & {type: "result"}} event */
  async #conclude(event) {
    this.result = { ...event, isStreamed: await this.text.equals(event.value) };
  }

  /** @param {TaskEvent & {type: "progress"}} event */
  #step({ done, total, code, message }) {
    total ??= this.#total;
    const share = total > 0 && Number.isFinite(total) ? Math.min(1, Math.max(0, done / total)) : undefined;
    const step = { code: String(code ?? ""), message: String(message ?? "").slice(0, MOST_WORDS), share };
    if (this.steps.at(-1)?.code === step.code) this.steps.pop();
    else this.#pace = null;
    this.steps.push(step);
    if (this.steps.length > MOST_STEPS) this.steps.shift();
    this.#note(share);
  }

  /** @param {number | undefined} share */
  #note(share) {
    if (Pace) this.#pace ??= new Pace();
    else loadPace();
    this.#pace?.note(share, performance.now());
  }

  /** @param {"done" | "failed" | "cancelled"} state */
  #end(state) {
    if (!this.isRunning) return;
    this.took = this.elapsed;
    this.state = state;
  }
}

const MOST_RUNS = 20;

/** The last runs: in memory, and one person's only. The newest is first. */
export class Runs {
  /** @type {Run[]} */
  #all = [];

  get all() {
    return [...this.#all];
  }

  get running() {
    return this.#all.filter((run) => run.isRunning);
  }

  /** @param {Run} run */
  add(run) {
    this.#all.unshift(run);
    while (this.#all.length > MOST_RUNS) {
      // What runs is never out of sight, however many have come after it.
      const oldest = this.#all.findLastIndex(({ isRunning }) => !isRunning);
      if (oldest < 0) return;
      this.#all.splice(oldest, 1);
    }
  }

  /** @param {Run} run that never ran */
  remove(run) {
    this.#all = this.#all.filter((other) => other !== run);
  }

  /** Wait for none of them any more, and forget them. */
  clear() {
    for (const run of this.running) run.cancel();
    this.#all = [];
  }
}
