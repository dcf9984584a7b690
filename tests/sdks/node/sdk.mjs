// AWS's SDK for JavaScript as a program uses it: node sdk.mjs WHAT ENDPOINT [URL]
// Packages are those of the working directory. Says what happened in one line of JSON.

import { createRequire } from "node:module";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";

const load = createRequire(join(process.cwd(), "sdk.mjs"));
const { GetCallerIdentityCommand, STSClient } = load("@aws-sdk/client-sts");
const { fromContainerMetadata, fromHttp } = load("@aws-sdk/credential-providers");
const { SignatureV4 } = load("@smithy/signature-v4");
const { Sha256 } = load("@aws-crypto/sha256-js");

const [what, endpoint, url] = process.argv.slice(2);
const region = process.env.AWS_REGION;

const providers = {
  fromHttp: () => fromHttp(),
  fromContainerMetadata: () => fromContainerMetadata(),
  default: () => undefined, // the chain of every client
};

function client(provider) {
  return new STSClient({ region, endpoint, credentials: providers[provider]() });
}

async function identities(provider) {
  const sts = client(provider);
  const found = [];
  for (let n = 0; n < 3; n += 1) found.push((await sts.send(new GetCallerIdentityCommand({}))).Arn);
  return found;
}

// The time that the SDK asks for, moved: the key it then has, at each of these minutes.
async function keys(provider) {
  const sts = client(provider);
  const now = Date.now;
  const found = [];
  for (const minutes of [0, 54, 56]) {
    Date.now = () => now() + minutes * 60_000;
    found.push((await sts.config.credentials()).accessKeyId);
  }
  // The default chain goes on with the old key while it fetches the next.
  while (found[2] === found[1]) {
    await setImmediate();
    found[2] = (await sts.config.credentials()).accessKeyId;
  }
  return found;
}

async function called() {
  const signer = new SignatureV4({ service: "lambda", region, credentials: fromHttp(), sha256: Sha256 });
  const { protocol, hostname, port, host, pathname } = new URL(url);
  const body = "{}";
  const signed = await signer.sign({
    method: "POST",
    protocol,
    hostname,
    port: Number(port),
    path: pathname,
    headers: { host, "content-type": "application/json" },
    body,
  });
  const { host: _, ...headers } = signed.headers;
  return (await fetch(url, { method: "POST", headers, body })).json();
}

const [does, provider] = what.split(" ");
try {
  const told = await { identities, keys, called }[does](provider);
  console.log(JSON.stringify({ told }));
} catch (error) {
  const { name, message, Code, Message } = error;
  console.log(JSON.stringify({ error: { name, message, Code, Message } }));
}
