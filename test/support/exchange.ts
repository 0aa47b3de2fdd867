import { approveCollateral, deposit, getAccountId, getCollateral, type Deployment } from "@usance/sdk";
import { clearinghouseAbi } from "@usance/sdk/abis";
import { network } from "hardhat";
import {
  createTestClient,
  http,
  parseAbi,
  publicActions,
  walletActions,
  type Account,
  type Address,
  type Chain,
  type Client,
  type Hash,
  type HDAccount,
  type Transport,
} from "viem";
import { mnemonicToAccount } from "viem/accounts";
import type { MarketListing } from "../../scripts/deploy/markets.ts";
import { deployLocal } from "../../scripts/deploy/local.ts";
import { PANEL_SIZE } from "../../scripts/deploy/terms.ts";
import { dateOfPeriod, periodOfDate, SECONDS_PER_DAY } from "../../scripts/lib/calendar.ts";
import { connect, withAccount } from "../../scripts/lib/client.ts";
import { BASE_DATE } from "../../scripts/reporter/calculation.ts";
import { TEST_MNEMONIC } from "../../scripts/reporter/panel.ts";
import { Reporter } from "../../scripts/reporter/reporter.ts";

const tokenAbi = parseAbi(["function mint(address to, uint256 amount)"]);

/** First period of the series. */
export const FIRST = periodOfDate(BASE_DATE);

/** Hour of the day (UTC) at which tests post the print of the day before. */
const POSTING_HOUR = 6;

type Parts = Pick<Exchange, "rpc" | "deployment" | "client" | "reporter" | "close">;

/** A deployed exchange on a node inside this process, which is reached over HTTP like any other. */
export class Exchange {
  readonly rpc: string;
  readonly deployment: Deployment;
  readonly client: Client<Transport, Chain>;
  readonly reporter: Reporter;
  readonly close: () => Promise<void>;

  private constructor({ rpc, deployment, client, reporter, close }: Parts) {
    this.rpc = rpc;
    this.deployment = deployment;
    this.client = client;
    this.reporter = reporter;
    this.close = close;
  }

  /**
   * Starts a node and deploys.
   * @param usage Tokens of each day from the base day on; the real series when left out.
   * @param deploy How; the local deployment, which the first account governs, when left out.
   */
  static async start(
    usage?: readonly number[],
    deploy = (rpc: string) => deployLocal({ rpc, save: false }),
  ): Promise<Exchange> {
    const server = await network.createServer(
      { network: "node", override: { initialDate: `${BASE_DATE}T00:00:00Z` } },
      "127.0.0.1",
      0,
    );
    const { address, port } = await server.listen();
    const rpc = `http://${address}:${port}`;
    const close = () => server.close();
    try {
      const deployment = await deploy(rpc);
      const client = await connect(rpc);
      const reporter = new Reporter({
        client: withAccount(client, key(0)),
        deployment,
        // A made-up series jumps as it likes: the whole panel signs it, so that nothing is held.
        ...(usage && { file: seriesOf(usage), quorum: PANEL_SIZE }),
      });
      return new Exchange({ rpc, deployment, client, reporter, close });
    } catch (error) {
      await close();
      throw error;
    }
  }

  /** Client of one of the node's funded accounts; 0 is the deployer. */
  wallet(number: number): Client<Transport, Chain, Account> {
    return withAccount(this.client, key(number));
  }

  /** Sets the time of the next block and mines it. */
  async warp(timestamp: number): Promise<void> {
    const chain = this.client.chain;
    const test = createTestClient({ mode: "hardhat", chain, transport: http(this.rpc) });
    await test.setNextBlockTimestamp({ timestamp: BigInt(timestamp) });
    await test.mine({ blocks: 1 });
  }

  /** Goes to the morning after a day and posts its print, where the data has one. */
  async postDay(period: number): Promise<void> {
    await this.warp((period + 1) * SECONDS_PER_DAY + POSTING_HOUR * 3_600);
    if (this.reporter.prints.has(period)) await this.mined(await this.reporter.post(period));
  }

  /** Posts the prints of days in their order. */
  async postDays(first: number, last: number): Promise<void> {
    for (let period = first; period <= last; period++) await this.postDay(period);
  }

  /** Lists a market and returns its number. */
  async list(listing: MarketListing): Promise<number> {
    const client = this.wallet(0).extend(walletActions).extend(publicActions);
    const contract = { address: this.deployment.clearinghouse, abi: clearinghouseAbi } as const;
    await this.mined(
      await client.writeContract({ ...contract, functionName: "listMarket", args: [listing] }),
    );
    return Number(await client.readContract({ ...contract, functionName: "marketCount" }));
  }

  /** Gives one of the node's accounts collateral and deposits it; returns the number of its account. */
  async fund(number: number, amount: bigint): Promise<number> {
    const { deployment } = this;
    await this.mint(number, amount);
    const wallet = this.wallet(number);
    await this.mined(await approveCollateral(wallet, { deployment, amount }));
    await this.mined(await deposit(wallet, { deployment, amount }));
    return getAccountId(wallet, { deployment, owner: wallet.account.address });
  }

  /** Gives one of the node's accounts collateral. */
  async mint(number: number, amount: bigint): Promise<void> {
    await this.mintTo(key(number).address, amount);
  }

  /** Gives anybody collateral. */
  async mintTo(to: Address, amount: bigint): Promise<void> {
    const hash = await this.wallet(0)
      .extend(walletActions)
      .writeContract({
        address: this.deployment.collateral,
        abi: tokenAbi,
        functionName: "mint",
        args: [to, amount],
      });
    await this.mined(hash);
  }

  /** Collateral that somebody holds. */
  async balanceOf(owner: Address): Promise<bigint> {
    return (await getCollateral(this.client, { deployment: this.deployment, owner })).balance;
  }

  /** Waits for a transaction and makes sure that it did what it should. */
  async mined(hash: Hash): Promise<void> {
    const { status } = await this.client.extend(publicActions).waitForTransactionReceipt({ hash });
    if (status !== "success") throw new Error(`transaction ${hash} was reverted`);
  }
}

/** Key of one of the node's funded accounts. */
export function key(addressIndex: number): HDAccount {
  return mnemonicToAccount(TEST_MNEMONIC, { addressIndex });
}

/** A series as a data file, from the base day on. */
function seriesOf(usage: readonly number[]): Uint8Array {
  const rows = usage.map((tokens, day) => `${dateOfPeriod(FIRST + day)},${tokens}`);
  return new TextEncoder().encode(["date_utc,tokens_millions", ...rows].join("\n"));
}
