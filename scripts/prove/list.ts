import type { Proof } from "./proofs.ts";

const rounding = "test/proofs/RoundingProof.sol";
const shares = "test/proofs/DeleveragingSharesProof.sol";

/** What is proven. CHC comes to no end with signed or large divisions; BMC does, where nothing loops. */
export const PROOFS: readonly Proof[] = [
  { engine: "chc", file: rounding, contract: "RangeProof" },
  { engine: "chc", file: rounding, contract: "RequirementProof" },
  { engine: "bmc", file: rounding, contract: "FloorDivProof" },
  { engine: "bmc", file: rounding, contract: "CeilShiftProof" },
  { engine: "bmc", file: rounding, contract: "HalfEvenProof" },
  { engine: "bmc", file: shares, contract: "WholeRoundProof" },
  { engine: "bmc", file: shares, contract: "ShareProof" },
];
