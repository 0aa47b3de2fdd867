import type { Verdict } from "./judge.ts";
import type { Mutant } from "./mutants.ts";

/** A mutant that is known to survive, and why that is no gap in the tests. Without line numbers, which move. */
export interface KnownSurvivor {
  file: string;
  function: string;
  before: string;
  after: string;
  reason: string;
}

/** Why this mutant may survive, if the list says so. */
export function reasonFor(known: readonly KnownSurvivor[], mutant: Mutant): string | undefined {
  return known.find(
    (entry) =>
      entry.file === mutant.callable.file &&
      entry.function === mutant.callable.name &&
      entry.before === mutant.before &&
      entry.after === mutant.after,
  )?.reason;
}

/** Share of the judged mutants that were killed, in percent with one decimal, rounded down. */
export function killedShare(verdicts: readonly Verdict[]): number {
  const killed = verdicts.filter(({ outcome }) => outcome === "killed").length;
  return verdicts.length === 0 ? 0 : Math.floor((killed * 1000) / verdicts.length) / 10;
}

/** The last line of a run. */
export function lastLine(verdicts: readonly Verdict[]): string {
  const killed = verdicts.filter(({ outcome }) => outcome === "killed").length;
  return `mutants: killed ${killed} of ${verdicts.length} (${killedShare(verdicts)} %)`;
}

/** How one mutant changes its source. */
export function difference({ after, before, callable, line, operator }: Mutant): string[] {
  const name = callable.scope === undefined ? callable.name : `${callable.scope}.${callable.name}`;
  return [`${callable.file}:${line} ${name} (${operator})`, `  - ${before}`, `  + ${after}`];
}

/** Survivors with their reasons, then what the list of known survivors still lacks, or names without need. */
export function describeSurvivors(
  verdicts: readonly Verdict[],
  known: readonly KnownSurvivor[],
): { lines: string[]; unexplained: KnownSurvivor[] } {
  const survivors = verdicts.filter(({ outcome }) => outcome === "survived");
  const unexplained: KnownSurvivor[] = [];
  const lines = survivors.flatMap(({ mutant }) => {
    const reason = reasonFor(known, mutant);
    if (reason === undefined) {
      const { after, before, callable } = mutant;
      unexplained.push({ file: callable.file, function: callable.name, before, after, reason: "" });
    }
    return [...difference(mutant), `  ${reason ?? "no reason known"}`];
  });
  for (const { mutant, outcome, by } of verdicts) {
    if (outcome === "killed" && reasonFor(known, mutant) !== undefined) {
      lines.push(`known as a survivor, but killed by ${by}: ${difference(mutant).join("\n")}`);
    }
  }
  return { lines, unexplained };
}

/** Killed and judged for each file. */
export function byFile(verdicts: readonly Verdict[]): string[] {
  const files = new Map<string, [killed: number, all: number]>();
  for (const { mutant, outcome } of verdicts) {
    const counts = files.get(mutant.callable.file) ?? [0, 0];
    if (outcome === "killed") counts[0]++;
    counts[1]++;
    files.set(mutant.callable.file, counts);
  }
  return [...files]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([file, [killed, all]]) => `${`${killed}/${all}`.padStart(8)}  ${file}`);
}
