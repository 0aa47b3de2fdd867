import { getAccounts, getListing, getMarket, type Deployment } from "@usance/sdk";
import type { Client } from "viem";
import { symbolOf } from "../deploy/markets.ts";
import type { AccountSnapshot, MarketSnapshot } from "./snapshot.ts";

const COLLATERAL_UNITS = 1e6;

type Listing = Awaited<ReturnType<typeof getListing>>;
type MarketState = Awaited<ReturnType<typeof getMarket>>;
type AccountState = Awaited<ReturnType<typeof getAccounts>>[number];

/** Reads markets and accounts as strategies see them. Terms that never change are read once. */
export class MarketData {
  readonly #listings = new Map<number, Listing>();

  constructor(
    readonly client: Client,
    readonly deployment: Deployment,
  ) {}

  /** Terms of a market. */
  async listing(market: number): Promise<Listing> {
    const { client, deployment } = this;
    const known = this.#listings.get(market) ?? (await getListing(client, { deployment, market }));
    this.#listings.set(market, known);
    return known;
  }

  /** Name of a market. */
  async name(market: number): Promise<string> {
    const [listing, { index }] = await Promise.all([this.listing(market), this.state(market)]);
    return symbolOf(listing, index);
  }

  /** State of a market as the chain gives it. */
  async state(market: number): Promise<MarketState> {
    return getMarket(this.client, { deployment: this.deployment, market });
  }

  /** Markets as strategies see them, in the given order. */
  async markets(ids: readonly number[]): Promise<MarketSnapshot[]> {
    return Promise.all(
      ids.map(async (id) => {
        const [listing, state] = await Promise.all([this.listing(id), this.state(id)]);
        return marketSnapshot(listing, state);
      }),
    );
  }

  /** Accounts as strategies see them, by number. */
  async accounts(accountIds: readonly number[]): Promise<Map<number, AccountSnapshot>> {
    if (accountIds.length === 0) return new Map();
    const { client, deployment } = this;
    const states = await getAccounts(client, { deployment, accountIds });
    return new Map(states.map((state) => [state.id, accountSnapshot(state)]));
  }
}

/** Turns a market of the chain into plain numbers. */
export function marketSnapshot(listing: Listing, state: MarketState): MarketSnapshot {
  return {
    id: state.id,
    name: symbolOf(listing, state.index),
    kind: state.kind,
    open: state.phase === "open" && !state.stale,
    mark: Number(state.markX16) / 2 ** 16,
    anchor: Number(state.anchorX16) / 2 ** 16,
    bestBid: Number(state.bestBid),
    bestAsk: Number(state.bestAsk),
    lowestFill: Number(state.lowestFill),
    highestFill: Number(state.highestFill),
    initialMargin: Number(state.initialMarginBps) / 1e4,
    maintenanceMargin: Number(state.maintenanceMarginBps) / 1e4,
    minLots: listing.minLots,
    impactLots: listing.impactLots,
    tickValue: listing.tickValue / 1e6,
    ticksPerPoint: 1e18 / Number(listing.indexPerTick),
    fundingPeriod: listing.fundingPeriod,
    firstPeriod: listing.firstPeriod,
    lastPeriod: listing.lastPeriod,
  };
}

/** Turns an account of the chain into plain numbers. */
export function accountSnapshot(state: AccountState): AccountSnapshot {
  return {
    id: state.id,
    retired: state.retired,
    equity: tokensOf(state.equity),
    initialMargin: tokensOf(state.initialMargin),
    maintenanceMargin: tokensOf(state.maintenanceMargin),
    withdrawable: tokensOf(state.withdrawable),
    positions: new Map(state.positions.map(({ market, size }) => [market, Number(size)])),
  };
}

/** Collateral units as tokens. */
export function tokensOf(units: bigint): number {
  return Number(units) / COLLATERAL_UNITS;
}

/** Tokens as whole collateral units, rounded down. */
export function unitsOf(tokens: number): bigint {
  return BigInt(Math.floor(tokens * COLLATERAL_UNITS));
}
