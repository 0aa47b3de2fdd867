import type { Statement } from "../../scripts/calculator/statement.ts";

// The link a second time, in floating-point numbers and by bisection instead of sorting: written from docs/methodology.md.

function capped(sums: number[], cap: number, kept: number): number[] {
  const most = Math.max(cap, 1 / sums.length);
  const total = sums.reduce((a, b) => a + b, 0);
  const left = (level: number) => sums.reduce((sum, each) => sum + Math.min(each, level), 0);
  // Is this level low enough, and may it be?
  const fits = (level: number) => level <= most * left(level) * (1 + 1e-13) || left(level) <= kept * total;
  let [low, high] = [Math.min(...sums) * 1e-9, Math.max(...sums)];
  if (fits(high)) return sums.map(() => 1);
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return sums.map((sum) => Math.min(1, low / sum));
}

const tokens = (day: Statement, model?: string) =>
  day.rows
    .filter((row) => row.priced && row.labelled && !row.ownAccount && (model ?? row.model) === row.model)
    .reduce((sum, row) => sum + Number(row.input + row.output), 0);

/** Link of contributors that are all in both days, in the same order. */
export function naiveLink(before: readonly Statement[], after: readonly Statement[]): number {
  const models = [...new Set([...before, ...after].flatMap(({ rows }) => rows.map(({ model }) => model)))];
  const pairs = after.flatMap((day, i) => {
    const earlier = before[i];
    return earlier === undefined ? [] : [[earlier, day] as const];
  });
  const first = capped(
    pairs.map(([a, b]) => tokens(a) + tokens(b)),
    0.2,
    0,
  );
  const modelSums = models.map((model) =>
    pairs.reduce((sum, [a, b], i) => sum + (tokens(a, model) + tokens(b, model)) * (first[i] ?? 0), 0),
  );
  const byModel = capped(modelSums, 0.15, 0.5);
  const weighted = (day: Statement) =>
    models.reduce((sum, model, i) => sum + tokens(day, model) * (byModel[i] ?? 0), 0);
  const byContributor = capped(
    pairs.map(([a, b]) => weighted(a) + weighted(b)),
    0.2,
    0,
  );
  const sum = (at: 0 | 1) =>
    pairs.reduce((total, pair, i) => total + weighted(pair[at]) * (byContributor[i] ?? 0), 0);
  return sum(1) / sum(0);
}
