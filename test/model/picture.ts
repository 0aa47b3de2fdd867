import type { Interface } from "ethers";
import { bestTick, impactTick, levels } from "./book.ts";
import { type Chain, read } from "./chain.ts";
import type { Clearing } from "./clearing.ts";
import { type Decoder, decoderOf } from "./decoding.ts";
import {
  emptyPosition,
  equityOf,
  fillBand,
  initialMargin,
  maintenanceMargin,
  pendingFunding,
  phaseOf,
  tierOf,
} from "./margin.ts";
import { accountOf, withdrawable } from "./position.ts";
import { fundEquity } from "./rounds.ts";
import { applied, escrowed, unfinishedRounds } from "./shares.ts";

/** Everything that chain and model must agree on, as named numbers: the same names from both sides. */
export type Picture = Record<string, bigint | boolean | string>;

const isTrading = (phase?: string): boolean => phase === "open" || phase === "reduceOnly";

const PHASES = ["open", "reduceOnly", "expired", "settled"];

export function pictureOfModel({ state }: Clearing, accounts: number[]): Picture {
  const picture: Picture = { tracked: state.tracked };
  for (const id of accounts) {
    const account = accountOf(state, id);
    Object.assign(picture, {
      [`account ${id} cash`]: account.cash,
      [`account ${id} retired`]: account.retired,
      [`account ${id} equity`]: equityOf(state, account),
      [`account ${id} IM`]: initialMargin(state, account),
      [`account ${id} MM`]: maintenanceMargin(state, account),
      [`account ${id} withdrawable`]: withdrawable(state, account),
      [`account ${id} claim`]: account.claim,
    });
    for (const [marketId, market] of state.markets) {
      const stored = account.positions.get(marketId) ?? emptyPosition();
      const position = applied(market, stored);
      const name = `account ${id} market ${marketId}`;
      picture[`${name} size`] = position.size;
      picture[`${name} quote`] = position.quote;
      picture[`${name} pending lots`] = position.size - stored.size;
      picture[`${name} bids`] = position.bidLots;
      picture[`${name} asks`] = position.askLots;
      picture[`${name} orders`] = BigInt(position.openOrders);
      picture[`${name} pending funding`] = position.size === 0n ? 0n : pendingFunding(market, position);
    }
  }
  for (const [id, market] of state.markets) {
    const name = `market ${id}`;
    const tier = tierOf(market, state.now);
    const { lowest, highest } = fillBand(market, state.now);
    Object.assign(picture, {
      [`${name} phase`]: phaseOf(market, state.now),
      [`${name} open interest`]: market.openInterest,
      // Where trading has ended nothing raises open interest any more.
      [`${name} open interest limit`]: isTrading(phaseOf(market, state.now)) ? market.openInterestLimit : 0n,
      [`${name} deficit`]: market.deficit,
      [`${name} fund equity`]: fundEquity(state, market),
      [`${name} rounds`]: BigInt(market.rounds.length),
      [`${name} unfinished`]: BigInt(unfinishedRounds(market)),
      [`${name} escrowed`]: `${escrowed(market).size} ${escrowed(market).quote}`,
      [`${name} pool`]: market.fundingPool,
      [`${name} fees`]: market.feesPayable,
      [`${name} best bid`]: bestTick(market.book.bids),
      [`${name} best ask`]: bestTick(market.book.asks),
      [`${name} impact bid`]: impactTick(market.book.bids, market.listing.impactLots),
      [`${name} impact ask`]: impactTick(market.book.asks, market.listing.impactLots),
      [`${name} lowest fill`]: lowest,
      [`${name} highest fill`]: highest,
      [`${name} IM rate`]: tier.initialMarginBps,
      [`${name} MM rate`]: tier.maintenanceMarginBps,
      [`${name} settlement`]: market.settlementTick,
      [`${name} bid levels`]: textOf(levels(market.book.bids)),
      [`${name} ask levels`]: textOf(levels(market.book.asks)),
    });
  }
  return picture;
}

const textOf = (found: { tick: bigint; lots: bigint }[]): string =>
  found.map(({ tick, lots }) => `${lots}@${tick}`).join(" ");

/** What the lens says of a market and the clocks are held against. */
export interface MarketSeen {
  phase: bigint;
  stage: bigint;
  meanX16: bigint;
  anchorX16: bigint;
  markX16: bigint;
  cumulativeFunding: bigint;
}

/** What the clearing house says of a feed. */
export interface FeedSeen {
  target: bigint;
  followed: bigint;
  newestPeriod: bigint;
  staleAt: bigint;
}

type Fields = Record<string, bigint>;
type Positions = Fields[];
type LevelsSeen = { tick: bigint; lots: bigint }[];

/** Reads everything that is compared, each time in one call that is encoded once. */
export class Lens {
  private readonly chain: Chain;
  private readonly markets: number[];
  private readonly everything: string;
  private readonly clocks: string;
  private readonly decoders = new Map<string, Decoder>();

  constructor(chain: Chain, accounts: number[], markets: number[]) {
    this.chain = chain;
    this.markets = markets;
    const abi: Interface = chain.house.interface;
    const call = (name: string, ...args: unknown[]): string => abi.encodeFunctionData(name, args);
    const all = (calls: string[]): string => call("multicall", calls);
    this.clocks = all(markets.map((id) => call("market", id)));
    this.everything = all([
      call("tracked"),
      call("feed", 1),
      call("accounts", accounts),
      ...accounts.map((id) => call("owed", id)),
      ...markets.flatMap((id) => [
        call("market", id),
        call("fund", id),
        call("levels", id, true, 100),
        call("levels", id, false, 100),
      ]),
    ]);
    for (const name of ["multicall", "tracked", "feed", "accounts", "owed", "market", "fund", "levels"])
      this.decoders.set(name, decoderOf(abi, name));
  }

  /** What markets would say in the next block. */
  async pending(): Promise<MarketSeen[]> {
    const results = await this.call(this.clocks, "pending");
    return results.map((data) => this.decode("market", data)[0] as MarketSeen);
  }

  async latest(): Promise<{ picture: Picture; markets: MarketSeen[]; feed: FeedSeen }> {
    return this.pictured(await this.call(this.everything, "latest"));
  }

  private async call(data: string, block: "pending" | "latest"): Promise<string[]> {
    const { provider, house } = this.chain;
    return this.decode("multicall", await read(provider, house, data, block))[0] as string[];
  }

  private decode(name: string, data: string): unknown[] {
    return this.decoders.get(name)!(data);
  }

  private pictured(results: string[]): { picture: Picture; markets: MarketSeen[]; feed: FeedSeen } {
    const next = results[Symbol.iterator]();
    const all = (name: string): unknown[] => this.decode(name, next.next().value!);
    const picture: Picture = { tracked: all("tracked")[0] as bigint };
    const feed = all("feed")[0] as FeedSeen;
    const views = all("accounts")[0] as (Fields & { retired: boolean; positions: Positions })[];
    for (const view of views) this.addAccount(picture, view, all("owed")[2] as bigint);
    const markets = this.markets.map((id) => {
      const view = all("market")[0] as Fields & MarketSeen;
      const fund = all("fund")[0] as Fields;
      const [bids, asks] = [all("levels")[0], all("levels")[0]] as [LevelsSeen, LevelsSeen];
      addMarket(picture, id, view, fund, bids, asks);
      return view;
    });
    return { picture, markets, feed };
  }

  private addAccount(
    picture: Picture,
    view: Fields & { retired: boolean; positions: Positions },
    claim: bigint,
  ): void {
    const id = Number(view.id);
    Object.assign(picture, {
      [`account ${id} cash`]: view.cash,
      [`account ${id} retired`]: view.retired,
      [`account ${id} equity`]: view.equity,
      [`account ${id} IM`]: view.initialMargin,
      [`account ${id} MM`]: view.maintenanceMargin,
      [`account ${id} withdrawable`]: view.withdrawable,
      [`account ${id} claim`]: claim,
    });
    for (const marketId of this.markets) {
      const found = view.positions.find(({ market }) => Number(market) === marketId);
      const name = `account ${id} market ${marketId}`;
      picture[`${name} size`] = found?.size ?? 0n;
      picture[`${name} quote`] = found?.quote ?? 0n;
      picture[`${name} pending lots`] = found?.pendingLots ?? 0n;
      picture[`${name} bids`] = found?.bidLots ?? 0n;
      picture[`${name} asks`] = found?.askLots ?? 0n;
      picture[`${name} orders`] = found?.openOrders ?? 0n;
      picture[`${name} pending funding`] = found?.pendingFunding ?? 0n;
    }
  }
}

function addMarket(
  picture: Picture,
  id: number,
  view: Fields & MarketSeen,
  fund: Fields,
  bids: LevelsSeen,
  asks: LevelsSeen,
): void {
  const name = `market ${id}`;
  const phase = PHASES[Number(view.phase)] ?? "unknown";
  Object.assign(picture, {
    [`${name} phase`]: phase,
    [`${name} open interest`]: view.openInterest,
    [`${name} open interest limit`]: isTrading(phase) ? view.openInterestLimit : 0n,
    [`${name} deficit`]: fund.deficit,
    [`${name} fund equity`]: fund.equity,
    [`${name} rounds`]: fund.rounds,
    [`${name} unfinished`]: fund.unfinished,
    [`${name} escrowed`]: `${fund.pendingShorts! - fund.pendingLongs!} ${fund.pendingQuote}`,
    [`${name} pool`]: view.fundingPool,
    [`${name} fees`]: view.feesPayable,
    [`${name} best bid`]: view.bestBid,
    [`${name} best ask`]: view.bestAsk,
    [`${name} impact bid`]: view.impactBid,
    [`${name} impact ask`]: view.impactAsk,
    [`${name} lowest fill`]: view.lowestFill,
    [`${name} highest fill`]: view.highestFill,
    [`${name} IM rate`]: view.initialMarginBps,
    [`${name} MM rate`]: view.maintenanceMarginBps,
    [`${name} settlement`]: view.settlementTick,
    [`${name} bid levels`]: textOf(bids),
    [`${name} ask levels`]: textOf(asks),
  });
}

/** What is left in the book of a settled market is void and nobody's: the sides may clear it up at other times. */
const VOID = /(best|impact) (bid|ask)|levels|fill$/;

/** Names on which two pictures differ, with both values. */
export function differences(model: Picture, chain: Picture): string[] {
  const names = new Set([...Object.keys(model), ...Object.keys(chain)]);
  return [...names]
    .filter((name) => model[name] !== chain[name])
    .filter((name) => !(VOID.test(name) && model[`${name.split(" ", 2).join(" ")} phase`] === "settled"))
    .map((name) => `${name}: model ${model[name]}, chain ${chain[name]}`);
}
