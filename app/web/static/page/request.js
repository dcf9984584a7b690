/**
 * Requests put so that what is sent is what was signed. Browsers, proxies and verifiers
 * read a URL in more than one way; here it is written in the one they agree on.
 */
import { AddressError } from "./errors.js";

/**
 * The request as the browser will send it: its body as bytes, so that what is hashed is
 * what is sent and a second try has it too, and without the headers a page may not set.
 *
 * @param {string} method
 * @param {RequestInit} init
 * @returns {Promise<RequestInit>}
 */
export async function settled(method, init) {
  const streamed = init.body instanceof ReadableStream ? { duplex: "half" } : {};
  const shaped = new Request("https://signed.invalid/", { ...init, ...streamed, method });
  return {
    ...init,
    method,
    headers: new Headers(shaped.headers),
    body: init.body == null ? undefined : await shaped.arrayBuffer(),
    cache: "no-store",
    credentials: "omit",
    // Authorization is taken off at another origin, the session token is not.
    redirect: "manual",
  };
}

/**
 * Where a path leads on a function's address, written as it is signed.
 *
 * @param {string} path
 * @param {string} functionUrl
 * @returns {URL}
 * @throws {AddressError} where it would lead anywhere else
 */
export function addressOf(path, functionUrl) {
  const home = new URL(functionUrl);
  const url = URL.canParse(path, home) ? new URL(path, home) : null;
  // "//evil.example/" is a path too, and the session token would go there.
  if (!url?.href.startsWith(`${home.origin}/`)) {
    throw new AddressError("The path must stay at the function's own address: begin it with one /");
  }
  return canonical(url);
}

/** @param {URL} url */
function canonical(url) {
  const written = new URL(url);
  written.hash = "";
  written.pathname = url.pathname
    .replace(/%(?![0-9a-f]{2})/gi, "%25")
    .replace(/%[0-9a-f]{2}/gi, (escape) => escape.toUpperCase())
    .replace(/\/{2,}/g, "/");
  written.search = [...url.searchParams]
    .filter(([name]) => name !== "") // nothing signs them
    .map(([name, value]) => `${rfc3986(name)}=${rfc3986(value)}`)
    .join("&");
  return written;
}

/** @param {string} text */
function rfc3986(text) {
  const hex = (/** @type {string} */ c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text).replace(/[!'()*]/g, hex);
}
