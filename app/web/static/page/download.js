/** What a download is called. Imported when somebody downloads. */

/** Of the media types that functions answer with. */
const ENDINGS = /** @type {Record<string, string>} */ ({
  "application/gzip": ".gz",
  "application/json": ".json",
  "application/pdf": ".pdf",
  "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
  "application/xml": ".xml",
  "application/yaml": ".yaml",
  "application/zip": ".zip",
  "audio/mpeg": ".mp3",
  "audio/ogg": ".ogg",
  "audio/wav": ".wav",
  "image/avif": ".avif",
  "image/gif": ".gif",
  "image/jpeg": ".jpg",
  "image/png": ".png",
  "image/svg+xml": ".svg",
  "image/tiff": ".tiff",
  "image/webp": ".webp",
  "text/calendar": ".ics",
  "text/css": ".css",
  "text/csv": ".csv",
  "text/html": ".html",
  "text/javascript": ".js",
  "text/markdown": ".md",
  "text/tab-separated-values": ".tsv",
  "text/x-markdown": ".md",
  "text/xml": ".xml",
  "text/yaml": ".yaml",
  "video/mp4": ".mp4",
  "video/webm": ".webm",
});

/** A text that came in events is not what these say. */
const EVENTS = /ndjson|jsonl|event-stream/i;

/**
 * As the function calls it; else by the function, the local time, and what it is.
 *
 * @param {import("./runs.js").Run} run
 * @param {string} [type] of what is saved, where it is not the answer's text
 */
export function fileName({ entry, head, began }, type) {
  const contentType = head?.headers.get("Content-Type") ?? "";
  const isEvents = EVENTS.test(contentType);
  const given = isEvents ? "" : safeName(namedIn(head?.headers.get("Content-Disposition") ?? ""));
  return given || `${entry.Name}-${stamp(new Date(began))}${endingOf(type ?? (isEvents ? "text/plain" : contentType))}`;
}

/** @param {Date} date */
function stamp(date) {
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  return `${day}-${two(date.getHours())}${two(date.getMinutes())}${two(date.getSeconds())}`;
}

/** @param {string} contentType */
function endingOf(contentType) {
  const type = contentType.split(";")[0].trim().toLowerCase();
  if (type.endsWith("+json")) return ".json";
  return ENDINGS[type] ?? (type === "" || type.startsWith("text/") ? ".txt" : "");
}

const PARAMETER = /;\s*([!#$%&'*+.^_`|~0-9a-z-]+)\s*=\s*(?:"([^"\\]*(?:\\.[^"\\]*)*)"|([^\s;"]*))/gi;

/**
 * RFC 6266: `filename*` before `filename`.
 *
 * @param {string} disposition
 */
function namedIn(disposition) {
  /** @type {Map<string, string>} */
  const found = new Map();
  for (const [, name, quoted, token] of disposition.matchAll(PARAMETER)) {
    found.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, "$1") ?? token);
  }
  return extended(found.get("filename*") ?? "") ?? found.get("filename") ?? "";
}

/** RFC 8187: charset, language and percent signs. @param {string} value */
function extended(value) {
  const [, charset, encoded] = /^(utf-8|iso-8859-1)'[^']*'(.*)$/i.exec(value) ?? [];
  if (!encoded) return null;
  try {
    const isUtf8 = charset.toLowerCase() === "utf-8";
    return isUtf8 ? decodeURIComponent(encoded) : encoded.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  } catch {
    return null; // not what it says
  }
}

const LONGEST = 150;

/** The name alone: of no folder, not hidden, and read as it is written. @param {string} given */
function safeName(given) {
  const name = (given.toWellFormed().split(/[/\\]/).at(-1) ?? "")
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\u200b\ufeff\ufffd]/gu, "")
    .replace(/[<>:"|?*]/g, "_")
    .replace(/^[. ]+/, "")
    .trimEnd()
    .replace(/\.$/, "");
  const ending = /\.[A-Za-z0-9]{1,9}$/.exec(name)?.[0] ?? "";
  return [...name.slice(0, name.length - ending.length)].slice(0, LONGEST).join("") + ending;
}
