import { getPushed, type Deployment } from "@usance/sdk";
import { clearinghouseAbi, usageIndexAbi } from "@usance/sdk/abis";
import {
  encodeFunctionData,
  parseEventLogs,
  type Account,
  type Address,
  type Chain,
  type Client,
  type Hex,
  type Log,
  type Transport,
} from "viem";
import { sendTransaction, waitForTransactionReceipt } from "viem/actions";
import { addMonths, monthWindow } from "../lib/calendar.ts";
import { divideHalfEven } from "../lib/rational.ts";
import { MarketKind, MAX_TICK, USAGE_TERMS, type ListingTerms, type MarketListing } from "./markets.ts";
import type { RoleName } from "./roles.ts";
import { GPX_FEED, PRICE_CONFIG, TPX_FEED } from "./terms.ts";

/** What differs between the two underlyings. A lot is a thousandth of a contract. */
const UNDERLYINGS = {
  /** A contract is 1,000 million tokens; a tick 0.0005 USD a million. */
  TPX: {
    feed: TPX_FEED,
    indexPerTick: 5n * 10n ** 14n,
    tickValue: 500,
    tier: { initialMarginBps: 3_000, maintenanceMarginBps: 2_200, fillBandBps: 600 },
  },
  /** A contract is 730 GPU-hours, a GPU for a month; a tick 0.01 USD an hour. */
  GPX: {
    feed: GPX_FEED,
    indexPerTick: 10n ** 16n,
    tickValue: 7_300,
    tier: { initialMarginBps: 2_500, maintenanceMarginBps: 2_000, fillBandBps: 400 },
  },
} as const;

/** A price that months are listed on. */
export type Underlying = keyof typeof UNDERLYINGS;

/**
 * Template of TPX-<month> and GPX-<month>: settle on the mean of the prints of every UTC day of the month. Margins are the
 * same for every month until the delivery window shrinks them; months hedge each other without credit.
 * @param month Delivery month, "2026-03".
 * @throws RangeError where the first mark is no tick.
 */
export function priceListing(
  underlying: Underlying,
  month: string,
  { feed, index }: ListingTerms,
): MarketListing {
  const { indexPerTick, tickValue, tier } = UNDERLYINGS[underlying];
  const firstMarkTick = divideHalfEven(index, indexPerTick);
  if (firstMarkTick === 0n || firstMarkTick > MAX_TICK)
    throw new RangeError(`a first mark of ${firstMarkTick} ticks is out of range`);
  return {
    ...USAGE_TERMS,
    kind: MarketKind.dated,
    feed,
    indexPerTick,
    tickValue,
    tiers: [tier, tier, tier],
    clampBps: 1_000,
    spreadInitialBps: 0,
    spreadMaintenanceBps: 0,
    fundingPeriod: 0,
    fundingCapBps: 0,
    fundingInterestBps: 0,
    ...monthWindow(month),
    nextFromPeriod: monthWindow(addMonths(month, -1)).firstPeriod,
    firstMarkTick: Number(firstMarkTick),
  };
}

/** A call and the role that may make it. Where its holder has a delay, it schedules the same call with the AccessManager. */
export interface RoleCall {
  readonly role: RoleName;
  readonly to: Address;
  readonly data: Hex;
}

/** Calls that add the index of a price and its feed, in their order. The feed comes before the reader, so that no push meets a stranger. */
export function addPriceCalls(
  { usageIndex, clearinghouse }: Deployment,
  underlying: Underlying,
): readonly RoleCall[] {
  const { feed } = UNDERLYINGS[underlying];
  const onIndex = { role: "index", to: usageIndex } as const;
  return [
    {
      ...onIndex,
      data: encodeFunctionData({
        abi: usageIndexAbi,
        functionName: "listIndex",
        args: [feed.index, PRICE_CONFIG],
      }),
    },
    {
      role: "listing",
      to: clearinghouse,
      data: encodeFunctionData({ abi: clearinghouseAbi, functionName: "addFeed", args: [feed] }),
    },
    {
      ...onIndex,
      data: encodeFunctionData({
        abi: usageIndexAbi,
        functionName: "addReader",
        args: [feed.index, clearinghouse],
      }),
    },
  ];
}

/** Call that lists a market. */
export function listMarketCall({ clearinghouse }: Deployment, listing: MarketListing): RoleCall {
  return {
    role: "listing",
    to: clearinghouse,
    data: encodeFunctionData({ abi: clearinghouseAbi, functionName: "listMarket", args: [listing] }),
  };
}

/** A key that holds a role without a delay. */
export type RoleClient = Client<Transport, Chain, Account>;

/**
 * Adds the index of a price to a running exchange, and the feed by which its markets follow it.
 * @param holders Keys of the two roles that it takes.
 * @returns Number of the feed.
 */
export async function addPrice(
  holders: Readonly<Record<"index" | "listing", RoleClient>>,
  deployment: Deployment,
  underlying: Underlying,
): Promise<number> {
  let feed: number | undefined;
  for (const call of addPriceCalls(deployment, underlying)) {
    const logs = await send(holders[call.role as "index" | "listing"], call);
    feed ??= parseEventLogs({ abi: clearinghouseAbi, eventName: "FeedAdded", logs })[0]?.args.feed;
  }
  if (feed === undefined) throw new Error(`${underlying} has no feed`);
  return feed;
}

/**
 * Lists months of a price on a running exchange, by the listing role. Their first mark is the trailing mean that was pushed last: post seven prints first.
 * @param feed What `addPrice` gave.
 * @param months Delivery months, "2026-03".
 * @returns Number of each market, by its name.
 * @throws RangeError where nothing has been pushed yet.
 */
export async function listPriceMarkets(
  client: RoleClient,
  deployment: Deployment,
  underlying: Underlying,
  feed: number,
  months: readonly string[],
): Promise<Map<string, number>> {
  const { value } = await getPushed(client, { deployment, index: UNDERLYINGS[underlying].feed.index });
  const markets = new Map<string, number>();
  for (const month of months) {
    const listing = priceListing(underlying, month, { feed, index: value });
    const logs = await send(client, listMarketCall(deployment, listing));
    const [listed] = parseEventLogs({ abi: clearinghouseAbi, eventName: "MarketListed", logs });
    if (listed === undefined) throw new Error(`${underlying}-${month} was not listed`);
    markets.set(`${underlying}-${month}`, listed.args.market);
  }
  return markets;
}

async function send(client: RoleClient, { role, to, data }: RoleCall): Promise<Log[]> {
  const { account, chain } = client;
  const hash = await sendTransaction(client, { account, chain, to, data });
  const { status, logs } = await waitForTransactionReceipt(client, { hash });
  if (status !== "success") throw new Error(`the ${role} role's call ${hash} was reverted`);
  return logs;
}
