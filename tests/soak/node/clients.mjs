// JavaScript's signers: node clients.mjs SIGNER < cases > statuses
// Packages are those of the working directory.

import { request } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { text } from "node:stream/consumers";

const load = createRequire(join(process.cwd(), "clients.mjs"));
const asked = JSON.parse(await text(process.stdin));
const { accessKeyId, secretAccessKey, sessionToken, region } = asked;

function smithy(presigned) {
  const { SignatureV4 } = load("@smithy/signature-v4");
  const { Sha256 } = load("@aws-crypto/sha256-js");
  const credentials = { accessKeyId, secretAccessKey, sessionToken };
  const signer = new SignatureV4({ service: "lambda", region, credentials, sha256: Sha256 });
  return async ({ url, method, headers, body }) => {
    const query = {};
    for (const [name, value] of url.searchParams) {
      query[name] = name in query ? [query[name], value].flat() : value;
    }
    const unsigned = {
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      port: Number(url.port),
      path: url.pathname,
      query,
      headers: { ...headers, host: url.host },
      body: body.length ? body : undefined,
    };
    const signed = await (presigned ? signer.presign(unsigned) : signer.sign(unsigned));
    return exchanged(signed, body);
  };
}

// As the SDK's own node handler sends it.
function exchanged(signed, body) {
  const escaped = (text) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  const query = Object.entries(signed.query)
    .flatMap(([name, values]) => [values].flat().map((value) => `${escaped(name)}=${escaped(value)}`))
    .join("&");
  return new Promise((resolve, reject) => {
    const sending = request(
      {
        method: signed.method,
        host: signed.hostname,
        port: signed.port,
        path: query ? `${signed.path}?${query}` : signed.path,
        headers: signed.headers,
      },
      (answer) => {
        answer.resume();
        answer.on("end", () => resolve(answer.statusCode));
      },
    );
    sending.on("error", reject);
    sending.end(body);
  });
}

function aws4fetch(presigned) {
  const { AwsClient } = load("aws4fetch");
  // By default a refused POST is sent eleven times.
  const client = new AwsClient({ accessKeyId, secretAccessKey, sessionToken, service: "lambda", region, retries: 0 });
  return async ({ url, method, headers, body }) => {
    const init = { method, headers, body: body.length ? body : undefined, aws: { signQuery: presigned } };
    const answer = await client.fetch(url.href, init);
    await answer.arrayBuffer();
    return answer.status;
  };
}

const signers = {
  smithy: () => smithy(false),
  "smithy-presigned": () => smithy(true),
  aws4fetch: () => aws4fetch(false),
  "aws4fetch-presigned": () => aws4fetch(true),
};
const send = signers[process.argv[2]]();
const statuses = [];
for (const { target, method, headers, body } of asked.cases) {
  const url = new URL(asked.url + target);
  statuses.push(await send({ url, method, headers, body: Buffer.from(body, "base64") }));
}
process.stdout.write(JSON.stringify(statuses));
