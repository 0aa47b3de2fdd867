import { ACCOUNTS, type Action, type Crash, type OrderShape } from "./actions.ts";
import { marketOf } from "./margin.ts";
import { DAY } from "./numbers.ts";
import type { State } from "./types.ts";

/** Composed actions that bring about what chance seldom does. */

const ALL = Array.from({ length: ACCOUNTS }, (_, i) => i);
const HOUR = 3_600;

/** A day's print far enough from the last for markets to follow as far as they may. */
const print = (rises: boolean): Action => ({ type: "print", moveBps: rises ? 2_400 : -2_000, hour: 7 });

const taking = (market: number, buys: boolean): OrderShape => ({
  market,
  buys,
  offset: -20,
  share: 100,
  kind: "immediateOrCancel",
  reduceOnly: false,
  lifetime: 0,
  maxFills: 100,
});

/** Two accounts that are ruined one day after the other, and all that the waterfall does with them. */
export function crashed(crash: Crash, state: State): Action[] {
  const { victims, winner, last, market, keeper, funded, waits, takeOver } = crash;
  // Prints are kept within bounds, so that there is more room on one side.
  const { markX16, listing } = marketOf(state, market);
  const rises = ((markX16 >> 16n) * listing.indexPerTick) / 10n ** 18n < 950n;
  const close = (who: number, takeOver: number): Action => ({
    type: "liquidate",
    who,
    market,
    keeper,
    maxFills: 20,
    takeOver,
  });
  const ruin = (who: number): Action[] => [
    { type: "cancelRiskRaising", who },
    close(who, 0),
    { type: "wait", seconds: 240 },
    close(who, takeOver * 10),
  ];
  const served: Action = { type: "applyRounds", market, who: ALL };
  return [
    { type: "stopNewRisk", market: 1 + (market % 3) },
    { type: "topUp", market, amount: funded },
    // Enough to stand against both, and to take over what they leave.
    { type: "deposit", who: winner, amount: 4_000_000_000 },
    { type: "deposit", who: keeper, amount: 2_000_000_000 },
    ...victims.map((who): Action => ({
      type: "pair",
      who,
      against: winner,
      market,
      buys: !rises,
      share: 950,
    })),
    { type: "quote", who: winner, market, spread: 35, share: 60 },
    print(rises),
    print(rises),
    ...victims.flatMap(ruin),
    { type: "unwind", market, maxFills: 20 },
    print(rises),
    ...victims.flatMap((who): Action[] => [{ type: "absorb", who }, ...(waits ? [] : [served])]),
    { type: "pair", who: last, against: winner, market, buys: rises, share: 300 },
    { type: "quote", who: keeper, market, spread: 4, share: 200 },
    { type: "unwind", market, maxFills: 20 },
    print(rises),
    { type: "deleverage", market },
    ...victims.map((who): Action => ({ type: "absorb", who })),
    { type: "place", who: winner, order: taking(market, rises) },
    { type: "withdraw", who: last, share: 400 },
    served,
    { type: "redeem", who: last },
    { type: "topUp", market, amount: 1_500_000_000 },
    { type: "redeem", who: last },
    { type: "resumeNewRisk", market },
    { type: "resumeNewRisk", market: 1 + (market % 3) },
  ];
}

/** An index that falls silent up to one of the limits of the ladder, and what may be done there. */
export function silenced(
  { who, against, market, limit }: { who: number; against: number; market: number; limit: 1 | 2 | 3 },
  state: State,
  period: bigint,
): Action[] {
  // Up to date first, so that the waits reach the limits.
  const behind = Math.max(1, Number(state.now / DAY - period));
  const tries: Action[] = [
    { type: "place", who, order: taking(market, true) },
    { type: "quote", who: against, market, spread: 6, share: 50 },
    { type: "place", who: against, order: { ...taking(market, false), reduceOnly: true } },
    { type: "liquidate", who: "weakest", market, keeper: who, maxFills: 10, takeOver: 0 },
    { type: "cancelRiskRaising", who: "weakest" },
    { type: "withdraw", who, share: 200 },
  ];
  const after = (seconds: number): Action => ({ type: "wait", seconds });
  const caughtUp = Array.from({ length: Math.min(behind, 12) }, (): Action => ({
    type: "print",
    moveBps: 150,
    hour: 7,
  }));
  const [first, second, third] = [17 * HOUR + 30 * HOUR + 90, 24 * HOUR, 114 * HOUR];
  const steps: Action[] = [
    ...caughtUp,
    { type: "pair", who, against, market, buys: true, share: 700 },
    after(first),
    ...tries,
  ];
  if (limit === 1) return [...steps, print(true), ...tries];
  steps.push(after(second), ...tries);
  if (limit === 2)
    return [
      ...steps,
      print(false),
      print(false),
      print(false),
      print(false),
      ...tries,
      after(1_900),
      ...tries,
    ];
  steps.push(after(third));
  for (const id of [1, 2, 3, 4]) {
    steps.push({ type: "settle", market: id });
    steps.push(...ALL.map((one): Action => ({ type: "settleAccounts", market: id, who: [one] })));
  }
  return [...steps, ...tries];
}
