// What iam-simulate decides: node evaluate.mjs < simulations > verdicts
// Packages are those of the working directory.

import { createRequire } from "node:module";
import { join } from "node:path";
import { text } from "node:stream/consumers";

const load = createRequire(join(process.cwd(), "evaluate.mjs"));
const { runSimulation } = load("@cloud-copilot/iam-simulate");

const verdicts = [];
for (const simulation of JSON.parse(await text(process.stdin))) {
  const found = await runSimulation(simulation, {});
  verdicts.push(
    found.resultType === "single"
      ? { result: found.overallResult, ignored: found.result.ignoredContextKeys }
      : { refused: found.errors?.message ?? found.resultType },
  );
}
process.stdout.write(JSON.stringify(verdicts));
