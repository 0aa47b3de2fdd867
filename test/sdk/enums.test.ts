import { readFileSync } from "node:fs";
import { join } from "node:path";
import { dropReasons, marketKinds, marketPhases, orderKinds, orderTriggers, upkeepJobs } from "@usance/sdk";
import { expect } from "chai";
import { root } from "../../scripts/lib/production.ts";

const solidity = [
  "clearing/interfaces/ClearingTypes.sol",
  "periphery/interfaces/ISignedOrders.sol",
  "periphery/interfaces/IKeeperAutomation.sol",
]
  .map((path) => readFileSync(join(root, "contracts", path), "utf8"))
  .join("\n");

// An ABI has no names of enum values, so the SDK repeats them.
describe("SDK enums", () => {
  const all = {
    MarketKind: marketKinds,
    MarketPhase: marketPhases,
    OrderKind: orderKinds,
    DropReason: dropReasons,
    Trigger: orderTriggers,
    Job: upkeepJobs,
  };
  for (const [name, values] of Object.entries(all)) {
    it(`names ${name} in Solidity's order`, () => {
      const body = new RegExp(`enum ${name} \\{([^}]*)\\}`).exec(solidity)?.[1] ?? "";
      const names = body.split(",").map((value) => value.trim());
      expect(values).to.deep.equal(names.map((value) => value.charAt(0).toLowerCase() + value.slice(1)));
    });
  }
});
