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

const X16 = 65_536n;

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

/** Price to a tenth of a tick; the exact quote is in the events. */
export function averagePrice(
  quote: bigint,
  lots: bigint,
  { tickSize }: Pick<NamedMarket, "tickSize">,
): string | null {
  if (lots === 0n) return null;
  return markPrice((-quote * X16) / lots, { tickSize });
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
