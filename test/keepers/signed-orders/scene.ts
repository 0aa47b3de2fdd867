import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  approveCollateral,
  cancelOrder,
  formatSignedOrder,
  getAccount,
  getMarket,
  getOpenOrders,
  parseCollateral,
  placeOrder,
  setOperator,
  signOrder,
  type SignedOrder,
  type SignOrderParameters,
} from "@usance/sdk";
import { pino } from "pino";
import { zeroAddress, type Address } from "viem";
import { getBlock } from "viem/actions";
import { perpetualListing } from "../../../scripts/deploy/markets.ts";
import { parseConfig } from "../../../scripts/keepers/config.ts";
import type { Keeper, KeeperReport } from "../../../scripts/keepers/keeper.ts";
import {
  createSignedOrdersKeeper,
  type SignedOrdersOptions,
} from "../../../scripts/keepers/signed-orders/job.ts";
import {
  openSignedOrders,
  type SignedOrdersService,
} from "../../../scripts/keepers/signed-orders/service.ts";
import { Exchange, FIRST, key } from "../../support/exchange.ts";

export const usd = (amount: string) => parseCollateral(amount);
export const MAKER = 1;
export const TRADER = 2;
export const KEEPER = 3;
export const RIVAL = 4;
export const log = pino({ level: "silent" });

/** What a round did, in a few words. */
export const did = ({ outcomes }: KeeperReport) =>
  outcomes.map(({ action, result }) => `${action.kind} ${result}`);

/** An executor with its inbox, as a keeper process has them. */
export interface Executor {
  keeper: Keeper;
  service: SignedOrdersService;
  url: string;
  address: Address;
  /** Hands an order over. */
  post(order: unknown): Promise<{ status: number; body: Record<string, unknown> }>;
  /** What the inbox tells of an order. */
  get(hash: unknown): Promise<{ status: number; body: Record<string, unknown> }>;
  close(): Promise<void>;
}

/** A market, a maker, a trader who is long and signs orders; usage stays, rises for two days and falls from then on. */
export class Scene {
  readonly exchange: Exchange;
  readonly market: number;
  readonly accounts: { maker: number; trader: number };
  #nonce = 0n;
  #day = FIRST + 7;

  private constructor(exchange: Exchange, market: number, accounts: Scene["accounts"]) {
    this.exchange = exchange;
    this.market = market;
    this.accounts = accounts;
  }

  static async start(): Promise<Scene> {
    const days = (count: number, tokens: number) => Array<number>(count).fill(tokens);
    const exchange = await Exchange.start([
      ...days(7, 1_000_000),
      ...days(2, 2_500_000),
      ...days(12, 100_000),
    ]);
    await exchange.postDays(FIRST, FIRST + 6);
    const market = await exchange.list(perpetualListing({ feed: 1, index: 1_000n * 10n ** 18n }));
    const maker = await exchange.fund(MAKER, usd("1000000"));
    const trader = await exchange.fund(TRADER, usd("100000"));
    const scene = new Scene(exchange, market, { maker, trader });
    await scene.quote();
    const { deployment } = exchange;
    const tick = (await scene.mark()) >> 16n;
    const order = { market, lots: 20_000n, tick: tick + 20n };
    await exchange.mined(
      await placeOrder(exchange.wallet(TRADER), { deployment, accountId: trader, ...order }),
    );
    await scene.permit(TRADER, trader);
    return scene;
  }

  get deployment() {
    return this.exchange.deployment;
  }

  get contract(): Address {
    return this.deployment.signedOrders ?? zeroAddress;
  }

  /** Names the contract operator, and approves it for fees. */
  async permit(wallet: number, accountId: number, operator = this.contract): Promise<void> {
    const { exchange, deployment } = this;
    const expiry = 2n ** 40n - 1n;
    const client = exchange.wallet(wallet);
    await exchange.mined(await setOperator(client, { deployment, accountId, operator, expiry }));
    await exchange.mint(wallet, usd("1000"));
    await this.approve(wallet, usd("1000"));
  }

  async approve(wallet: number, amount: bigint): Promise<void> {
    const { exchange, deployment, contract: spender } = this;
    const client = exchange.wallet(wallet);
    await exchange.mined(await approveCollateral(client, { deployment, spender, amount }));
  }

  async mark(): Promise<bigint> {
    return (await getMarket(this.exchange.client, { deployment: this.deployment, market: this.market }))
      .markX16;
  }

  async now(): Promise<bigint> {
    return (await getBlock(this.exchange.client, { blockTag: "latest" })).timestamp;
  }

  /** Posts the next day's print. */
  async nextDay(): Promise<void> {
    await this.exchange.postDay(this.#day++);
  }

  /** Puts the maker's orders around mark, in place of those before. */
  async quote(lots = 20_000n): Promise<void> {
    const { exchange, deployment, market, accounts } = this;
    const client = exchange.wallet(MAKER);
    const accountId = accounts.maker;
    for (const { id } of await getOpenOrders(client, { deployment, accountId }))
      await exchange.mined(await cancelOrder(client, { deployment, id }));
    const tick = (await this.mark()) >> 16n;
    for (const order of [
      { lots, tick: tick - 4n },
      { lots: -lots, tick: tick + 4n },
    ])
      await exchange.mined(await placeOrder(client, { deployment, accountId, market, ...order }));
  }

  /** An order of the trader to sell at once, at 2.5 % below mark or better, good for sixty days; what a test says goes before. */
  async sign(terms: Partial<SignOrderParameters> = {}): Promise<SignedOrder> {
    this.#nonce += 1n;
    return signOrder({
      account: key(TRADER),
      deployment: this.deployment,
      market: this.market,
      lots: -1_000n,
      tick: (((await this.mark()) * 975n) / 1_000n) >> 16n,
      fee: usd("2"),
      nonce: this.#nonce,
      expiry: (await this.now()) + 60n * 86_400n,
      ...terms,
    });
  }

  async size(accountId = this.accounts.trader): Promise<bigint> {
    const { positions } = await getAccount(this.exchange.client, { deployment: this.deployment, accountId });
    return positions.find(({ market }) => market === this.market)?.size ?? 0n;
  }

  /** An executor of its own file, or of one that is there. */
  async executor(
    wallet: number,
    options: { settings?: object; job?: Partial<SignedOrdersOptions>; minFee?: bigint } = {},
  ): Promise<Executor> {
    const { deployment, exchange } = this;
    const database = join(mkdtempSync(join(tmpdir(), "usance-orders-")), "orders.sqlite");
    const { signedOrders: config } = parseConfig({
      signedOrders: {
        ...{ database, retrySeconds: 0.01, longestRetrySeconds: 0.01, inbox: { port: 0, perMinute: 10_000 } },
        ...options.settings,
      },
    });
    const client = exchange.wallet(wallet);
    const stop = new AbortController();
    let service: SignedOrdersService | undefined;
    let running: Promise<void> = Promise.resolve();
    const url = await new Promise<string>((onListening, reject) => {
      const collateral = { decimals: 6, symbol: "USD" };
      const { minFee = 0n } = options;
      service = openSignedOrders({ client, deployment, log, config, minFee, collateral, onListening });
      running = service.inbox.run(stop.signal, () => ({ healthy: true, head: { healthy: true }, jobs: {} }));
      running.catch(reject);
    });
    const opened = service!;
    const { store, folder } = opened;
    const keeper = createSignedOrdersKeeper({
      ...{ client, deployment, log, ...config, store, folder },
      ...options.job,
    });
    await keeper.init();
    const ask = async (path: string, body?: string) => {
      const response = await fetch(`${url}${path}`, {
        headers: { connection: "close" },
        ...(body !== undefined && { method: "POST", body }),
      });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };
    return {
      keeper,
      service: opened,
      url,
      address: client.account.address,
      post: (order) => ask("/signed-orders", typeof order === "string" ? order : JSON.stringify(order)),
      get: (hash) => ask(`/signed-orders/${String(hash)}`),
      async close() {
        stop.abort();
        await running;
        opened.close();
      },
    };
  }

  close(): Promise<void> {
    return this.exchange.close();
  }
}

/** An order as plain JSON values, with what is beside it. */
export function json(order: SignedOrder, beside: Record<string, unknown> = {}): Record<string, unknown> {
  return { ...(JSON.parse(formatSignedOrder(order)) as Record<string, unknown>), ...beside };
}
