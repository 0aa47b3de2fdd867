import {
  dateOf,
  formatIndex,
  getLatestPrint,
  postPrint,
  signReport,
  sortReports,
  usanceActions,
  type Deployment,
} from "@usance/sdk";
import { clearinghouseAbi, collateralAbi } from "@usance/sdk/abis";
import { network } from "hardhat";
import {
  createTestClient,
  createWalletClient,
  http,
  keccak256,
  publicActions,
  toHex,
  walletActions,
  type Hash,
} from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { hardhat } from "viem/chains";
import { deployLocal } from "../../scripts/deploy/local.ts";
import type { MarketListing } from "../../scripts/deploy/markets.ts";
import { TU1D_FEED } from "../../scripts/deploy/terms.ts";
import { localPanel, TEST_MNEMONIC } from "../../scripts/reporter/panel.ts";

const quorum = 5;

export type Exchange = Awaited<ReturnType<typeof openExchange>>;
export type Trader = ReturnType<Exchange["trader"]>;

/** A whole exchange on a node inside this process, reached over HTTP as a user would. */
export async function openExchange(initialDate: string) {
  const server = await network.createServer({ network: "node", override: { initialDate } }, "127.0.0.1", 0);
  const { address, port } = await server.listen();
  const transport = http(`http://${address}:${port}`);
  const deployment = await deployLocal({ rpc: `http://${address}:${port}`, save: false });
  const index = TU1D_FEED.index;

  /** A wallet of the test mnemonic with every action; the first administers the exchange. */
  function trader(addressIndex: number, at: Deployment = deployment) {
    return createWalletClient({
      account: mnemonicToAccount(TEST_MNEMONIC, { addressIndex }),
      chain: hardhat,
      transport,
      pollingInterval: 20,
    })
      .extend(publicActions)
      .extend(usanceActions(at));
  }

  const admin = trader(0);
  const node = createTestClient({ chain: hardhat, mode: "hardhat", transport })
    .extend(publicActions)
    .extend(walletActions);

  /** Waits for a transaction and refuses one that failed. */
  async function mined(hash: Hash | Promise<Hash>) {
    const receipt = await node.waitForTransactionReceipt({ hash: await hash, pollingInterval: 20 });
    if (receipt.status !== "success") throw new Error(`${receipt.transactionHash} failed`);
    return receipt;
  }

  async function now() {
    return (await node.getBlock()).timestamp;
  }

  return {
    deployment,
    index,
    node,
    admin,
    trader,
    mined,
    now,

    /** Moves the clock to a moment and mines a block there. */
    async warp(date: Date | string) {
      const timestamp = BigInt(Math.floor(new Date(date).getTime() / 1000));
      await node.setNextBlockTimestamp({ timestamp });
      await node.mine({ blocks: 1 });
    },

    async mint(to: { account: { address: `0x${string}` } }, amount: bigint) {
      await mined(
        admin.writeContract({
          address: deployment.collateral,
          abi: collateralAbi,
          functionName: "mint",
          args: [to.account.address, amount],
        }),
      );
    },

    /** Signs a print with a quorum of the panel. */
    async sign(period: number, points: bigint, revision = 1, reporters = quorum) {
      const deadline = (await now()) + 3600n;
      const signed = localPanel()
        .slice(0, reporters)
        .map((account, seat) =>
          signReport({
            account,
            chainId: deployment.chainId,
            usageIndex: deployment.usageIndex,
            index,
            period,
            revision,
            value: points * 10n ** 18n + BigInt(seat),
            vintage: keccak256(toHex(period)),
            deadline,
          }),
        );
      return sortReports(await Promise.all(signed));
    },

    /** Posts a print at six in the morning of the next day, or now where it is later. */
    async post(period: number, points: bigint) {
      const due = new Date(dateOf(period + 1).getTime() + 6 * 3_600_000);
      if (BigInt(due.getTime() / 1000) > (await now())) await this.warp(due);
      const reports = await this.sign(period, points);
      return mined(postPrint(admin, { deployment, index, period, reports }));
    },

    async list(listing: MarketListing) {
      await mined(
        admin.writeContract({
          address: deployment.clearinghouse,
          abi: clearinghouseAbi,
          functionName: "listMarket",
          args: [listing],
        }),
      );
    },

    async latestPoints() {
      return formatIndex((await getLatestPrint(node, { deployment, index })).value, { digits: 0 });
    },

    close: () => server.close(),
  };
}
