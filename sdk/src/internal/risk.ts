import type { Client } from "viem";
import type { Outcome } from "./abi.ts";
import { clearinghouse, collateralDecimals, lockedPrints, type ClearinghouseAbi } from "./contracts.ts";
import { liquidationTicks, maintenanceOf, type LiquidationTicks, type RiskPosition } from "./liquidation.ts";
import { read, type ReadParameters } from "./read.ts";
import { marketKinds, marketPhases } from "../enums.ts";
import { divide } from "../units/decimal.ts";

type AccountState = Outcome<ClearinghouseAbi, "account">;
export type MarketState = Outcome<ClearinghouseAbi, "market">;
export type Listing = Outcome<ClearinghouseAbi, "listing">;

/** A market with its terms, and what one tick of one lot is worth. */
export type MarketTerms = { market: MarketState; listing: Listing; tickValue: bigint };

/** Where a liquidation begins in one market, the marks of all others held. */
export type MarketLiquidation = LiquidationTicks & { market: number };

const secondsOfDay = 86_400n;
/** Days after which a print can be final. */
const finalAfter = 4;
/** MM never falls below it in a delivery window, basis points. */
const leastMaintenanceBps = 300n;

/** Reads markets with their terms. */
export async function readTerms(
  client: Client,
  parameters: ReadParameters,
  ids: readonly number[],
): Promise<Map<number, MarketTerms>> {
  const [decimals, ...terms] = await Promise.all([
    read(client, parameters, collateralDecimals, "decimals", []),
    ...ids.map((id) =>
      Promise.all([
        read(client, parameters, clearinghouse, "market", [id]),
        read(client, parameters, clearinghouse, "listing", [id]),
      ]),
    ),
  ]);
  const unit = 10n ** BigInt(decimals - 6);
  return new Map(
    terms.map(([market, listing]) => [
      market.id,
      { market, listing, tickValue: BigInt(listing.tickValue) * unit },
    ]),
  );
}

/**
 * Liquidation ticks of every market in which an account has a position. Undefined where they cannot be told: while a month
 * of a hedge has got other margins within a day of its delivery window, the rate that holds until midnight is nowhere to
 * be read.
 */
export async function readLiquidation(
  client: Client,
  parameters: ReadParameters & { time: bigint },
  account: AccountState,
  terms: Map<number, MarketTerms>,
): Promise<MarketLiquidation[] | undefined> {
  const held = account.positions.filter(({ size }) => size !== 0n);
  const months = held.filter(({ market }) => isMonth(terms.get(market)));
  const positions = await Promise.all(
    account.positions.map(async (position): Promise<RiskPosition> => {
      const known = terms.get(position.market);
      if (!known) throw new Error(`no terms of market ${position.market} were read`);
      const { market, listing, tickValue } = known;
      const phase = marketPhases[market.phase];
      const isPaired = months.length > 1 && months.includes(position);
      return {
        market: position.market,
        size: position.size,
        quote: position.quote,
        markX16: market.markX16,
        fundingDue: market.cumulativeFunding - position.fundingSnapshot,
        tickValue,
        maintenanceBps: market.maintenanceMarginBps,
        settled: phase === "settled",
        trades: phase === "open" || phase === "reduceOnly",
        ...(isPaired && {
          month: {
            market: position.market,
            feed: market.feed,
            first: listing.firstPeriod,
            last: listing.lastPeriod,
            spreadBps: BigInt(listing.spreadMaintenanceBps),
            tickValue,
            ...(await unlockedShare(client, parameters, known, position.size)),
          },
        }),
      };
    }),
  );
  if (maintenanceOf(positions) !== account.maintenanceMargin) return undefined;
  return held.map(({ market }) => ({ market, ...liquidationTicks(account.cash, positions, market) }));
}

/** Whether a market may be the leg of a calendar hedge. */
function isMonth(terms: MarketTerms | undefined): boolean {
  if (!terms) return false;
  const { market, listing } = terms;
  const trades = market.phase < marketPhases.indexOf("expired");
  return marketKinds[market.kind] === "dated" && listing.spreadMaintenanceBps !== 0 && trades;
}

/** Lots of a month that its delivery window has not locked, and the rate of each. */
async function unlockedShare(
  client: Client,
  parameters: ReadParameters & { time: bigint },
  { market, listing }: MarketTerms,
  size: bigint,
): Promise<{ counted: bigint; maintenanceBps: bigint }> {
  const whole = { counted: size, maintenanceBps: market.maintenanceMarginBps };
  const today = Number(parameters.time / secondsOfDay);
  if (today < listing.firstPeriod + finalAfter) return whole;
  const { finalDays } = await read(client, parameters, lockedPrints, "lockedSumAt", [
    market.index,
    listing.firstPeriod,
    today - finalAfter,
    BigInt(today) * secondsOfDay,
  ]);
  const days = BigInt(listing.lastPeriod - listing.firstPeriod + 1);
  const unlocked = days - finalDays;
  const maintenanceBps = BigInt(listing.tiers[0].maintenanceMarginBps);
  // A market that was listed within its window locks nothing before its first midnight; its rate tells.
  const scaled = divide(maintenanceBps * unlocked, days, "up");
  const rate = scaled < leastMaintenanceBps ? leastMaintenanceBps : scaled;
  if (finalDays === 0n || market.maintenanceMarginBps !== rate) return whole;
  return { counted: (size * unlocked) / days, maintenanceBps };
}
