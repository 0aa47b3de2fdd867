/** A contract of test/proofs and the engine of the SMTChecker that proves its asserts. */
export interface Proof {
  engine: "chc" | "bmc";
  file: string;
  contract: string;
}

/** The last line of a proof: how many asserts and arithmetic steps were proven, and how many were not. */
export function counts(output: string): { proven: number; not: number } | undefined {
  const found = /^(\d+) proven, (\d+) not$/m.exec(output);
  return found === null ? undefined : { proven: Number(found[1]), not: Number(found[2]) };
}
