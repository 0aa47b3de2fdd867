import { BASE_DATE, TU1D } from "../reporter/calculation.ts";
import { periodOfDate } from "../lib/calendar.ts";
import { GPX, PRICES_BASE_DATE, TPX } from "../prices/indices.ts";

const WAD = 10n ** 18n;
const HOUR = 3_600;

/** Seats of the reference panel. With a quorum of five it resists two colluders. */
export const PANEL_SIZE = 7;

/** Terms of TU1D, the index of daily token usage. */
export const TU1D_CONFIG = {
  quorum: 5,
  /** Reporters compute from the same data: 1 % is far more than rounding can cause. */
  maxDispersionBps: 100,
  trailingDays: 7,
  /** More than half of the week. */
  minTrailingDays: 4,
  firstPeriod: periodOfDate(BASE_DATE),
  /** Just under what a packed print holds. */
  maxValue: 9_000_000n * WAD,
  /** All but one: a reporter that is down does not keep a true jump from being confirmed. */
  superQuorum: 6,
  /** No day of the real series up to mid-2026 is held. */
  breakerBps: 800,
  breakerFourBps: 2_000,
};

/** Bond of a reporter: 50,000 USD of 6 decimals, a quarter of it for who proves an equivocation, the rest for a fund. */
export const BOND_TERMS = {
  amount: 50_000n * 10n ** 6n,
  proverBps: 2_500,
  /** The reference perpetual, which is listed first. */
  fundMarket: 1,
};

/** How the clearing house follows TU1D: at most 8 % a day, with the ladder of staleness of the reference market. */
export const TU1D_FEED = {
  index: TU1D,
  maxMoveBps: 800,
  limit1: 30 * HOUR,
  limit2: 54 * HOUR,
  limit3: 7 * 24 * HOUR,
};

/**
 * Terms of the token price and of the GPU-hour price. A print is refused as absurd from 1,000 USD on, for a million tokens
 * or for an hour.
 */
export const PRICE_CONFIG = {
  ...TU1D_CONFIG,
  firstPeriod: periodOfDate(PRICES_BASE_DATE),
  maxValue: 1_000n * WAD,
};

/** How the clearing house follows the token price. */
export const TPX_FEED = { ...TU1D_FEED, index: TPX };

/** How the clearing house follows the GPU-hour price. */
export const GPX_FEED = { ...TU1D_FEED, index: GPX };
