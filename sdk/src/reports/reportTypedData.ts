import { hashTypedData, recoverTypedDataAddress, type Address, type Hex } from "viem";
import { compactSignatureToSignature, serializeSignature } from "viem";
import type { Report, ReportDomain, SignedReport } from "./SignedReport.ts";

const report = [
  { name: "index", type: "bytes32" },
  { name: "period", type: "uint32" },
  { name: "revision", type: "uint32" },
  { name: "value", type: "uint128" },
  { name: "vintage", type: "bytes32" },
  { name: "deadline", type: "uint64" },
] as const;

/** The EIP-712 message of a report. */
export function reportTypedData({
  chainId,
  usageIndex,
  index,
  period,
  revision,
  value,
  vintage,
  deadline,
}: Report & ReportDomain) {
  return {
    domain: { name: "Usance Index", version: "1", chainId, verifyingContract: usageIndex },
    primaryType: "Report",
    types: { Report: report },
    message: { index, period, revision, value, vintage, deadline },
  } as const;
}

/**
 * Compute the digest that a reporter signs, as `hashReport` of the index contract does.
 *
 * @example
 * import { hashReport, type Report } from "@usance/sdk";
 *
 * const digest = (report: Report) =>
 *   hashReport({ ...report, chainId: 31337, usageIndex: "0x9fe46736679d2d9a65f0992f2272de9f3c7fa6e0" });
 */
export function hashReport(parameters: Report & ReportDomain): Hex {
  return hashTypedData(reportTypedData(parameters));
}

/**
 * Recover who signed a report.
 *
 * @param parameters - Index, period, revision, chain and contract that the report is meant for, and the report.
 *
 * @example
 * import { recoverReporter, type SignedReport } from "@usance/sdk";
 * import { stringToHex } from "viem";
 *
 * const signer = (report: SignedReport) =>
 *   recoverReporter({
 *     ...report,
 *     chainId: 31337,
 *     usageIndex: "0x9fe46736679d2d9a65f0992f2272de9f3c7fa6e0",
 *     index: stringToHex("TU1D", { size: 32 }),
 *     period: 20089,
 *     revision: 1,
 *   });
 */
export function recoverReporter({
  r,
  vs,
  ...parameters
}: Report & ReportDomain & Pick<SignedReport, "r" | "vs">): Promise<Address> {
  const signature = serializeSignature(compactSignatureToSignature({ r, yParityAndS: vs }));
  return recoverTypedDataAddress({ ...reportTypedData(parameters), signature });
}
