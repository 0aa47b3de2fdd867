import type { Action } from "./actions.ts";

/** Sequences on which model and chain once differed, or that reach what chance seldom does. They are run before the random ones. */
export const REPLAYED: { name: string; actions: Action[] }[] = [
  {
    // The credit of a month took its unlocked share from the last touch and its margins from this minute.
    name: "the credit of a month that nobody has touched since a midnight that locked a day of it",
    actions: [{ type: "spread", who: 0, against: 1, buys: true, share: 500 }, ...prints(11, 0)],
  },
  {
    // What a round closes whole counted as a gain that waits for the settlement price.
    name: "rounds in a market whose trading has ended, and what may be withdrawn before they are served",
    actions: [
      ...prints(4, 0),
      { type: "pair", who: 0, against: 1, market: 2, buys: true, share: 950 },
      ...prints(8, -2_000),
      { type: "absorb", who: "weakest" },
      { type: "deleverage", market: 2 },
      { type: "withdraw", who: 1, share: 1_000 },
      { type: "applyRounds", market: 2, who: [0, 1, 2] },
    ],
  },
  {
    // Orders of a position that a round has made smaller only reduce from then on.
    name: "a fund that cannot pay, with orders, claims and a top-up behind it",
    actions: [
      { type: "pair", who: 2, against: 3, market: 1, buys: true, share: 950 },
      { type: "quote", who: 3, market: 1, spread: 40, share: 200 },
      ...prints(5, -2_000),
      { type: "absorb", who: 2 },
      { type: "deleverage", market: 1 },
      { type: "withdraw", who: 4, share: 500 },
      { type: "place", who: 5, order: marketable(true) },
      { type: "applyRounds", market: 1, who: [3] },
      { type: "redeem", who: 4 },
      { type: "topUp", market: 1, amount: 2_000_000_000 },
      { type: "redeem", who: 4 },
      { type: "resumeNewRisk", market: 1 },
    ],
  },
  {
    name: "margins that rise a week after they were announced, before a window and in it",
    actions: [
      { type: "spread", who: 0, against: 1, buys: true, share: 600 },
      { type: "pair", who: 2, against: 3, market: 1, buys: true, share: 900 },
      ...[1, 2, 3].map((market): Action => ({ type: "schedule", market, moreBps: 301, days: 8 })),
      { type: "applyMargins", market: 3 },
      ...prints(8, 200),
      ...[1, 2, 3].map((market): Action => ({ type: "applyMargins", market })),
      { type: "schedule", market: 1, moreBps: 100, days: 8 },
      { type: "cancelMargins", market: 1 },
      ...prints(2, -200),
    ],
  },
  {
    name: "a perpetual near the end of the tick range, which ends thirty days later, and one that goes on",
    actions: [
      { type: "pair", who: 0, against: 1, market: 4, buys: true, share: 400 },
      { type: "pair", who: 2, against: 3, market: 1, buys: false, share: 300 },
      { type: "quote", who: 1, market: 4, spread: 8, share: 100 },
      ...prints(9, 900),
      { type: "pair", who: 4, against: 5, market: 4, buys: true, share: 100 },
      { type: "resumeNewRisk", market: 4 },
      { type: "place", who: 0, order: { ...marketable(false), market: 4, reduceOnly: true } },
      { type: "settle", market: 4 },
      ...prints(16, 40),
      ...prints(16, -40),
      { type: "place", who: 0, order: { ...marketable(false), market: 4 } },
      { type: "withdraw", who: 0, share: 1_000 },
      { type: "settle", market: 4 },
      { type: "settleAccounts", market: 4, who: [0, 1, 2, 3, 4, 5, 8] },
      { type: "withdraw", who: 0, share: 1_000 },
      { type: "pair", who: 4, against: 5, market: 1, buys: true, share: 100 },
    ],
  },
  {
    name: "a halt over several midnights, the grace period after it and one beyond the third limit",
    actions: [
      { type: "spread", who: 0, against: 1, buys: false, share: 700 },
      { type: "pair", who: 2, against: 3, market: 1, buys: true, share: 900 },
      ...prints(6, 300),
      { type: "wait", seconds: 400_000 },
      { type: "place", who: 2, order: marketable(false) },
      { type: "withdraw", who: 4, share: 1_000 },
      { type: "liquidate", who: "weakest", market: 1, keeper: 5, maxFills: 10, takeOver: 0 },
      ...prints(4, -2_400),
      { type: "absorb", who: "weakest" },
      { type: "place", who: 5, order: marketable(true) },
      { type: "wait", seconds: 1_900 },
      { type: "liquidate", who: "weakest", market: 1, keeper: 5, maxFills: 10, takeOver: 0 },
      { type: "wait", seconds: 400_000 },
      { type: "sync", market: 2 },
      { type: "wait", seconds: 400_000 },
      { type: "settle", market: 1 },
      { type: "settle", market: 2 },
      { type: "settle", market: 3 },
      ...[1, 2, 3].map((market): Action => ({
        type: "settleAccounts",
        market,
        who: [0, 1, 2, 3, 4, 5],
      })),
    ],
  },
];

function prints(days: number, moveBps: number): Action[] {
  return Array.from({ length: days }, () => ({ type: "print", moveBps, hour: 7 }));
}

function marketable(buys: boolean) {
  const kind = "immediateOrCancel" as const;
  return { market: 1, buys, offset: -20, share: 200, kind, reduceOnly: false, lifetime: 0, maxFills: 100 };
}
