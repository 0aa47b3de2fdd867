/** What a progress line shows. */
export interface Progress {
  day: number;
  days: number;
  date: string;
  /** Points. */
  index?: number;
  mark?: number;
  /** Share of the index that longs paid since the evening before. */
  fundingRate?: number;
  /** Notional of all markets, collateral tokens. */
  openInterest: number;
  fills: number;
  liquidations: number;
}

const points = new Intl.NumberFormat("en-US", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** Days between two lines where nobody watches a terminal. */
const SPARSE = 30;

/** One line of progress; where that is wider than `width`, the same in fewer letters. */
export function progressLine(progress: Progress, width = Infinity): string {
  const { day, days, date, index, mark, fundingRate, openInterest, fills, liquidations } = progress;
  const number = (value: number | undefined, format: Intl.NumberFormat) =>
    value === undefined ? "–" : format.format(value);
  const rate =
    fundingRate === undefined ? "–" : `${fundingRate < 0 ? "" : "+"}${(100 * fundingRate).toFixed(2)}%`;
  const long = [
    `day ${String(day).padStart(String(days).length)}/${days} ${date}`,
    `index ${number(index, points)}`,
    `mark ${number(mark, points)}`,
    `funding ${rate}`,
    `open ${compact.format(openInterest)} USD`,
    `fills ${whole.format(fills)}`,
    `liquidations ${whole.format(liquidations)}`,
  ].join("  ");
  if (long.length <= width) return long;
  return [
    `${day}/${days}`,
    `index ${number(index, whole)}`,
    `mark ${number(mark, whole)}`,
    `funding ${rate}`,
    `open ${compact.format(openInterest)}`,
    `fills ${whole.format(fills)}`,
    `liq. ${whole.format(liquidations)}`,
  ].join(" ");
}

/** Writes progress: one line redrawn in place on a terminal, a line a month elsewhere. */
export class ProgressWriter {
  #drawn = false;

  constructor(readonly stream: Pick<NodeJS.WriteStream, "write" | "isTTY" | "columns"> = process.stdout) {}

  update(progress: Progress): void {
    if (this.stream.isTTY) {
      // A line that wraps could not be redrawn.
      const width = Math.max(20, (this.stream.columns ?? 80) - 1);
      this.stream.write(`\r\u001b[2K${progressLine(progress, width).slice(0, width)}`);
      this.#drawn = true;
    } else if (progress.day === 1 || progress.day % SPARSE === 0 || progress.day === progress.days) {
      this.stream.write(`${progressLine(progress)}\n`);
    }
  }

  /** Leaves the line, so that other output starts on its own. */
  end(): void {
    if (this.#drawn) this.stream.write("\n");
    this.#drawn = false;
  }
}
