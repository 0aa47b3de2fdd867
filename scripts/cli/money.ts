import type { getAccount } from "@usance/sdk";
import { formatCollateral, getListing } from "@usance/sdk";
import type { Session, NamedMarket } from "./session.ts";
import { markPrice, readCollateral } from "./session.ts";

/** How amounts of the collateral token are written. */
export interface Money {
  symbol: string;
  decimals: number;
  /** Exact decimal text of collateral units. */
  format: (units: bigint) => string;
  /** The same with the token's symbol. */
  say: (units: bigint) => string;
}

/** Reads how amounts of the collateral token are written. */
export async function readMoney(session: Session): Promise<Money> {
  const { decimals, symbol } = await readCollateral(session);
  const format = (units: bigint) => formatCollateral(units, decimals);
  return { symbol, decimals, format, say: (units) => `${format(units)} ${symbol}` };
}

type Account = Awaited<ReturnType<typeof getAccount>>;

/** A position as its owner looks at it; amounts in collateral units, prices as decimal texts. */
export interface Holding {
  market: NamedMarket;
  position: Account["positions"][number];
  entry: string | null;
  mark: string;
  /** Result at mark, with the funding that is due. */
  unrealised: bigint;
  /** What it is worth at mark, whichever its side. */
  notional: bigint;
  /** Maintenance margin that it needs by itself, before a calendar credit. */
  maintenance: bigint;
  /** Mark at which the account's equity is down to its maintenance margin while no other mark moves; null where there is none. */
  liquidation: string | null;
}

const X16 = 65_536n;
const BPS = 10_000n;

/** Collateral units that one lot gains when the price rises one tick. */
export async function unitsPerTick(
  { client, deployment }: Session,
  market: number,
  { decimals }: Money,
): Promise<bigint> {
  const { tickValue } = await getListing(client, { deployment, market });
  // A listing has it in millionths of a token.
  return BigInt(tickValue) * 10n ** BigInt(decimals - 6);
}

/** What an account holds, market by market. */
export async function readHoldings(
  session: Session,
  account: Account,
  markets: readonly NamedMarket[],
  money: Money,
): Promise<Holding[]> {
  const held = account.positions.filter(({ size }) => size !== 0n);
  return Promise.all(
    held.map(async (position) => {
      const market = markets.find(({ id }) => id === position.market);
      if (market === undefined) throw new Error(`Market ${position.market} is not listed.`);
      const perTick = await unitsPerTick(session, market.id, money);
      return holdingOf(account, position, market, perTick);
    }),
  );
}

function holdingOf(
  account: Account,
  position: Account["positions"][number],
  market: NamedMarket,
  perTick: bigint,
): Holding {
  const { size, quote, pendingFunding } = position;
  const lots = size < 0n ? -size : size;
  const worth = size * market.markX16 * perTick;
  const notional = (lots * market.markX16 * perTick) / X16;
  const rate = market.phase === "settled" ? 0n : market.maintenanceMarginBps;
  return {
    market,
    position,
    entry: averagePrice(quote, size, market),
    mark: markPrice(market.markX16, market),
    unrealised: floor((quote + pendingFunding) * perTick * X16 + worth, X16),
    notional,
    maintenance: (notional * rate + BPS - 1n) / BPS,
    liquidation: liquidationPrice(account, { size, lots, rate, perTick }, market),
  };
}

/**
 * A price at which equity meets maintenance margin: both are straight lines in the mark. A calendar credit moves with it too, which is left out:
 * with one, this is where the account is close to its margin, not the last tick.
 */
function liquidationPrice(
  { equity, maintenanceMargin }: Account,
  { size, lots, rate, perTick }: { size: bigint; lots: bigint; rate: bigint; perTick: bigint },
  market: NamedMarket,
): string | null {
  // What equity less margin gains per tick × 2^16, in basis points.
  const slope = (size * BPS - lots * rate) * perTick;
  if (slope === 0n || market.phase === "settled") return null;
  const price = market.markX16 - ((equity - maintenanceMargin) * BPS * X16) / slope;
  return price <= 0n ? null : markPrice(price, market);
}

/** Price to a tenth of a tick; the exact quote is in the events. */
export function averagePrice(
  quote: bigint,
  lots: bigint,
  { tickSize }: Pick<NamedMarket, "tickSize">,
): string | null {
  if (lots === 0n) return null;
  return markPrice((-quote * X16) / lots, { tickSize });
}

/** Quotient rounded to −∞. */
export function floor(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  return numerator % denominator < 0n ? quotient - 1n : quotient;
}

/** A part of a whole in per cent with one decimal; "-" of nothing. */
export function percent(part: bigint, whole: bigint): string {
  return whole === 0n ? "-" : `${formatPercent(part, whole, 1)} %`;
}

/** A part of a whole in per cent, rounded half away from zero. */
export function formatPercent(part: bigint, whole: bigint, digits: number): string {
  const unit = 10n ** BigInt(digits);
  const scaled = (part * 200n * unit + (part < 0n ? -whole : whole)) / (2n * whole);
  const size = scaled < 0n ? -scaled : scaled;
  return `${scaled < 0n ? "-" : ""}${size / unit}.${String(size % unit).padStart(digits, "0")}`;
}
