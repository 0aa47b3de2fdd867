import { getAccount, getConservation, getMarket, parseCollateral, placeOrder, type Order } from "@usance/sdk";
import { clearinghouseAbi } from "@usance/sdk/abis";
import { expect } from "chai";
import { pino } from "pino";
import {
  createTestClient,
  http,
  publicActions,
  type Account,
  type Chain,
  type Client,
  type Transport,
} from "viem";
import { getContractEvents, getTransactionCount } from "viem/actions";
import { perpetualListing } from "../../../scripts/deploy/markets.ts";
import type { KeeperOptions } from "../../../scripts/keepers/context.ts";
import type { Keeper, KeeperReport } from "../../../scripts/keepers/keeper.ts";
import { createLiquidationKeeper } from "../../../scripts/keepers/liquidation.ts";
import { connect, withAccount } from "../../../scripts/lib/client.ts";
import type { EndpointsOptions } from "../../../scripts/lib/endpoints.ts";
import { Exchange, FIRST, key } from "../../support/exchange.ts";

/** The node's accounts: who does what in these tests. */
export const MAKER = 1;
export const TRADER = 2;
export const KEEPER = 3;
export const RIVAL = 4;

export const log = pino({ level: "silent" });
export const GWEI = 10n ** 9n;

const usd = (amount: string) => parseCollateral(amount);

/** What a round did, in short. */
export const did = ({ outcomes }: KeeperReport) =>
  outcomes.map(({ action, result }) => `${action.kind} ${result}`);

/**
 * An exchange on a real node with an account that is to be liquidated, and a book that takes its position. Each test finds it
 * so: what the one before it did is taken back.
 */
export class Scene {
  readonly exchange: Exchange;
  readonly market: number;
  readonly maker: number;
  readonly trader: number;
  /** Account that a keeper earns into, by its wallet. */
  readonly earners: ReadonlyMap<number, number>;
  #snapshot: `0x${string}` | undefined;

  private constructor(exchange: Exchange, rest: Pick<Scene, "market" | "maker" | "trader" | "earners">) {
    this.exchange = exchange;
    this.market = rest.market;
    this.maker = rest.maker;
    this.trader = rest.trader;
    this.earners = rest.earners;
  }

  /** Starts with everybody healthy. */
  static async start(): Promise<Scene> {
    // A week of even usage, then next to none: the followed index falls 8 % a day.
    const exchange = await Exchange.start([
      ...Array<number>(7).fill(1_000_000),
      ...Array<number>(6).fill(100_000),
    ]);
    await exchange.postDays(FIRST, FIRST + 6);
    const market = await exchange.list(perpetualListing({ feed: 1, index: 1_000n * 10n ** 18n }));
    const maker = await exchange.fund(MAKER, usd("1000000"));
    const trader = await exchange.fund(TRADER, usd("2080"));
    const earners = new Map<number, number>();
    for (const wallet of [KEEPER, RIVAL]) earners.set(wallet, await exchange.fund(wallet, usd("10")));
    const scene = new Scene(exchange, { market, maker, trader, earners });
    await scene.trade(MAKER, maker, { market, lots: -10_000n, tick: 2_000n });
    await scene.trade(TRADER, trader, { market, lots: 10_000n, tick: 2_000n });
    return scene;
  }

  /** Lets prices fall until the trader is below its maintenance margin, and brings buyers near mark. */
  async fall(): Promise<void> {
    for (let day = FIRST + 7; !(await this.isShort()); day++) await this.exchange.postDay(day);
    const { exchange, market } = this;
    const { markX16 } = await getMarket(exchange.client, { deployment: exchange.deployment, market });
    await this.trade(MAKER, this.maker, { market, lots: 20_000n, tick: markX16 >> 16n });
    this.#snapshot = await this.node.snapshot();
  }

  /** Takes back what was done since `fall`, and lets the node mine each transaction at once again. */
  async restore(): Promise<void> {
    await this.node.setAutomine(true);
    await this.revert();
  }

  /** Takes back every block since `fall`: the chain goes on from there as if they had never been. */
  async revert(): Promise<void> {
    await this.node.revert({ id: this.#snapshot! });
    this.#snapshot = await this.node.snapshot();
  }

  get node() {
    const { client, rpc } = this.exchange;
    return createTestClient({ mode: "hardhat", chain: client.chain, transport: http(rpc) }).extend(
      publicActions,
    );
  }

  /** A new client of a wallet: what earlier ones remember is not known to it, as after a restart. */
  async client(
    wallet: number,
    rpc: string | readonly string[] = this.exchange.rpc,
    options?: EndpointsOptions,
  ): Promise<Client<Transport, Chain, Account>> {
    return withAccount(await connect(rpc, options), key(wallet));
  }

  /** A liquidation keeper that has begun. */
  async keeper(
    client: KeeperOptions["client"],
    options: Partial<KeeperOptions> = {},
    wallet = KEEPER,
  ): Promise<Keeper> {
    const { deployment } = this.exchange;
    const keeperAccount = this.earners.get(wallet);
    const keeper = createLiquidationKeeper({ client, deployment, log, keeperAccount, ...options });
    await keeper.init();
    return keeper;
  }

  state() {
    return getAccount(this.exchange.client, { deployment: this.exchange.deployment, accountId: this.trader });
  }

  /** Whether the trader is below its maintenance margin. */
  async isShort(): Promise<boolean> {
    const { equity, maintenanceMargin } = await this.state();
    return equity < maintenanceMargin;
  }

  /** Transactions of a wallet that are in blocks. */
  nonce(wallet: number): Promise<number> {
    return getTransactionCount(this.exchange.client, { address: key(wallet).address });
  }

  /** Liquidations that are in the chain since a block. */
  async liquidations(fromBlock = 0n): Promise<number> {
    const { client, deployment } = this.exchange;
    const events = await getContractEvents(client, {
      address: deployment.clearinghouse,
      abi: clearinghouseAbi,
      eventName: "Liquidated",
      fromBlock,
    });
    return events.length;
  }

  /** The trader was liquidated once, is back above its maintenance margin, and nothing is lost. */
  async expectLiquidatedOnce(): Promise<void> {
    const { client, deployment } = this.exchange;
    expect(await this.liquidations()).to.equal(1);
    expect(await this.isShort()).to.equal(false);
    expect((await getConservation(client, { deployment })).drift).to.equal(0n);
  }

  async trade(wallet: number, accountId: number, order: Order): Promise<void> {
    const { exchange } = this;
    const { deployment } = exchange;
    await exchange.mined(await placeOrder(exchange.wallet(wallet), { deployment, accountId, ...order }));
  }
}
