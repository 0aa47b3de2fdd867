import {
  BLUE,
  chart,
  compact,
  endLabels,
  FONT,
  GREEN,
  GRID,
  INK,
  legend,
  line,
  logBounds,
  MONTHS,
  MUTED,
  ORANGE,
  RED,
  scatter,
  timeAxis,
  valueAxis,
  zero,
  type Chart,
  type Point,
} from "./chart-parts.ts";
import { round } from "./round.ts";
import type { DayRecord, GasSummary, ReplayResult } from "./result.ts";

/** Draws every chart of the report. */
export function drawCharts(result: ReplayResult): Chart[] {
  const { days } = result.details;
  return [
    indexAgainstMark(days),
    basis(days),
    funding(days),
    openInterest(days),
    insurance(result),
    gas(result.gas),
  ];
}

function indexAgainstMark(days: readonly DayRecord[]): Chart {
  const index = days.map(({ date, index }): Point => [date, index]);
  const mark = days.map((day): Point => [day.date, perpetual(day)?.mark ?? null]);
  const prints = days.map(({ date, print }): Point => [date, print]);
  return chart("Index and mark of TUX-PERP", "points, logarithmic scale", {
    ...timeAxis(),
    legend: legend(),
    yAxis: { ...valueAxis(compact), type: "log", ...logBounds(index) },
    series: [
      { ...scatter("daily print", "#b6c2cf"), data: prints },
      { ...line("index (7-day mean)", "#93b7f7", 5), data: index },
      { ...line("mark", INK, 1.2), data: mark },
    ],
  });
}

function basis(days: readonly DayRecord[]): Chart {
  const futures = new Map<string, Point[]>();
  for (const { date, index, markets } of days) {
    if (index === null) continue;
    for (const { name, mark } of markets) {
      if (!name.startsWith("TUM-")) continue;
      const points = futures.get(name) ?? [];
      points.push([date, round(100 * (mark / index - 1), 3)]);
      futures.set(name, points);
    }
  }
  const lines = [...futures].map(([name, points], place) => {
    const color = MONTHS[place % MONTHS.length]!;
    const trades = points.at(-1)![0] === days.at(-1)?.date;
    const label = { formatter: monthName(name), color };
    return { name, points, color, trades, label };
  });
  const series = lines.map(({ name, points, color, trades, label }) => ({
    ...line(name, color, 1.4),
    data: points,
    // Those that still trade end side by side.
    ...(trades && {
      endLabel: { show: true, distance: 5, fontSize: 10, fontFamily: FONT, ...label },
      labelLayout: { moveOverlap: "shiftY" as const },
    }),
  }));
  const ended = lines
    .filter(({ trades }) => !trades)
    .map(({ points, label }) => ({ value: points.at(-1)!, label }));
  return chart(
    "Basis of each monthly future",
    "mark over the index (7-day mean), %; labelled by delivery month",
    {
      ...timeAxis(44),
      yAxis: {
        ...valueAxis({ format: (value: number) => `${value} %` }),
        // Room for the labels of the last points.
        min: ({ min }: { min: number }) => 10 * Math.floor(min / 10 - 0.5),
        max: ({ max }: { max: number }) => 10 * Math.ceil(max / 10 + 0.2),
      },
      series: [...series, zero(), endLabels(ended)],
    },
  );
}

function funding(days: readonly DayRecord[]): Chart {
  const paid = days.map((day): Point => [day.date, round(perpetual(day)?.funding ?? 0, 2)]);
  let sum = 0;
  const total = paid.map(([date, value]): Point => [date, round((sum += value ?? 0), 2)]);
  return chart("Funding of TUX-PERP", "USD a day, and USD since the start; above zero longs pay shorts", {
    ...timeAxis(56),
    legend: legend(),
    yAxis: [
      { ...valueAxis(compact), name: "a day" },
      { ...valueAxis(compact), name: "total", splitLine: { show: false }, alignTicks: true },
    ],
    series: [
      {
        name: "paid a day",
        type: "bar",
        large: false,
        itemStyle: { color: "#8fb4f5" },
        barMaxWidth: 4,
        data: paid,
      },
      { ...line("total", ORANGE, 1.6), yAxisIndex: 1, data: total },
    ],
  });
}

function openInterest(days: readonly DayRecord[]): Chart {
  const value = (select: (name: string) => boolean) =>
    days.map(({ date, markets }): Point => {
      const chosen = markets.filter(({ name }) => select(name));
      return [
        date,
        round(
          sumOf(chosen, ({ openValue }) => openValue),
          0,
        ),
      ];
    });
  const area = (name: string, color: string, data: Point[]) => ({
    ...line(name, color, 0.8),
    stack: "open",
    areaStyle: { color, opacity: 0.45 },
    data,
  });
  return chart("Open interest", "notional at mark, USD", {
    ...timeAxis(),
    legend: legend(),
    yAxis: valueAxis(compact),
    series: [
      area(
        "monthly futures",
        GREEN,
        value((name) => name.startsWith("TUM-")),
      ),
      area(
        "TUX-PERP",
        BLUE,
        value((name) => !name.startsWith("TUM-")),
      ),
    ],
  });
}

function insurance({ details }: ReplayResult): Chart {
  const fund = details.days.map(({ date, markets }): Point => {
    const cash = sumOf(markets, (market) => market.fund);
    return [date, round(cash, 2)];
  });
  const closed = new Map<string, number>();
  for (const { date, notional } of details.liquidations)
    closed.set(date, (closed.get(date) ?? 0) + (notional ?? 0));
  return chart(
    "Insurance funds and liquidations",
    "USD in the funds of open markets; notional that liquidations closed a day, USD",
    {
      ...timeAxis(56),
      legend: legend(),
      yAxis: [
        { ...valueAxis(compact), name: "funds" },
        { ...valueAxis(compact), name: "a day", splitLine: { show: false }, alignTicks: true },
      ],
      series: [
        {
          name: "liquidated a day",
          type: "bar",
          yAxisIndex: 1,
          itemStyle: { color: RED },
          barMaxWidth: 5,
          barMinWidth: 2,
          // Every day has its place, so that bars are as wide as a day.
          data: details.days.map(({ date }): Point => [date, round(closed.get(date) ?? 0, 0)]),
        },
        { ...line("funds", GREEN, 1.8), data: fund },
      ],
    },
  );
}

function gas(kinds: Record<string, GasSummary>): Chart {
  const rows = Object.entries(kinds).sort(([, a], [, b]) => a.median - b.median);
  return chart(
    "Gas per kind of call",
    "whole transaction: median (bar), smallest to largest (line); logarithmic",
    {
      grid: { left: 128, right: 64, top: 12, bottom: 30 },
      xAxis: {
        ...valueAxis(compact),
        type: "log",
        min: 10_000,
        max: 10 ** Math.ceil(Math.log10(1.6 * Math.max(100_000, ...rows.map(([, { max }]) => max)))),
        splitLine: { lineStyle: { color: GRID } },
      },
      yAxis: {
        type: "category",
        data: rows.map(([name, { count }]) => `${name} ×${compact.format(count)}`),
        axisLabel: { color: INK, fontSize: 10, fontFamily: FONT },
        axisTick: { show: false },
        axisLine: { show: false },
      },
      series: [
        {
          type: "bar",
          itemStyle: { color: "#8fb4f5" },
          barMaxWidth: 14,
          data: rows.map(([, { median }]) => median),
        },
        {
          type: "custom",
          clip: false,
          renderItem: (_, api) => {
            const row = api.value(0);
            const [low, high, median] = [1, 2, 3].map((dimension) => api.value(dimension) as number);
            const from = api.coord([low!, row]);
            const to = api.coord([high!, row]);
            return {
              type: "group",
              children: [
                {
                  type: "line",
                  shape: { x1: from[0]!, y1: from[1]!, x2: to[0]!, y2: to[1]! },
                  style: { stroke: INK, lineWidth: 1.2 },
                },
                {
                  type: "text",
                  x: to[0]! + 6,
                  y: to[1]!,
                  style: {
                    text: compact.format(median!),
                    fill: MUTED,
                    fontSize: 10,
                    fontFamily: FONT,
                    verticalAlign: "middle",
                  },
                },
              ],
            };
          },
          data: rows.map(([, { min, max, median }], row) => [row, min, max, median]),
        },
      ],
    },
  );
}

function perpetual({ markets }: DayRecord): DayRecord["markets"][number] | undefined {
  return markets.find(({ name }) => name === "TUX-PERP");
}

function monthName(market: string): string {
  const month = new Date(`${market.slice(4)}-01T00:00:00Z`);
  return month.toLocaleString("en-US", { month: "short", timeZone: "UTC" });
}

function sumOf<Entry>(entries: readonly Entry[], value: (entry: Entry) => number): number {
  return entries.reduce((sum, entry) => sum + value(entry), 0);
}
