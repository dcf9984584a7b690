/**
 * Signing in through an issuer, as a public client: OpenID Connect's authorization code with
 * PKCE. Imported when it is wanted. See `aikagi.d.ts`.
 */
import { IssuerError, LoginEndedError, UnreachableError } from "./errors.js";

/**
 * @typedef {import("./aikagi.d.ts").Issuer} Issuer
 * @typedef {import("./session.js").Tokens} Tokens
 * @typedef {import("./session.js").Issuance} Issuance
 */

/** Where a request waits while the browser is at the issuer: in this tab, and no longer. */
const WAITING = "aikagi-sign-in";

/** By so much the clocks of an issuer, a broker and this machine may differ. */
const LEEWAY_S = 300;

/** How long an issuer has for the first answer to a refresh token, before another try. */
const REFRESH_TIMEOUT_MS = 8_000;

const TIMEOUT_MS = 15_000;

/**
 * @typedef {object} Waiting
 * @property {Issuer} issuer
 * @property {string} redirectUri
 * @property {string} state
 * @property {string} nonce
 * @property {string} verifier
 * @property {string} hash of the page
 * @property {boolean} silent
 */

export class SignIn {
  /** @type {Issuer | null} */
  issuer = null;
  #transport;
  #fetch;
  #clock;
  #enter;

  /**
   * @param {import("./session.js").Transport} transport
   * @param {typeof globalThis.fetch} fetch
   * @param {import("./session.js").Clock} clock
   * @param {(tokens: Tokens, requestedAt: number, issuance: Issuance) => void} enter
   */
  constructor(transport, fetch, clock, enter) {
    this.#transport = transport;
    this.#fetch = fetch;
    this.#clock = clock;
    this.#enter = enter;
  }

  /**
   * @param {Issuer} issuer
   * @param {{silent?: boolean, redirectUri?: string}} [options]
   */
  async begin(issuer, { silent = false, redirectUri = location.origin + location.pathname } = {}) {
    const { authorization_endpoint } = await this.#metadata(issuer);
    const [state, nonce, verifier] = [random(), random(), random()];
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
    const address = new URL(authorization_endpoint);
    const query = {
      response_type: "code",
      client_id: issuer.client_id,
      redirect_uri: redirectUri,
      scope: issuer.scopes.join(" "),
      state,
      nonce,
      code_challenge: base64url(new Uint8Array(digest)),
      code_challenge_method: "S256",
      ...(silent && { prompt: "none" }),
    };
    for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
    const waiting = { issuer, redirectUri, state, nonce, verifier, hash: location.hash, silent };
    sessionStorage.setItem(WAITING, JSON.stringify(waiting));
    // Back leads past a request that nobody has made.
    if (silent) location.replace(address);
    else location.assign(address);
  }

  /**
   * Take what an issuer has sent back, if this is such a page, and log in with it. The address
   * of the page is what it was before.
   */
  async complete() {
    const waiting = takeWaiting();
    const response = new URLSearchParams(location.search);
    if (!response.has("state") || !(response.has("code") || response.has("error"))) return null;
    history.replaceState(null, "", location.pathname + (waiting?.hash ?? location.hash));
    if (!waiting || [...response].length !== new Set(response.keys()).size) throw new IssuerError("state");
    const { issuer, silent } = waiting;
    this.issuer = issuer;
    const metadata = await this.#metadata(issuer);
    const code = codeOf(response, waiting, metadata);
    const requestedAt = this.#clock.local();
    const answer = await this.#post(metadata.token_endpoint, {
      grant_type: "authorization_code",
      code,
      redirect_uri: waiting.redirectUri,
      client_id: issuer.client_id,
      code_verifier: waiting.verifier,
    });
    const subject = { nonce: waiting.nonce };
    const tokens = await this.#tokens(issuer, answer, subject);
    this.#enter(tokens, requestedAt, this.#issuance(issuer, subjectOf(answer)));
    return { issuer, silent };
  }

  /**
   * Where a browser ends its own session at the issuer; null where it has no such place.
   *
   * @param {Issuer} issuer
   */
  async endSessionUrl(issuer) {
    const { end_session_endpoint } = await this.#metadata(issuer);
    if (typeof end_session_endpoint !== "string") return null;
    const address = privateUrl(end_session_endpoint);
    address.searchParams.set("client_id", issuer.client_id);
    return address.href;
  }

  /**
   * @param {Issuer} issuer
   * @param {string | undefined} subject whom its ID tokens are of
   * @returns {Issuance}
   */
  #issuance(issuer, subject) {
    return {
      renew: async (refresh_token) => {
        const { token_endpoint } = await this.#metadata(issuer);
        const form = { grant_type: "refresh_token", refresh_token, client_id: issuer.client_id };
        const answer = await this.#spend(token_endpoint, form);
        if (issuer.send_token === "id_token" && answer.id_token === undefined) throw new LoginEndedError();
        const renewed = await this.#tokens(issuer, answer, { subject });
        // RFC 6749, section 6: where none comes, the one before is good still.
        return { ...renewed, refresh_token: renewed.refresh_token ?? refresh_token };
      },
      revoke: async (token) => {
        const { revocation_endpoint } = await this.#metadata(issuer);
        if (!token || typeof revocation_endpoint !== "string") return;
        const form = { token, token_type_hint: "refresh_token", client_id: issuer.client_id };
        await this.#request(privateUrl(revocation_endpoint), { ...post(form), keepalive: true });
      },
    };
  }

  /**
   * @param {string} endpoint
   * @param {Record<string, string>} form with a refresh token
   */
  async #spend(endpoint, form) {
    try {
      return await this.#post(endpoint, form, REFRESH_TIMEOUT_MS).catch((error) => {
        if (!(error instanceof UnreachableError)) throw error;
        // The answer may have been lost on its way. Issuers that allow for that repeat it.
        return this.#post(endpoint, form);
      });
    } catch (error) {
      throw error instanceof IssuerError && error.error === "invalid_grant" ? new LoginEndedError() : error;
    }
  }

  /**
   * @param {Issuer} issuer
   * @param {Record<string, any>} answer of the token endpoint
   * @param {{nonce?: string, subject?: string}} expected
   * @returns {Promise<Tokens>} of which the first is the one that the broker takes
   */
  async #tokens(issuer, answer, expected) {
    const now = await this.#now();
    const sent = answer[issuer.send_token];
    if (answer.id_token !== undefined || issuer.send_token === "id_token") {
      checkIdToken(claimsOf(answer.id_token), issuer, expected, now);
    }
    const isTimed = issuer.send_token === "access_token" && typeof answer.expires_in === "number";
    const expires_in = isTimed ? answer.expires_in : Number(claimsOf(sent).exp) - now;
    if (typeof sent !== "string" || !(expires_in > 0)) throw new IssuerError("token");
    const { refresh_token } = answer;
    return { access_token: sent, expires_in, ...(typeof refresh_token === "string" && { refresh_token }) };
  }

  /** Seconds, by the broker's clock: this machine's may be wrong by hours. */
  async #now() {
    const date = await this.#transport.date("healthz").catch(() => null);
    return (date ?? this.#clock.now()) / 1000;
  }

  /**
   * @param {Issuer} issuer
   * @returns {Promise<Record<string, any>>} where it answers
   */
  async #metadata({ issuer }) {
    const address = `${issuer.replace(/\/+$/, "")}/.well-known/openid-configuration`;
    const found = await this.#request(privateUrl(address), {});
    // OpenID Connect Discovery 1.0, section 4.3: identical.
    if (found.issuer !== issuer) throw new IssuerError("issuer");
    privateUrl(found.authorization_endpoint);
    return found;
  }

  /**
   * @param {string} endpoint
   * @param {Record<string, string>} form
   * @param {number} [timeoutMs]
   */
  #post(endpoint, form, timeoutMs) {
    return this.#request(privateUrl(endpoint), post(form), timeoutMs);
  }

  /**
   * @param {URL} address
   * @param {RequestInit} init
   * @returns {Promise<Record<string, any>>}
   * @throws {IssuerError | UnreachableError}
   */
  async #request(address, init, timeoutMs = TIMEOUT_MS) {
    let answer;
    let body;
    try {
      answer = await this.#fetch(address, {
        ...init,
        cache: "no-store",
        credentials: "omit",
        redirect: "error",
        signal: AbortSignal.timeout(timeoutMs),
      });
      body = Object(await answer.json().catch(() => null));
    } catch (error) {
      throw new UnreachableError("issuer", error);
    }
    if (answer.ok) return body;
    if (answer.status >= 500) throw new UnreachableError("issuer", new TypeError(String(answer.status)));
    const { error, error_description } = body;
    throw new IssuerError(String(error ?? answer.status), String(error_description ?? ""));
  }
}

/** Read once: what comes back a second time finds nothing. @returns {Waiting | null} */
function takeWaiting() {
  try {
    const waiting = JSON.parse(sessionStorage.getItem(WAITING) ?? "null");
    sessionStorage.removeItem(WAITING);
    return waiting;
  } catch {
    return null; // switched off, or not ours
  }
}

/**
 * @param {URLSearchParams} response
 * @param {Waiting} waiting
 * @param {Record<string, any>} metadata
 */
function codeOf(response, { state, issuer }, metadata) {
  if (response.get("state") !== state) throw new IssuerError("state");
  // RFC 9207, section 2.4. Who says that it names itself has to.
  const isNamed = response.has("iss") || metadata.authorization_response_iss_parameter_supported === true;
  if (isNamed && response.get("iss") !== issuer.issuer) throw new IssuerError("iss");
  const error = response.get("error");
  if (error !== null) throw new IssuerError(error, response.get("error_description") ?? "");
  return response.get("code") ?? "";
}

/**
 * What a public client has to check of an ID token (OpenID Connect Core, 3.1.3.7). The broker
 * verifies its signature.
 *
 * @param {Record<string, any>} claims
 * @param {Issuer} issuer
 * @param {{nonce?: string, subject?: string}} expected
 * @param {number} now seconds
 */
function checkIdToken({ iss, aud, azp, nonce, exp, sub }, issuer, expected, now) {
  const audiences = [aud].flat();
  const isOurs = audiences.includes(issuer.client_id);
  const isBare = azp === undefined && audiences.length === 1;
  const wrong = {
    iss: iss !== issuer.issuer,
    aud: !isOurs || !(isBare || azp === issuer.client_id),
    nonce: expected.nonce !== undefined && nonce !== expected.nonce,
    exp: typeof exp !== "number" || exp <= now - LEEWAY_S,
    sub: typeof sub !== "string" || (expected.subject !== undefined && sub !== expected.subject),
  };
  const found = Object.entries(wrong).find(([, isWrong]) => isWrong);
  if (found) throw new IssuerError(found[0]);
}

/**
 * @param {unknown} token
 * @returns {Record<string, any>}
 */
function claimsOf(token) {
  try {
    const [, payload] = String(token).split(".");
    const bytes = Uint8Array.from(atob(payload.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
    return Object(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    throw new IssuerError("token");
  }
}

/** @param {Record<string, any>} answer @returns {string | undefined} */
const subjectOf = ({ id_token }) => (id_token === undefined ? undefined : claimsOf(id_token).sub);

/** Nothing secret is sent in the open. @param {unknown} address */
function privateUrl(address) {
  const url = URL.parse(String(address));
  const isLocal = url?.protocol === "http:" && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (!url || !(url.protocol === "https:" || isLocal)) throw new IssuerError("address");
  return url;
}

/** @param {Record<string, string>} form @returns {RequestInit} */
const post = (form) => ({ method: "POST", body: new URLSearchParams(form) });

const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

/** @param {Uint8Array} bytes */
function base64url(bytes) {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
