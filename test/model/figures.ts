/** What a run of the model beside the chain came to, and what it must have come to at least. */

/** Names that steps count under what they brought about, besides their own. */
export const EFFECTS = { round: "effect: round", deficit: "effect: deficit", retired: "effect: retired" };

const sumOf = (counts: Map<string, number>, matches: (name: string) => boolean): number =>
  [...counts].reduce((sum, [name, n]) => (matches(name) ? sum + n : sum), 0);

const isStep = (name: string): boolean => !name.startsWith("effect");

/** Steps that were taken on both sides. */
export const operationsOf = (counts: Map<string, number>): number => sumOf(counts, isStep);

/** How often something was reached; a pattern between slashes sums what it matches. */
export const reached = (counts: Map<string, number>, name: string): number => {
  const pattern = /^\/(.*)\/$/.exec(name)?.[1];
  if (pattern === undefined) return counts.get(name) ?? 0;
  return sumOf(counts, (counted) => new RegExp(pattern).test(counted));
};

/** A line of figures: operations, refusals, bankruptcies, rounds, deficits, settlements and the seed. */
export function figuresOf(counts: Map<string, number>, seeds: string): string {
  const isRefused = (name: string): boolean => isStep(name) && / [A-Z]/.test(name);
  const figures = {
    operations: operationsOf(counts),
    "refused by rule": sumOf(counts, isRefused),
    bankruptcies: counts.get(EFFECTS.retired) ?? 0,
    rounds: counts.get(EFFECTS.round) ?? 0,
    deficits: counts.get(EFFECTS.deficit) ?? 0,
    settlements: counts.get("settle") ?? 0,
    seeds,
  };
  return Object.entries(figures)
    .map(([name, n]) => `${name}: ${n}`)
    .join(", ");
}

/** How often each of these must succeed in 2,000 operations, so that what the sequences reach does not shrink unnoticed. */
const IN_2000: Record<string, number> = {
  place: 150,
  amend: 5,
  batch: 4,
  cancel: 8,
  cancelRiskRaising: 2,
  sweep: 5,
  switch: 3,
  transfer: 3,
  withdraw: 30,
  topUp: 5,
  absorb: 1,
  applyRounds: 5,
  settle: 4,
  settleAccounts: 30,
  "effect: retired": 1,
};

/** The same for a longer or shorter run; a short one may have missed the rarest. */
export const leastCounts = (operations: number): [string, number][] =>
  Object.entries(IN_2000).map(([name, least]) => [name, Math.floor((least * operations) / 2_000)]);
