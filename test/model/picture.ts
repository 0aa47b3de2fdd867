import { bestTick, impactTick, levels } from "./book.ts";
import type { Chain } from "./chain.ts";
import type { Clearing } from "./clearing.ts";
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

/** The same from the lens, all of it in one call. */
export async function pictureOfChain(
  { house }: Chain,
  accounts: number[],
  markets: number[],
): Promise<Picture> {
  const { interface: abi } = house;
  const calls = [
    abi.encodeFunctionData("tracked"),
    abi.encodeFunctionData("accounts", [accounts]),
    ...accounts.map((id) => abi.encodeFunctionData("owed", [id])),
    ...markets.flatMap((id) => [
      abi.encodeFunctionData("market", [id]),
      abi.encodeFunctionData("fund", [id]),
      abi.encodeFunctionData("levels", [id, true, 100]),
      abi.encodeFunctionData("levels", [id, false, 100]),
    ]),
  ];
  const results = await house.multicall.staticCall(calls);
  const next = results[Symbol.iterator]();
  const read = (name: string): unknown =>
    (abi.decodeFunctionResult as (name: string, data: string) => unknown[])(name, next.next().value!)[0];
  const picture: Picture = { tracked: read("tracked") as bigint };
  const views = read("accounts") as Awaited<ReturnType<typeof house.accounts>>;
  for (const view of views) {
    const id = Number(view.id);
    const { claim } = abi.decodeFunctionResult("owed", next.next().value as string) as unknown as {
      claim: bigint;
    };
    Object.assign(picture, {
      [`account ${id} cash`]: view.cash,
      [`account ${id} retired`]: view.retired,
      [`account ${id} equity`]: view.equity,
      [`account ${id} IM`]: view.initialMargin,
      [`account ${id} MM`]: view.maintenanceMargin,
      [`account ${id} withdrawable`]: view.withdrawable,
      [`account ${id} claim`]: claim,
    });
    for (const marketId of markets) {
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
  for (const id of markets) {
    const view = read("market") as Awaited<ReturnType<typeof house.market>>;
    const fund = read("fund") as Awaited<ReturnType<typeof house.fund>>;
    const [bids, asks] = [read("levels"), read("levels")] as Awaited<ReturnType<typeof house.levels>>[];
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
      [`${name} escrowed`]: `${fund.pendingShorts - fund.pendingLongs} ${fund.pendingQuote}`,
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
      [`${name} bid levels`]: textOf(bids!),
      [`${name} ask levels`]: textOf(asks!),
    });
  }
  return picture;
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
