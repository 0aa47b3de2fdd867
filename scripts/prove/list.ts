import type { Proof } from "./proofs.ts";

const rounding = "test/proofs/RoundingProof.sol";
const shares = "test/proofs/DeleveragingSharesProof.sol";

/** What is proven. CHC does not multiply two unknowns; BMC can, where nothing loops. */
export const PROOFS: readonly Proof[] = [
  { engine: "chc", file: rounding, contract: "RangeProof" },
  { engine: "chc", file: rounding, contract: "RequirementProof" },
  { engine: "bmc", file: shares, contract: "WholeRoundProof" },
  { engine: "bmc", file: shares, contract: "ShareProof" },
];
