import fc from "fast-check";
import type { OrderKind } from "./types.ts";

/** What the random sequences are made of. Amounts are shares of what is possible, so that most actions mean something. */

export interface OrderShape {
  market: number;
  buys: boolean;
  /** Distance from mark in ticks; above zero is the passive side. */
  offset: number;
  /** Lots in thousandths of what the account's equity allows. */
  share: number;
  kind: OrderKind;
  reduceOnly: boolean;
  /** Units of 300 seconds after the next full one; 0 is until cancelled. */
  lifetime: number;
  maxFills: number;
}

export type Action =
  | { type: "deposit"; who: number; amount: number }
  | { type: "withdraw"; who: number; share: number }
  | { type: "transfer"; who: number; to: number; share: number }
  | { type: "redeem"; who: number }
  | { type: "schedule"; market: number; moreBps: number; days: number }
  | { type: "cancelMargins" | "applyMargins"; market: number }
  | { type: "topUp"; market: number; amount: number }
  | { type: "drain"; market: number; share: number }
  | { type: "place"; who: number; order: OrderShape; by?: number }
  | { type: "placeThrough"; who: number; order: OrderShape; builder: number; fee: number }
  | { type: "amend"; who: number; pick: number; order: OrderShape; share: number }
  | { type: "operator"; who: number; operator: number; seconds: number }
  | { type: "builder"; who: number; builder: number; cap: number }
  | { type: "switch"; who: number; seconds: number }
  | { type: "sweep"; market: number; bids: boolean; maxFills: number }
  | { type: "sweepOrders"; picks: number[] }
  | { type: "cancelFired"; who: number }
  | { type: "unwind"; market: number; maxFills: number }
  | { type: "deleverage"; market: number }
  | { type: "applyRounds"; market: number; who: number[] }
  | { type: "cancel"; who: number; pick: number }
  | { type: "batch"; who: number; picks: number[]; orders: OrderShape[] }
  | { type: "malformed"; who: number; market: number; flaw: Flaw }
  | { type: "wait"; seconds: number }
  | { type: "print"; moveBps: number; hour: number }
  | { type: "days"; movesBps: number[]; rises: boolean; after: Upkeep[] }
  | { type: "pair"; who: number; against: number; market: number; buys: boolean; share: number }
  | { type: "quote"; who: number; market: number; spread: number; share: number }
  | { type: "revise"; moveBps: number }
  | { type: "skipDay" }
  | { type: "sync"; market: number }
  | { type: "follow" }
  | { type: "cancelRiskRaising"; who: Whom }
  | { type: "liquidate"; who: Whom; market: number; keeper: number; maxFills: number; takeOver: number }
  | { type: "absorb"; who: Whom }
  | { type: "settle"; market: number }
  | { type: "settleAccounts"; market: number; who: number[] }
  | { type: "spread"; who: number; against: number; buys: boolean; share: number }
  | { type: "collectFees"; market: number }
  | { type: "fees"; market: number; taker: number; maker: number }
  | { type: "limits"; market: number; units: number; openInterest: number }
  | { type: "fundTerms"; market: number; base: number; coverBps: number; shareBps: number; feeBps: number }
  | { type: "multicall"; who: number; orders: OrderShape[]; share: number; seconds: number }
  | ({ type: "crash" } & Crash)
  | { type: "silence"; who: number; against: number; market: number; limit: 1 | 2 | 3 }
  | { type: "stopNewRisk" | "resumeNewRisk"; market: number };

/**
 * Accounts that are leveraged against one other, until prints have ruined them: liquidation, takeover, absorption, rounds and what
 * comes after them. `last` opens a position between the rounds.
 */
export interface Crash {
  victims: number[];
  winner: number;
  last: number;
  market: number;
  keeper: number;
  /** What the fund is given before, and what it is short of is repaid with, collateral units. */
  funded: number;
  /** Whether the winner's rounds wait until there are several. */
  waits: boolean;
  /** Percent of a victim's size that the keeper takes over after the first day. */
  takeOver: number;
}

/** What follows on a day's print, on the account nearest to liquidation. */
export type Upkeep = "cancelRiskRaising" | "liquidate" | "absorb";

/** An account by number, or the one nearest to liquidation. */
export type Whom = number | "weakest";

export const FLAWS = [
  "tiny",
  "huge",
  "tickZero",
  "tickMax",
  "outside",
  "unaligned",
  "past",
  "unused",
  "noFills",
] as const;
export type Flaw = (typeof FLAWS)[number];

/** Owners; the last of them have a second account each, so that there are ACCOUNTS in all. */
export const OWNERS = 6;
export const ACCOUNTS = 8;
export const ownerOf = (who: number): number => (who < OWNERS ? who : who - (ACCOUNTS - OWNERS));

const who = fc.nat(ACCOUNTS - 1);
const whom = fc.oneof(
  { arbitrary: fc.constant("weakest" as const), weight: 4 },
  { arbitrary: who, weight: 1 },
);
const market = fc.oneof(
  { arbitrary: fc.constant(1), weight: 4 },
  { arbitrary: fc.constant(2), weight: 3 },
  { arbitrary: fc.constant(3), weight: 2 },
  { arbitrary: fc.constant(4), weight: 1 },
);
const maxFills = fc.oneof(
  { arbitrary: fc.constant(100), weight: 5 },
  { arbitrary: fc.integer({ min: 1, max: 3 }), weight: 1 },
);

const shape: fc.Arbitrary<OrderShape> = fc.record({
  market,
  buys: fc.boolean(),
  offset: fc.oneof(
    { arbitrary: fc.integer({ min: -4, max: 4 }), weight: 5 },
    { arbitrary: fc.integer({ min: -40, max: 60 }), weight: 3 },
    { arbitrary: fc.integer({ min: -150, max: 150 }), weight: 1 },
  ),
  share: fc.oneof(
    { arbitrary: fc.integer({ min: 1, max: 250 }), weight: 4 },
    { arbitrary: fc.integer({ min: 600, max: 1_100 }), weight: 4 },
  ),
  kind: fc.oneof(
    { arbitrary: fc.constant<OrderKind>("limit"), weight: 6 },
    { arbitrary: fc.constant<OrderKind>("postOnly"), weight: 2 },
    { arbitrary: fc.constant<OrderKind>("immediateOrCancel"), weight: 2 },
    { arbitrary: fc.constant<OrderKind>("fillOrKill"), weight: 1 },
  ),
  reduceOnly: fc.oneof(
    { arbitrary: fc.constant(false), weight: 6 },
    { arbitrary: fc.constant(true), weight: 1 },
  ),
  lifetime: fc.oneof(
    { arbitrary: fc.constant(0), weight: 4 },
    { arbitrary: fc.integer({ min: 1, max: 12 }), weight: 1 },
  ),
  maxFills,
});

const seconds = fc.oneof(
  { arbitrary: fc.integer({ min: 0, max: 59 }), weight: 3 },
  { arbitrary: fc.integer({ min: 60, max: 3_600 }), weight: 3 },
  { arbitrary: fc.integer({ min: 3_600, max: 40_000 }), weight: 1 },
  { arbitrary: fc.integer({ min: 40_000, max: 400_000 }), weight: 1 },
);

const spread = fc.record({
  type: fc.constant("spread" as const),
  who,
  against: who,
  buys: fc.boolean(),
  share: fc.integer({ min: 100, max: 900 }),
});
const list = fc.array(fc.nat(ACCOUNTS - 1), { maxLength: 4 });
const tag = <T extends string>(type: T) => fc.constant<T>(type);

const crash = fc
  .record({
    type: tag("crash"),
    five: fc.uniqueArray(who, { minLength: 5, maxLength: 5 }),
    market: fc.constantFrom(1, 1, 1, 2, 3, 4),
    two: fc.boolean(),
    funded: fc.oneof(fc.constant(0), fc.nat(400_000_000)),
    waits: fc.boolean(),
    takeOver: fc.constantFrom(30, 60, 100),
  })
  .map(({ five, two, ...rest }) => {
    const [first, winner, last, keeper, second] = five as [number, number, number, number, number];
    return { ...rest, victims: two ? [first, second] : [first], winner, last, keeper };
  });

export const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 5, arbitrary: spread },
  { weight: 2, arbitrary: fc.record({ type: tag("transfer"), who, to: who, share: fc.nat(1_050) }) },
  { weight: 2, arbitrary: fc.record({ type: tag("redeem"), who: fc.nat(ACCOUNTS) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: tag("schedule"),
      market,
      moreBps: fc.integer({ min: 0, max: 400 }),
      days: fc.integer({ min: 7, max: 9 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: tag("applyMargins"), market }) },
  { weight: 1, arbitrary: fc.record({ type: tag("cancelMargins"), market }) },
  { weight: 3, arbitrary: fc.record({ type: tag("topUp"), market, amount: fc.nat(1_500_000_000) }) },
  { weight: 2, arbitrary: fc.record({ type: tag("drain"), market, share: fc.nat(1_100) }) },
  {
    weight: 3,
    arbitrary: fc.record({ type: tag("place"), who, order: shape, by: fc.nat(OWNERS - 1) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: tag("placeThrough"),
      who,
      order: shape,
      builder: who,
      fee: fc.nat(60),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      type: tag("amend"),
      who,
      pick: fc.nat(20),
      order: shape,
      share: fc.integer({ min: 1, max: 1_600 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: tag("operator"),
      who,
      operator: fc.nat(OWNERS - 1),
      seconds: fc.nat(200_000),
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: tag("builder"), who, builder: who, cap: fc.nat(110) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: tag("switch"),
      who,
      seconds: fc.oneof(fc.constant(0), fc.integer({ min: 3, max: 3_000 }), fc.nat(200_000)),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ type: tag("sweep"), market, bids: fc.boolean(), maxFills }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: tag("sweepOrders"), picks: fc.array(fc.nat(40), { maxLength: 5 }) }),
  },
  { weight: 2, arbitrary: fc.record({ type: tag("cancelFired"), who }) },
  { weight: 5, arbitrary: fc.record({ type: tag("unwind"), market, maxFills }) },
  { weight: 3, arbitrary: fc.record({ type: tag("deleverage"), market }) },
  { weight: 3, arbitrary: fc.record({ type: tag("applyRounds"), market, who: list }) },
  { weight: 40, arbitrary: fc.record({ type: fc.constant("place" as const), who, order: shape }) },
  { weight: 5, arbitrary: fc.record({ type: fc.constant("cancel" as const), who, pick: fc.nat(20) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant("batch" as const),
      who,
      picks: fc.array(fc.nat(20), { maxLength: 3 }),
      orders: fc.array(shape, { maxLength: 3 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant("malformed" as const),
      who,
      market,
      flaw: fc.constantFrom(...FLAWS),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant("deposit" as const), who, amount: fc.nat(2_000_000_000) }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("withdraw" as const), who, share: fc.nat(1_100) }) },
  { weight: 10, arbitrary: fc.record({ type: fc.constant("wait" as const), seconds }) },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("print" as const),
      moveBps: fc.integer({ min: -2_500, max: 2_500 }),
      hour: fc.nat(20),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant("days" as const),
      movesBps: fc.array(fc.integer({ min: 0, max: 2_500 }), { minLength: 1, maxLength: 4 }),
      rises: fc.boolean(),
      after: fc.array(fc.constantFrom<Upkeep>("cancelRiskRaising", "liquidate", "liquidate", "absorb"), {
        maxLength: 3,
      }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant("pair" as const),
      who,
      against: who,
      market,
      buys: fc.boolean(),
      share: fc.integer({ min: 300, max: 950 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant("quote" as const),
      who,
      market,
      spread: fc.integer({ min: 0, max: 30 }),
      share: fc.integer({ min: 20, max: 400 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant("revise" as const),
      moveBps: fc.integer({ min: -900, max: 900 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("skipDay" as const) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("sync" as const), market }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("follow" as const) }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("cancelRiskRaising" as const), who: whom }) },
  {
    weight: 7,
    arbitrary: fc.record({
      type: fc.constant("liquidate" as const),
      who: whom,
      market,
      keeper: who,
      maxFills,
      takeOver: fc.oneof(fc.constant(0), fc.constant(1_000), fc.integer({ min: 1, max: 999 })),
    }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("absorb" as const), who: whom }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("settle" as const), market }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant("settleAccounts" as const),
      market: fc.constantFrom(2, 2, 3),
      who: fc.array(fc.nat(ACCOUNTS), { maxLength: 4 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("collectFees" as const), market }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: tag("fees"),
      market,
      taker: fc.nat(80),
      maker: fc.integer({ min: -60, max: 60 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: tag("limits"), market, units: fc.nat(9), openInterest: fc.nat(70_000) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: tag("fundTerms"),
      market,
      base: fc.integer({ min: 20_000, max: 60_000 }),
      coverBps: fc.nat(1_000),
      shareBps: fc.nat(10_050),
      feeBps: fc.nat(505),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: tag("multicall"),
      who,
      orders: fc.array(shape, { minLength: 1, maxLength: 3 }),
      share: fc.nat(500),
      seconds: fc.constantFrom(0, 0, 4, 60, 4_000),
    }),
  },
  { weight: 3, arbitrary: crash },
  {
    weight: 2,
    arbitrary: fc.record({
      type: tag("silence"),
      who,
      against: who,
      market,
      limit: fc.constantFrom<1 | 2>(1, 2, 2),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("stopNewRisk" as const), market }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("resumeNewRisk" as const), market }) },
);
