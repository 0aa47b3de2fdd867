import { SECONDS_PER_DAY } from "../lib/calendar.ts";
import type { Contract } from "./contracts.ts";

// Amounts as the contracts count them: integers of collateral units, rounded against whoever pays.

/** What an order would meet in the book. */
export interface Fill {
  /** Lots that fill now, at least zero. */
  readonly lots: bigint;
  /** Sum of lots × tick. */
  readonly quote: bigint;
  /** Taker fee, collateral units. */
  readonly fee: bigint;
}

const BPS = 10_000n;
/** Fees are tenths of a basis point. */
const FEE_UNIT = 100_000n;

/** Collateral units of a tick·lot. */
export function tickLot({ tickValue }: Pick<Contract, "tickValue">, decimals: number): bigint {
  return tickValue * 10n ** BigInt(decimals - 6);
}

/** Value of a position at mark, rounded down. */
export function notional(contract: Contract, lots: bigint, decimals: number): bigint {
  return (lots * contract.markX16 * tickLot(contract, decimals)) >> 16n;
}

/** IM of a position that stands alone, with what concentration adds, rounded up. */
export function initialMargin(contract: Contract, lots: bigint, decimals: number): bigint {
  const { concentrationLots: from, initialMarginBps, markX16 } = contract;
  const counted = from === 0n || lots <= from ? lots : divideUp(lots * lots, from);
  return divideUp(counted * initialMarginBps * markX16 * tickLot(contract, decimals), BPS << 16n);
}

/**
 * Walks the book as a market order would: from the best price to the edge of the fill band.
 * @param direction 1 buys, −1 sells.
 */
export function takeFromBook(contract: Contract, direction: 1 | -1, lots: bigint, decimals: number): Fill {
  const { book, takerFee } = contract;
  const fill = { lots: 0n, quote: 0n, fee: 0n };
  if (book === undefined) return fill;
  for (const level of direction > 0 ? book.asks : book.bids) {
    const tick = BigInt(level.tick);
    if (fill.lots === lots || (direction > 0 ? tick > book.highestFill : tick < book.lowestFill)) break;
    const left = lots - fill.lots;
    const taken = BigInt(level.lots) < left ? BigInt(level.lots) : left;
    fill.lots += taken;
    fill.quote += taken * tick;
    // The chain rounds the fee of every maker met up, which may be a unit more for each of them.
    fill.fee += divideUp(taken * tick * tickLot(contract, decimals) * takerFee, FEE_UNIT);
  }
  return fill;
}

/** What a fill costs beside mark, half the spread and the impact in one; below zero where it is better than mark. */
export function slippage(contract: Contract, direction: 1 | -1, fill: Fill, decimals: number): bigint {
  const beside = (fill.quote << 16n) - fill.lots * contract.markX16;
  return divideUp(BigInt(direction) * beside * tickLot(contract, decimals), 1n << 16n);
}

/** What a position pays (above zero) or earns by the distance of mark from a value of the index, if the index stays there. */
export function basis(
  contract: Contract,
  direction: 1 | -1,
  lots: bigint,
  indexX16: bigint,
  decimals: number,
): bigint {
  const distance = contract.markX16 - indexX16;
  return divideUp(BigInt(direction) * lots * distance * tickLot(contract, decimals), 1n << 16n);
}

/** Funding that a position pays (above zero) or earns over some days, if mark and index stay where they are. */
export function funding(
  contract: Contract,
  direction: 1 | -1,
  lots: bigint,
  days: number,
  decimals: number,
): bigint {
  const terms = contract.funding;
  if (terms === undefined) return 0n;
  const { indexX16, interestBps, capBps, period } = terms;
  const rate = contract.markX16 - indexX16 + (interestBps * indexX16) / BPS;
  const cap = (capBps * indexX16) / BPS;
  const capped = rate > cap ? cap : rate < -cap ? -cap : rate;
  const paid =
    BigInt(direction) * lots * capped * BigInt(days * SECONDS_PER_DAY) * tickLot(contract, decimals);
  return divideUp(paid, BigInt(period) << 16n);
}

/** Divides and rounds up, also below zero; the denominator is above zero. */
export function divideUp(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  return numerator > 0n && quotient * denominator !== numerator ? quotient + 1n : quotient;
}
