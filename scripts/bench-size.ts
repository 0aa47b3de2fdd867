// Measures the deployed size of every contract in the production build: writes snapshots/size.json, or
// with --check compares. Fails where one is above the limit of the chain, whatever the snapshot says.
import { readProductionArtifacts } from "./lib/production.ts";
import { deployedSizes, oversized } from "./lib/size.ts";
import { writeOrCheck } from "./lib/snapshot.ts";

const sizes = deployedSizes(readProductionArtifacts());
writeOrCheck("size", sizes);
for (const line of oversized(sizes)) {
  console.error(line);
  process.exitCode = 1;
}
