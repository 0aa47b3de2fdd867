import { signReport, sortReports, usanceActions, type SignedReport } from "@usance/sdk";
import { keccak256, publicActions, toHex, type Hash } from "viem";
import { TU1D_FEED } from "../../scripts/deploy/terms.ts";
import { localPanel } from "../../scripts/reporter/panel.ts";
import { Exchange } from "../support/exchange.ts";

export type Venue = Awaited<ReturnType<typeof openVenue>>;
export type Trader = ReturnType<Venue["trader"]>;

/** An exchange on a node, and wallets that have every action of the SDK as a method. */
export async function openVenue(usage: readonly number[]) {
  const exchange = await Exchange.start(usage);
  const { deployment, client } = exchange;
  const index = TU1D_FEED.index;
  const reader = client.extend(publicActions);
  const now = async () => (await reader.getBlock()).timestamp;

  return {
    exchange,
    deployment,
    index,
    now,

    /** One of the node's funded accounts. */
    trader: (seat: number) => exchange.wallet(seat).extend(publicActions).extend(usanceActions(deployment)),

    /** Waits for a transaction, makes sure that it did what it should, and gives its receipt. */
    async mined(hash: Promise<Hash>) {
      await exchange.mined(await hash);
      return reader.getTransactionReceipt({ hash: await hash });
    },

    /** Signs a print of any value with a quorum of the panel. */
    async sign(period: number, points: bigint, revision: number): Promise<SignedReport[]> {
      const { chainId, usageIndex } = deployment;
      const deadline = (await now()) + 3600n;
      const vintage = keccak256(toHex(period));
      const value = points * 10n ** 18n;
      const report = { chainId, usageIndex, index, period, revision, value, vintage, deadline };
      const quorum = localPanel().slice(0, 5);
      return sortReports(await Promise.all(quorum.map((account) => signReport({ ...report, account }))));
    },
  };
}
