import { measure } from "./bench/measurements.ts";
import { readProductionArtifacts } from "./lib/production.ts";
import { writeOrCheck } from "./lib/snapshot.ts";

// Whole-transaction gas of every kind of call, production profile, from ordinary wallets. Run by npm run bench:gas.
if (process.env.HARDHAT_BUILD_PROFILE === "production") readProductionArtifacts();

const shallow = await measure(10, 1);
const deep = await measure(10_000, 1_000);
const width = Math.max(...Object.keys(shallow).map((key) => key.length));
console.log(`${"".padEnd(width)}  10 resting  10,000 resting`);
for (const [key, gas] of Object.entries(shallow))
  console.log(`${key.padEnd(width)}  ${String(gas).padStart(10)}  ${String(deep[key]).padStart(14)}`);
writeOrCheck("gas", shallow);
writeOrCheck("gas-10000", deep);
