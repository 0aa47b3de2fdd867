import type { SignedReport } from "./SignedReport.ts";

/**
 * Order reports as the index contract wants them: by signer, ascending. The given list stays as it is.
 *
 * @example
 * import { postPrint, sortReports, type Deployment, type SignedReport } from "@usance/sdk";
 * import { stringToHex, type WalletClient } from "viem";
 *
 * const post = (wallet: WalletClient, deployment: Deployment, reports: SignedReport[]) =>
 *   postPrint(wallet, {
 *     deployment,
 *     index: stringToHex("TU1D", { size: 32 }),
 *     period: 20089,
 *     reports: sortReports(reports),
 *   });
 */
export function sortReports<report extends Pick<SignedReport, "signer">>(
  reports: readonly report[],
): report[] {
  const rank = ({ signer }: report) => BigInt(signer);
  return [...reports].sort((a, b) => (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0));
}
