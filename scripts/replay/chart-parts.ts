import * as echarts from "echarts";

/** A chart of the report. */
export interface Chart {
  title: string;
  /** What is drawn, in which unit. */
  caption: string;
  svg: string;
}

const SIZE = { width: 580, height: 320 };
/** Colours and typeface of every chart. */
export const INK = "#1f2933";
export const MUTED = "#66727f";
export const GRID = "#e6eaee";
export const BLUE = "#2563eb";
export const ORANGE = "#e8710a";
export const GREEN = "#15956b";
export const RED = "#c9302c";
/** Colours of months, in turn. */
export const MONTHS = [
  "#2563eb",
  "#0891b2",
  "#15956b",
  "#7aa116",
  "#c28a00",
  "#e8710a",
  "#c9302c",
  "#b5338a",
  "#7c3aed",
];
/** Typeface of every text. */
export const FONT = "'Liberation Sans', 'Helvetica Neue', Arial, sans-serif";

/** Numbers on axes: 1.2K, 3.4M. */
export const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 2 });

/** A value on a date; null leaves a gap. */
export type Point = [date: string, value: number | null];

/** Renders to a string; disposing matters, since an undisposed chart keeps the process alive. */
export function chart(title: string, caption: string, option: echarts.EChartsOption, size = SIZE): Chart {
  const instance = echarts.init(null, null, { renderer: "svg", ssr: true, ...size });
  try {
    instance.setOption({ animation: false, textStyle: { fontFamily: FONT }, ...option });
    return { title, caption, svg: instance.renderToSVGString() };
  } finally {
    instance.dispose();
  }
}

/** Axis of dates, and the frame around it: `right` leaves room for a second axis or for labels. */
export function timeAxis(right = 16): echarts.EChartsOption {
  return {
    grid: { left: 56, right, top: 34, bottom: 26 },
    xAxis: {
      type: "time",
      axisLabel: { color: MUTED, fontSize: 10, fontFamily: FONT, formatter: "{MMM} {yy}", hideOverlap: true },
      axisLine: { onZero: false, lineStyle: { color: "#9aa5b1" } },
      axisTick: { show: false },
      minInterval: 50 * 86_400_000,
    },
  };
}

/** Axis of values. */
export function valueAxis(format: { format(value: number): string }) {
  return {
    type: "value" as const,
    nameTextStyle: { color: MUTED, fontSize: 10, fontFamily: FONT },
    axisLabel: {
      color: MUTED,
      fontSize: 10,
      fontFamily: FONT,
      formatter: (value: number) => format.format(value),
    },
    splitLine: { lineStyle: { color: GRID } },
  };
}

/** Legend above the picture. */
export function legend() {
  return {
    top: 0,
    left: "center" as const,
    itemWidth: 14,
    itemHeight: 8,
    textStyle: { color: INK, fontSize: 11, fontFamily: FONT },
  };
}

/** A line without symbols. */
export function line(name: string, color: string, width = 2) {
  return {
    name,
    type: "line" as const,
    showSymbol: false,
    lineStyle: { color, width },
    itemStyle: { color },
    connectNulls: false,
  };
}

/** Small dots below every line. */
export function scatter(name: string, color: string) {
  return { name, type: "scatter" as const, symbolSize: 2.5, itemStyle: { color }, z: 1 };
}

/** Names at the ends of lines, above every line. */
export function endLabels<Label>(data: Label[]) {
  const halo = { textBorderColor: "#fff", textBorderWidth: 3 };
  return {
    type: "scatter" as const,
    symbolSize: 1,
    itemStyle: { opacity: 1 },
    z: 10,
    label: { show: true, position: "right" as const, fontSize: 10, fontFamily: FONT, ...halo },
    data,
  };
}

/** A line at zero that needs no legend. */
export function zero() {
  return {
    type: "line" as const,
    data: [],
    markLine: {
      silent: true,
      symbol: "none",
      label: { show: false },
      lineStyle: { color: "#9aa5b1", type: "solid" as const, width: 1 },
      data: [{ yAxis: 0 }],
    },
  };
}

/** Bounds of a logarithmic axis near its values: powers of ten would leave half of the picture empty. */
export function logBounds(points: readonly Point[]): { min: number; max: number } {
  const values = points.map(([, value]) => value).filter((value) => value !== null);
  if (values.length === 0) return { min: 1, max: 10 };
  return { min: floorNice(Math.min(...values) * 0.8), max: ceilNice(Math.max(...values) * 1.25) };
}

function floorNice(value: number): number {
  const decade = 10 ** Math.floor(Math.log10(value));
  return Math.floor(value / decade) * decade;
}

function ceilNice(value: number): number {
  const decade = 10 ** Math.floor(Math.log10(value));
  return Math.ceil(value / decade) * decade;
}
