import type { Proof } from "./proofs.ts";

const rounding = "test/proofs/RoundingProof.sol";

/** What is proven. The engine is the one that comes to an end: CHC cannot multiply two unknowns, BMC can where nothing loops. */
export const PROOFS: readonly Proof[] = [{ engine: "chc", file: rounding, contract: "RangeProof" }];
