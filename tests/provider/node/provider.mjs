/**
 * An OpenID provider on 127.0.0.1, for the tests and for `make run OIDC=1`: nobody has a
 * password, whoever comes chooses who they are.
 *
 * The first line of standard input is its configuration (server.py explains the members). It
 * says on standard output where it answers, and ends with its standard input. Every start has
 * new keys, and knows nobody's login.
 */
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";

// It warns of what is on purpose here: memory as its store, a node that is newer than it.
console.warn = () => {};

// Packages are those of the working directory.
const load = createRequire(join(process.cwd(), "provider.mjs"));
const { default: Provider, interactionPolicy } = load("oidc-provider");

const LOOPBACK = ["127.0.0.1", "localhost"];
const SCOPES = "openid profile groups";
const PAGE = /^\/interaction\/[\w-]+$/;

let input = "";
for await (const piece of process.stdin.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
  input += piece;
  if (input.includes("\n")) break;
}
const settings = JSON.parse(input);
process.stdin.on("end", () => process.exit()).resume();

const server = createServer();
await new Promise((resolve) => server.listen(settings.port, "127.0.0.1", resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

const people = new Map(settings.people.map((person) => [person.sub, person]));
const keys = [newKey("ES256", "ec", { namedCurve: "P-256" }), newKey("RS256", "rsa", { modulusLength: 2048 })];

/** @returns {import("oidc-provider").JWK} a private key */
function newKey(alg, type, options) {
  const { privateKey } = generateKeyPairSync(type, options);
  return { ...privateKey.export({ format: "jwk" }), alg, use: "sig" };
}

const client = {
  token_endpoint_auth_method: "none",
  grant_types: ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
  response_types: ["code"],
  // Of any port: see redirectUriAllowed.
  redirect_uris: LOOPBACK.map((host) => `http://${host}/`),
  post_logout_redirect_uris: LOOPBACK.map((host) => `http://${host}/`),
  scope: SCOPES,
};
const provider = new Provider(issuer, {
  clients: [
    { ...client, client_id: "aikagi", application_type: "web", id_token_signed_response_alg: "ES256" },
    { ...client, client_id: "aikagi-terminal", application_type: "native", id_token_signed_response_alg: "RS256" },
  ],
  jwks: { keys },
  cookies: { keys: [crypto.randomUUID()] },
  claims: { openid: ["sub"], profile: ["name"], groups: ["groups"] },
  scopes: SCOPES.split(" "),
  conformIdTokenClaims: false, // they are in the ID token: nobody asks a userinfo endpoint
  clientBasedCORS: (ctx, origin) => LOOPBACK.includes(new URL(origin).hostname),
  findAccount: (ctx, sub) => people.has(sub) && { accountId: sub, claims: () => people.get(sub) },
  issueRefreshToken: () => settings.refreshes,
  rotateRefreshToken: true,
  loadExistingGrant: consented,
  extraTokenClaims: (ctx, token) => ({ groups: people.get(token.accountId)?.groups ?? [] }),
  ttl: {
    IdToken: settings.lifetime,
    AccessToken: settings.lifetime,
    DeviceCode: settings.device_lifetime,
    Interaction: 3600,
    Session: 86_400,
    Grant: 86_400,
    RefreshToken: 86_400,
  },
  renderError: (ctx, { error, error_description: why }) => show(ctx, error, `<p>${escaped(why ?? "")}</p>`),
  interactions: { policy: interactionPolicy.base(), url: (ctx, { uid }) => `/interaction/${uid}` },
  features: {
    devInteractions: { enabled: false },
    deviceFlow: {
      enabled: settings.devices,
      userCodeInputSource: (ctx, form) => show(ctx, "Type the code", form, submit("op.deviceInputForm", "Continue")),
      userCodeConfirmSource: (ctx, form, client, device, code) =>
        show(
          ctx,
          `Is ${code} on your device?`,
          form,
          submit("op.deviceConfirmForm", "Continue"),
          submit("op.deviceConfirmForm", "Cancel", "abort"),
        ),
      successSource: (ctx) => show(ctx, "Your device is signed in"),
    },
    revocation: { enabled: true },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (ctx, form) =>
        show(
          ctx,
          "Sign out here, too?",
          form,
          submit("op.logoutForm", "Sign out", "logout"),
          submit("op.logoutForm", "Stay"),
        ),
      postLogoutSuccessSource: (ctx) => show(ctx, "You are signed out here"),
    },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => "urn:aikagi:broker",
      useGrantedResource: () => true,
      getResourceServerInfo: (ctx, resource, { idTokenSignedResponseAlg }) => ({
        audience: resource,
        scope: SCOPES,
        accessTokenFormat: "jwt",
        accessTokenTTL: settings.lifetime,
        jwt: { sign: { alg: idTokenSignedResponseAlg } },
      }),
    },
  },
});
provider.on("server_error", (ctx, error) => console.error(error));

// As Entra ID and others do for both kinds of client: the port of loopback does not count.
provider.Client.prototype.redirectUriAllowed = allowsAnyPort;
provider.Client.prototype.postLogoutRedirectUriAllowed = allowsAnyPort;

/** @param {string} uri */
function allowsAnyPort(uri) {
  const url = URL.parse(uri);
  if (!url) return false;
  url.port = "";
  return client.redirect_uris.includes(url.href);
}

/** What there is to consent to, people have consented to. */
async function consented(ctx) {
  const { session, client, result, params } = ctx.oidc;
  const known = result?.consent?.grantId ?? session.grantIdFor(client.clientId);
  const found = known && (await provider.Grant.find(known));
  if (found) return found;
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope(params.scope);
  grant.addResourceScope("urn:aikagi:broker", params.scope);
  await grant.save();
  return grant;
}

/** Ask who somebody is, or whether an application may go on as them. */
async function interact(request, response) {
  const { prompt, session, params } = await provider.interactionDetails(request, response);
  if (request.method === "GET") {
    response.setHeader("Content-Type", "text/html; charset=utf-8");
    response.setHeader("Cache-Control", "no-store");
    return response.end(prompt.name === "consent" ? consentPage(session.accountId) : loginPage());
  }
  const answer = new URLSearchParams(await bodyOf(request));
  await provider.interactionFinished(request, response, resultOf(prompt.name, answer, params));
}

/**
 * @param {string} prompt
 * @param {URLSearchParams} answer
 */
function resultOf(prompt, answer) {
  if (answer.has("cancel")) return { error: "access_denied", error_description: "They said no" };
  return prompt === "consent" ? { consent: {} } : { login: { accountId: answer.get("sub") } };
}

/** @param {import("node:http").IncomingMessage} request */
async function bodyOf(request) {
  let body = "";
  for await (const piece of request.setEncoding("utf8")) body += piece;
  return body;
}

const loginPage = () =>
  page("Who are you?", ask([...people.values()].map(personButton)));

/** @param {{sub: string, name: string, groups: string[]}} person */
function personButton({ sub, name, groups }) {
  const known = groups.length > 0 ? groups.join(", ") : "no groups";
  return `<button name="sub" value="${escaped(sub)}"><b>${escaped(name)}</b> ${escaped(known)}</button>`;
}

/** @param {string} sub */
const consentPage = (sub) =>
  page(`Go on as ${people.get(sub)?.name}?`, ask(['<button name="yes" value="1">Continue</button>']));

/** @param {string[]} buttons */
const ask = (buttons) =>
  `<form method="post">${buttons.join("\n")}<button name="cancel" value="1">Cancel</button></form>`;

/**
 * A button of a form of the provider's own.
 *
 * @param {string} form
 * @param {string} text
 * @param {string} [name]
 */
const submit = (form, text, name) =>
  `<button form="${form}" ${name ? `name="${name}" value="yes"` : ""}>${escaped(text)}</button>`;

/**
 * @param {{type: string, body: string}} ctx
 * @param {string} title
 * @param {string[]} content
 */
function show(ctx, title, ...content) {
  ctx.type = "html";
  ctx.body = page(title, ...content);
}

/**
 * @param {string} title
 * @param {string[]} content
 */
const page = (title, ...content) => `<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><title>${escaped(title)}</title>
<style>:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:22rem;margin:4rem auto;padding:0 1rem}
button{display:block;width:100%;margin:.5rem 0;padding:.7rem 1rem;font:inherit;text-align:start;cursor:pointer}</style>
<h1>${escaped(title)}</h1><p>A provider on this computer, for trying things. Nobody has a password here.</p>
${content.join("\n")}</html>`;

/** @param {string} text */
const escaped = (text) => text.replace(/[&<>"]/g, (found) => `&#${found.codePointAt(0)};`);

const answer = provider.callback();
server.on("request", (request, response) => {
  if (!PAGE.test(request.url ?? "")) return answer(request, response);
  interact(request, response).catch((error) => {
    response.statusCode = error.statusCode ?? 500;
    response.end(`${error.error_description ?? error}\n`);
  });
});
console.log(JSON.stringify({ issuer }));
