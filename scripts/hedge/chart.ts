import {
  BLUE,
  chart,
  compact,
  FONT,
  GRID,
  GREEN,
  INK,
  line,
  logBounds,
  MUTED,
  ORANGE,
  valueAxis,
  type Chart,
  type Point,
} from "../replay/chart-parts.ts";
import { round } from "../replay/round.ts";
import { dateOfPeriod } from "../lib/calendar.ts";
import { hedgedGrowth } from "./estimate.ts";
import type { Plan } from "./plan.ts";

const SIZE = { width: 900, height: 720 };
const SPLIT = { top: 420, bottom: 44 };

/** Draws own usage beside the index, growth with and without the hedge, and one against the other. */
export function drawPlan(plan: Plan): Chart {
  const { weeks, changes, chosen, advice } = plan.estimate;
  const drawn = plan.ratio > 0 ? plan.ratio : chosen.slope;
  const rebased = (select: "own" | "index") => {
    const base = weeks.find((week) => week[select] !== undefined)?.[select];
    return weeks.map(({ period, [select]: value }): Point => [
      dateOfPeriod(period),
      value === undefined || base === undefined ? null : round((100 * value) / base, 3),
    ]);
  };
  const own = rebased("own");
  const index = rebased("index");
  const hedged = hedgedGrowth(changes, drawn);
  const growth = (value: (place: number) => number) =>
    changes.map(({ to }, place): Point => [dateOfPeriod(weeks[to]!.period), round(100 * value(place), 2)]);
  const points = changes.map((change) => [round(100 * change.index, 2), round(100 * change.own, 2)]);
  const spread = points.map(([x]) => x!);
  const fitted = [Math.min(...spread), Math.max(...spread)].map((x) => [
    x,
    round(100 * chosen.intercept + chosen.slope * x, 2),
  ]);
  const over = chosen.weeks === 1 ? "a week" : `${chosen.weeks} weeks`;
  const ratioText = `${drawn.toFixed(2)}${plan.ratio > 0 ? "" : ", which is not advised"}`;
  const heading = (text: string, left: number | string, top: number) => ({
    text,
    left,
    top,
    textStyle: { color: INK, fontSize: 12, fontFamily: FONT, fontWeight: "bold" as const },
  });
  const time = (gridIndex: number) => ({
    type: "time" as const,
    gridIndex,
    axisLabel: { color: MUTED, fontSize: 10, fontFamily: FONT, formatter: "{MMM} {yy}", hideOverlap: true },
    axisLine: { onZero: false, lineStyle: { color: "#9aa5b1" } },
    axisTick: { show: false },
    minInterval: (gridIndex === 0 ? 50 : 80) * 86_400_000,
  });
  const percent = { format: (value: number) => `${value} %` };
  const name = {
    nameLocation: "middle" as const,
    nameTextStyle: { color: MUTED, fontSize: 10, fontFamily: FONT },
  };
  return chart(
    "Hedge plan",
    `${plan.measure} against TU1D, ${plan.from} to ${plan.to}; verdict: ${advice.quality}`,
    {
      backgroundColor: "#fff",
      title: [
        heading(`Own ${plan.measure} and the index TU1D: weekly means, first week = 100`, 12, 8),
        heading(`Growth of ${plan.measure} over ${over}, hedged at a ratio of ${ratioText}`, 12, 364),
        heading(
          `Against the index: ratio ${chosen.slope.toFixed(2)}, R² ${chosen.rSquared.toFixed(2)}`,
          612,
          364,
        ),
      ],
      legend: ["own", "growth"].map((kind, place) => ({
        top: place === 0 ? 30 : 386,
        left: 12,
        data: kind === "own" ? [`own ${plan.measure}`, "index"] : ["unhedged", "hedged"],
        itemWidth: 14,
        itemHeight: 8,
        textStyle: { color: INK, fontSize: 11, fontFamily: FONT },
      })),
      grid: [
        { left: 56, right: 24, top: 62, height: 268 },
        { left: 56, width: 500, ...SPLIT },
        { left: 656, right: 24, ...SPLIT },
      ],
      xAxis: [
        time(0),
        time(1),
        {
          ...valueAxis(percent),
          ...name,
          gridIndex: 2,
          name: "index, log growth",
          nameGap: 24,
          splitNumber: 4,
        },
      ],
      yAxis: [
        {
          ...valueAxis(compact),
          type: "log",
          gridIndex: 0,
          ...logBounds([...own, ...index]),
          axisLabel: { ...valueAxis(compact).axisLabel, showMinLabel: false },
        },
        { ...valueAxis(percent), gridIndex: 1, splitLine: { lineStyle: { color: GRID } } },
        { ...valueAxis(percent), ...name, gridIndex: 2, name: "own, log growth", nameGap: 40 },
      ],
      series: [
        { ...line(`own ${plan.measure}`, ORANGE, 1.8), data: own },
        { ...line("index", BLUE, 1.8), data: index },
        {
          ...line("unhedged", ORANGE, 1.4),
          xAxisIndex: 1,
          yAxisIndex: 1,
          data: growth((place) => Math.expm1(changes[place]!.own)),
        },
        {
          ...line("hedged", GREEN, 1.8),
          xAxisIndex: 1,
          yAxisIndex: 1,
          data: growth((place) => hedged[place]!),
        },
        {
          type: "scatter",
          symbolSize: 5,
          itemStyle: { color: ORANGE, opacity: 0.7 },
          xAxisIndex: 2,
          yAxisIndex: 2,
          data: points,
        },
        { ...line("fit", INK, 1.2), xAxisIndex: 2, yAxisIndex: 2, data: fitted },
      ],
    },
    SIZE,
  );
}
