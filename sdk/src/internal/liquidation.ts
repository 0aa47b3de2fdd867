import { areHedge, inOrder, maintenanceCredit, type Month } from "./calendarCredit.ts";

/** What of a position and its market decides when an account falls below MM. */
export type RiskPosition = {
  market: number;
  size: bigint;
  quote: bigint;
  /** Mark, ticks × 2^16. */
  markX16: bigint;
  /** Funding that one lot has paid since the position's snapshot, ticks × 2^20. */
  fundingDue: bigint;
  tickValue: bigint;
  maintenanceBps: bigint;
  /** Whether the market's price is fixed already: it needs no margin and has no liquidation price. */
  settled: boolean;
  /** Whether trading goes on. */
  trades: boolean;
  month?: Month | undefined;
};

/** First ticks on either side of mark at which an account would be below MM; null where there is none. */
export type LiquidationTicks = { below: bigint | null; above: bigint | null };

const scale = 10_000n << 16n;
const maxTick = 2n ** 24n - 2n;

/** Equity less MM, times 10^4 × 2^16, with the positions' marks as given. Below zero is below MM, exactly. */
function surplus(cash: bigint, positions: readonly RiskPosition[], marks: readonly bigint[]): bigint {
  let value = 0n;
  positions.forEach(({ size, quote, fundingDue, tickValue }, i) => {
    value += ((quote << 20n) + size * (((marks[i] ?? 0n) << 4n) - fundingDue)) * tickValue;
  });
  // Equity floors to a unit and MM ceils; for a whole number below a fraction is below its ceiling as well.
  return (cash + (value >> 20n)) * scale - requirement(positions, marks);
}

/** MM before its rounding, collateral units × 2^16 × 10^4. */
function requirement(positions: readonly RiskPosition[], marks: readonly bigint[]): bigint {
  let sum = 0n;
  positions.forEach(({ size, settled, maintenanceBps, tickValue }, i) => {
    if (!settled) sum += (size < 0n ? -size : size) * maintenanceBps * (marks[i] ?? 0n) * tickValue;
  });
  const months = monthsOf(positions);
  const markOf = new Map(positions.map(({ market }, i) => [market, marks[i] ?? 0n]));
  return (
    sum -
    maintenanceCredit(
      months,
      months.map(({ market }) => markOf.get(market) ?? 0n),
    )
  );
}

function monthsOf(positions: readonly RiskPosition[]): Month[] {
  return inOrder(positions.flatMap(({ month }) => (month ? [month] : [])));
}

/** MM at the present marks, collateral units, as the contract says it. */
export function maintenanceOf(positions: readonly RiskPosition[]): bigint {
  return (
    (requirement(
      positions,
      positions.map(({ markX16 }) => markX16),
    ) +
      scale -
      1n) /
    scale
  );
}

/** Where moving the mark of one market alone brings the account below MM. */
export function liquidationTicks(
  cash: bigint,
  positions: readonly RiskPosition[],
  market: number,
): LiquidationTicks {
  const place = positions.findIndex((position) => position.market === market);
  const moved = positions[place];
  if (!moved || !moved.trades || moved.size === 0n) return { below: null, above: null };
  const at = (tick: bigint) =>
    surplus(
      cash,
      positions,
      positions.map(({ markX16 }, i) => (i === place ? tick << 16n : markX16)),
    );
  const corners = cornersOf(positions, moved);
  const floor = moved.markX16 >> 16n;
  const ceiling = (moved.markX16 + 0xffffn) >> 16n;
  const below = firstBelow(
    (distance) => at(floor - distance),
    floor - 1n,
    corners.map((tick) => floor - tick),
  );
  const above = firstBelow(
    (distance) => at(ceiling + distance),
    maxTick - ceiling,
    corners.map((tick) => tick - ceiling),
  );
  return {
    below: below === undefined ? null : floor - below,
    above: above === undefined ? null : ceiling + above,
  };
}

/**
 * Ticks of the moved month at which a credit per lot changes its slope: between two of them every credit is linear, so that
 * the largest total over all pairings is convex, and with it equity less MM.
 */
function cornersOf(positions: readonly RiskPosition[], moved: RiskPosition): bigint[] {
  const months = monthsOf(positions);
  const place = months.findIndex(({ market }) => market === moved.market);
  const month = months[place];
  if (!month) return [];
  const unit = month.tickValue << 16n;
  return [months[place - 1], months[place + 1]].flatMap((other) => {
    if (!other || !(areHedge(other, month) || areHedge(month, other))) return [];
    const mark = positions.find(({ market }) => market === other.market)?.markX16 ?? 0n;
    const value = mark * other.tickValue;
    const spread = other.spreadBps > month.spreadBps ? other.spreadBps : month.spreadBps;
    const corners = [value / unit];
    if (month.maintenanceBps > 0n && spread > other.maintenanceBps)
      corners.push(((spread - other.maintenanceBps) * value) / (month.maintenanceBps * unit));
    if (spread > month.maintenanceBps)
      corners.push((other.maintenanceBps * value) / ((spread - month.maintenanceBps) * unit));
    // Between a corner's neighbours there is no tick.
    return corners.flatMap((tick) => [tick, tick + 1n]);
  });
}

/** Least distance at which a function that is convex between its corners is below zero. */
function firstBelow(
  value: (distance: bigint) => bigint,
  last: bigint,
  corners: readonly bigint[],
): bigint | undefined {
  if (last < 0n) return undefined;
  const stops = [...new Set([...corners, last])].filter((d) => d >= 0n && d <= last);
  stops.sort((a, b) => (a < b ? -1 : 1));
  let start = 0n;
  for (const stop of stops) {
    const lowest = search(start, stop, (d) => d === stop || value(d + 1n) >= value(d));
    if (value(lowest) < 0n) return search(start, lowest, (d) => value(d) < 0n);
    start = stop;
  }
  return undefined;
}

/** First number of a range that fits, where all after it do. The last is known to. */
function search(first: bigint, last: bigint, fits: (number: bigint) => boolean): bigint {
  let [low, high] = [first, last];
  while (low < high) {
    const middle = (low + high) / 2n;
    if (fits(middle)) high = middle;
    else low = middle + 1n;
  }
  return low;
}
