import {
  parseSignature,
  signatureToCompactSignature,
  type Address,
  type Hex,
  type TypedDataDefinition,
} from "viem";
import type { Report, ReportDomain, SignedReport } from "./SignedReport.ts";
import { reportTypedData } from "./reportTypedData.ts";

/** Who signs: an account of viem, or anything with an address that signs typed data. */
export type ReportSigner = {
  address: Address;
  signTypedData: (typedData: TypedDataDefinition<Record<string, unknown>, string>) => Promise<Hex>;
};

export type SignReportParameters = Report & ReportDomain & { account: ReportSigner };

/**
 * Sign a report with a reporter's key.
 *
 * @param parameters - Report, chain, index contract and signer.
 * @returns The report in the form that `postPrint` takes, with a compact signature (EIP-2098) and its signer.
 *
 * @example
 * import { signReport, type Deployment } from "@usance/sdk";
 * import { keccak256, stringToHex } from "viem";
 * import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
 *
 * const report = ({ chainId, usageIndex }: Deployment) =>
 *   signReport({
 *     account: privateKeyToAccount(generatePrivateKey()),
 *     chainId,
 *     usageIndex,
 *     index: stringToHex("TU1D", { size: 32 }),
 *     period: 20089,
 *     revision: 1,
 *     value: 1000n * 10n ** 18n,
 *     vintage: keccak256(stringToHex("token-usage-daily.csv, v1")),
 *     deadline: 1_767_225_600n,
 *   });
 */
export async function signReport({ account, ...report }: SignReportParameters): Promise<SignedReport> {
  const typedData = reportTypedData(report) as unknown as TypedDataDefinition<
    Record<string, unknown>,
    string
  >;
  const signature = parseSignature(await account.signTypedData(typedData));
  const { r, yParityAndS } = signatureToCompactSignature(signature);
  const { value, deadline, vintage } = report;
  return { signer: account.address, value, deadline, vintage, r, vs: yParityAndS };
}
