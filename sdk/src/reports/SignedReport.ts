import type { Address, Hex } from "viem";

/** What a reporter says about one period of an index. */
export type Report = {
  /** Id of the index. */
  index: Hex;
  /** UTC day number. */
  period: number;
  /** 1 for the first print; a changed value takes a higher one. */
  revision: number;
  /** Value, WAD: 1e18 is one point. */
  value: bigint;
  /** Hash that pins the data and the method. */
  vintage: Hex;
  /** Last second (Unix time) at which the report may be posted. */
  deadline: bigint;
};

/** Where a report counts. */
export type ReportDomain = {
  chainId: number;
  /** Address of the index contract. */
  usageIndex: Address;
};

/** A report as the index contract takes it, with its signer. */
export type SignedReport = {
  signer: Address;
  value: bigint;
  deadline: bigint;
  vintage: Hex;
  /** First half of the signature. */
  r: Hex;
  /** Second half, with the parity in the top bit (EIP-2098). */
  vs: Hex;
};
