import { dateOfPeriod, monthOfPeriod, addMonths, monthWindow } from "../../scripts/lib/calendar.ts";
import { perpetualFair, windowFair } from "../../scripts/maker/forecast.ts";
import { PrintHistory } from "../../scripts/maker/history.ts";
import type { DayRecord, MarketDay, ReplayResult } from "../../scripts/replay/result.ts";

/** A replay that never ran, made from the daily values alone: enough to render a report from. */
export function syntheticResult(values: ReadonlyMap<number, number>, days: number): ReplayResult {
  const history = new PrintHistory();
  const first = Math.min(...values.keys());
  const records: DayRecord[] = [];
  for (let period = first; period < first + days; period++) {
    const print = values.get(period) ?? null;
    if (print !== null) history.record(period, print);
    const index = history.size < 7 ? null : history.mean()!;
    const markets: MarketDay[] = [];
    if (index !== null) {
      const size = { openInterest: 50_000, openValue: 50 * index, fund: 100_000 + 40 * (period - first) };
      const mark = perpetualFair(history, index, 28_800);
      markets.push({ name: "TUX-PERP", mark, funding: 3 * 50 * (mark - index), ...size });
      for (let distance = 0; distance < 3; distance++) {
        const month = addMonths(monthOfPeriod(period + 1), distance);
        const window = monthWindow(month);
        markets.push({
          name: `TUM-${month}`,
          mark: windowFair(history, window.firstPeriod, window.lastPeriod)!,
          ...size,
        });
      }
    }
    const date = dateOfPeriod(period + 1);
    records.push({
      date,
      print,
      index,
      markets,
      fills: 20,
      liquidations: period % 9 === 0 ? 2 : 0,
      transactions: 60,
    });
  }
  return {
    from: records[0]!.date,
    to: records.at(-1)!.date,
    complete: true,
    seed: 1,
    seconds: 100,
    days,
    prints: values.size,
    fills: 20 * days,
    fundingUpdates: 30 * days,
    liquidations: 80,
    absorptions: 2,
    transactions: 60 * days,
    settlements: [
      {
        market: "TUM-2025-01",
        id: 2,
        price: 1_464,
        mean: 1_463.9999,
        expected: 1_464,
        matches: true,
        divisor: 1,
        indexMean: "1463.999900000000000000",
        filledDays: [],
        settledOn: "2025-02-04",
      },
    ],
    gas: {
      place: { count: 2_000, min: 61_000, median: 98_123, max: 612_000 },
      batch: { count: 9_000, min: 120_000, median: 401_234, max: 1_512_345 },
      post: { count: 363, min: 131_000, median: 142_000, max: 188_000 },
      sync: { count: 1_200, min: 41_000, median: 52_000, max: 90_000 },
      settle: { count: 11, min: 151_000, median: 192_000, max: 240_000 },
    },
    conservation: { checks: days, maxDrift: 0 },
    details: {
      days: records,
      liquidations: [
        {
          date: "2025-02-01",
          participant: "bear",
          market: "TUX-PERP",
          kind: "liquidated",
          lots: 1_200,
          price: 1_700.5,
          notional: 2_040.6,
          cost: 20,
        },
        {
          date: "2025-02-02",
          participant: "bear <b>",
          market: "TUX-PERP",
          kind: "absorbed",
          lots: 300,
          price: null,
          notional: null,
          cost: 5,
        },
      ],
      participants: [
        { name: "maker 1", role: "maker", deposited: 1e7, withdrawn: 0, equity: 9.9e6, profit: -1e5 },
      ],
      refused: { WouldCross: 3 },
      keepers: { "sync sent": 400 },
    },
  };
}
