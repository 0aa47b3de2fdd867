/** What a run of the model beside the chain came to, and what it must have come to at least. */

/** Names that steps count under what they brought about, besides their own. */
export const EFFECTS = {
  retired: "effect: retired",
  round: "effect: round",
  pending: "effect: several rounds pending on a position",
  served: "effect: served lots of rounds",
  deficit: "effect: deficit",
  claim: "effect: claim",
  settled: "effect: settled market",
  halt: "effect: halted market",
  grace: "effect: grace period",
};

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

/** The counts as a campaign reads them. */
export const shardLine = (counts: Map<string, number>): string =>
  `figures ${JSON.stringify({ operations: operationsOf(counts), counts: Object.fromEntries(counts) })}`;

/** How often each of these must be reached in 2,000 operations, so that what the sequences reach does not shrink unnoticed. */
const IN_2000: Record<string, number> = {
  place: 150,
  cancel: 6,
  batch: 2,
  amend: 1,
  sweep: 2,
  switch: 2,
  "/^(transfer|operator)$/": 1,
  withdraw: 30,
  "/^(fees|limits|fundTerms)$/": 3,
  schedule: 2,
  "/^liquidate( auction| takeover)?$/": 3,
  absorb: 2,
  [EFFECTS.retired]: 2,
  [EFFECTS.round]: 2,
  [EFFECTS.served]: 1_000,
  [EFFECTS.deficit]: 1,
  [EFFECTS.claim]: 1,
  topUp: 10,
  settle: 6,
  settleAccounts: 60,
  [EFFECTS.halt]: 4,
  [EFFECTS.grace]: 1,
};

/** What was reached less often than it must be in as many operations; less than 2,000 may have missed the rarest. */
export function tooSeldom(counts: Map<string, number>): { name: string; least: number; found: number }[] {
  const operations = operationsOf(counts);
  return Object.entries(IN_2000)
    .map(([name, n]) => ({
      name,
      least: Math.floor((n * operations) / 2_000),
      found: reached(counts, name),
    }))
    .filter(({ least, found }) => found < least);
}
