import {
  deposit,
  approveCollateral,
  postPrint,
  usanceActions,
  type Deployment,
  type UsanceActions,
} from "@usance/sdk";
import { clearinghouseAbi } from "@usance/sdk/abis";
import { network } from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";
import {
  createClient,
  custom,
  defineChain,
  getAddress,
  hexToBytes,
  keccak256,
  numberToHex,
  parseAbi,
  type Account,
  type Chain,
  type Client,
  type Hash,
  type Hex,
  type TransactionReceipt,
  type Transport,
} from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { getTransactionReceipt, sendTransaction, writeContract } from "viem/actions";
import { deployLocal } from "../deploy/local.ts";
import { TU1D_CONFIG, TU1D_FEED } from "../deploy/terms.ts";
import { monthlyListing, openMonths, perpetualListing, type MarketListing } from "../deploy/markets.ts";
import { SECONDS_PER_DAY } from "../lib/calendar.ts";
import { TEST_MNEMONIC } from "../reporter/panel.ts";
import { Reporter } from "../reporter/reporter.ts";

/** An ordinary wallet with one account in the clearing house. */
export interface Trader {
  readonly client: Client<Transport, Chain, Account> & UsanceActions;
  readonly accountId: number;
}

type Transaction = (operator: Client<Transport, Chain, Account>) => Promise<Hash>;

const tokenAbi = parseAbi(["function mint(address to, uint256 amount)"]);
/** Days posted before anything is measured: enough to have written every place of the rings of moves and of records. */
const WARM_UP = 70;
const FUNDS = 1_000_000n * 10n ** 6n;

/** A fresh exchange inside the process, with a clock that stands still unless it is told to move. */
export class BenchExchange {
  readonly perpetual = 1;
  #now: number;
  #wallets = 0;

  private constructor(
    readonly connection: NetworkConnection,
    readonly deployment: Deployment,
    readonly operator: Client<Transport, Chain, Account> & UsanceActions,
    readonly reporter: Reporter,
    now: number,
  ) {
    this.#now = now;
  }

  /** Deploys, posts the first days of real usage and lists the perpetual and the open months. */
  static async open(): Promise<BenchExchange> {
    const connection = await network.create({
      network: "default",
      override: { initialDate: "2025-01-01T00:00:00Z", allowBlocksWithSameTimestamp: true },
    });
    const deployment = await deployLocal({ connection, save: false });
    const operator = walletOf(connection, deployment, mnemonicToAccount(TEST_MNEMONIC));
    const reporter = new Reporter({ client: operator, deployment });
    // Each day has its own vintage, as the calculator's: one for the whole series would make its slot free.
    for (const print of reporter.prints.values()) print.vintage = keccak256(numberToHex(print.period));
    const first = Math.min(...reporter.prints.keys());
    const exchange = new BenchExchange(connection, deployment, operator, reporter, 0);
    for (let day = 0; day < WARM_UP; day++) await exchange.postNext(first + day);
    const { value: index } = await operator.getPushed({ index: await exchange.index() });
    const [front, next] = openMonths(first + WARM_UP);
    if (front === undefined || next === undefined) throw new Error("there are no open months");
    for (const listing of [
      perpetualListing({ feed: 1, index }),
      monthlyListing(front, { feed: 1, index }),
      monthlyListing(next, { feed: 1, index }),
    ])
      await exchange.list(listing);
    return exchange;
  }

  async index(): Promise<Hash> {
    return (await this.operator.getFeed({ feed: 1 })).index;
  }

  /**
   * Posts one day's print at 06:00 UTC of the next day. Signatures depend on the address that the index happens to get,
   * and a zero byte of calldata costs 12 gas less: the figure is that of signatures without any.
   */
  async postNext(period: number, signers = TU1D_CONFIG.quorum): Promise<bigint> {
    this.#now = (period + 1) * SECONDS_PER_DAY + 6 * 3_600;
    const reports = await this.reporter.signPrint(period, { deadline: BigInt(this.#now), signers });
    const { deployment } = this;
    const index = TU1D_FEED.index;
    const gas = await this.send((client) =>
      postPrint(client, { deployment, index, period, revision: 1, reports }),
    );
    const zeros = reports
      .flatMap(({ r, vs }) => [...hexToBytes(r), ...hexToBytes(vs)])
      .filter((byte) => byte === 0);
    return gas + 12n * BigInt(zeros.length);
  }

  async list(listing: MarketListing): Promise<void> {
    await this.send((client) =>
      writeContract(client, {
        address: this.deployment.clearinghouse,
        abi: clearinghouseAbi,
        functionName: "listMarket",
        args: [listing as never],
      }),
    );
  }

  /** A new wallet with gas, collateral and an account. */
  async trader(amount = FUNDS): Promise<Trader> {
    const account = mnemonicToAccount(TEST_MNEMONIC, { accountIndex: 7, addressIndex: this.#wallets++ });
    await this.connection.provider.request({
      method: "hardhat_setBalance",
      params: [account.address, "0x3635c9adc5dea00000"],
    });
    const client = walletOf(this.connection, this.deployment, account);
    await this.send((operator) =>
      writeContract(operator, {
        address: this.deployment.collateral,
        abi: tokenAbi,
        functionName: "mint",
        args: [account.address, 10n * amount],
      }),
    );
    await this.send(() =>
      approveCollateral(client, { deployment: this.deployment, amount: 2n ** 256n - 1n }),
    );
    await this.send(() => deposit(client, { deployment: this.deployment, amount }));
    const accountId = await client.getAccountId({ owner: getAddress(account.address) });
    return { client, accountId };
  }

  /** Brings collateral into the fund of a market; the operator has every role. */
  async fund(market: number, amount: bigint): Promise<void> {
    const { operator, deployment } = this;
    await this.send(() =>
      writeContract(operator, {
        address: deployment.collateral,
        abi: tokenAbi,
        functionName: "mint",
        args: [operator.account.address, amount],
      }),
    );
    await this.send(() => approveCollateral(operator, { deployment, amount }));
    await this.send(() => operator.topUpFund({ market, amount }));
  }

  /** Sends one transaction at the standing time and gives its gas. */
  async send(transaction: Transaction): Promise<bigint> {
    return (await this.receipt(transaction)).gasUsed;
  }

  /** Sends one transaction at the standing time. */
  async receipt(transaction: Transaction): Promise<TransactionReceipt> {
    await this.#stamp();
    const hash = await transaction(this.operator);
    const receipt = await getTransactionReceipt(this.operator, { hash });
    if (receipt.status !== "success") throw new Error(`transaction ${hash} reverted`);
    return receipt;
  }

  /** Moves the clock to a second of the next whole minute, so that the next touch is the first in it. */
  nextMinute(): void {
    this.#now = (Math.floor(this.#now / 60) + 1) * 60 + 5;
  }

  /** Gas of a view of the index with every slot cold, as a contract pays it beyond the call itself. */
  async gasOfRead(data: Hex): Promise<bigint> {
    const gas = await this.send((client) =>
      sendTransaction(client, { to: this.deployment.usageIndex, data, gas: 1_000_000n }),
    );
    const bytes = [...hexToBytes(data)];
    return gas - 21_000n - BigInt(bytes.reduce((sum, byte) => sum + (byte === 0 ? 4 : 16), 0));
  }

  /** Reaches a new minute in every market, so that what follows in it pays for itself alone. */
  async freshMinute(): Promise<void> {
    this.nextMinute();
    for (const market of [1, 2, 3]) await this.send(() => this.operator.sync({ market }));
  }

  async #stamp(): Promise<void> {
    if (this.#now === 0) return;
    await this.connection.provider.request({ method: "evm_setNextBlockTimestamp", params: [this.#now] });
  }
}

function walletOf(connection: NetworkConnection, deployment: Deployment, account: Account) {
  const chain = defineChain({
    id: deployment.chainId,
    name: "bench",
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [] } },
  });
  return createClient({ account, chain, transport: custom(connection.provider), pollingInterval: 5 }).extend(
    usanceActions(deployment),
  );
}
