/** What functions answer, as events, whatever form it comes in. */
import { lines, ndjson, sse } from "./events.js";

/** @typedef {import("./aikagi.d.ts").TaskEvent} TaskEvent */

/** Of a failure's own words. */
const MOST_WORDS = 64 * 1024;

/**
 * The events of an answer, batched as they arrive. An answer that is no stream of events
 * is a result: of JSON its value, and its text as it was written; of other text a string,
 * whose pieces are output; of all else a Blob; null where there is nothing.
 *
 * @param {Response} answer
 * @returns {AsyncGenerator<Iterable<TaskEvent>, void, void>}
 */
export async function* batchesOf(answer) {
  const [type] = (answer.headers.get("Content-Type") ?? "").toLowerCase().split(/[ ;]/);
  if (/^application\/(x-)?(ndjson|jsonl|jsonlines)$/.test(type)) {
    for await (const batch of lines(chunksOf(answer))) yield ndjson(batch);
  } else if (type === "text/event-stream") {
    const told = sse();
    for await (const batch of lines(chunksOf(answer))) yield told(batch);
  } else if (type.startsWith("text/")) {
    yield* output(answer);
  } else if (/[/+]json$/.test(type)) {
    yield [json(await answer.text())];
  } else {
    const blob = await answer.blob();
    yield [{ type: "result", value: blob.size > 0 ? blob : null }];
  }
}

/**
 * The beginning of an answer's text.
 *
 * @param {Response} answer
 */
export async function beginningOf(answer) {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of chunksOf(answer)) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MOST_WORDS) break;
  }
  return text.slice(0, MOST_WORDS);
}

/**
 * @param {Response} answer
 * @returns {AsyncGenerator<TaskEvent[], void, void>}
 */
async function* output(answer) {
  const decoder = new TextDecoder();
  let value = "";
  for await (const chunk of chunksOf(answer)) {
    const text = decoder.decode(chunk, { stream: true });
    value += text;
    yield [{ type: "output", text }];
  }
  const text = decoder.decode();
  if (text) yield [{ type: "output", text }];
  yield [{ type: "result", value: value + text }];
}

/**
 * Lambda calls JSON whatever a function gives no name, a bare word too.
 *
 * @param {string} text
 * @returns {TaskEvent}
 */
function json(text) {
  if (text === "") return { type: "result", value: null };
  try {
    return { type: "result", value: JSON.parse(text), text };
  } catch {
    return { type: "result", value: text };
  }
}

/**
 * @param {Response} answer
 * @returns {AsyncGenerator<Uint8Array, void, void>}
 */
async function* chunksOf({ body }) {
  const reader = body?.getReader();
  try {
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true };
      if (done) return;
      yield value;
    }
  } finally {
    reader?.cancel().catch(() => {});
  }
}
