/** One process of a campaign: so many runs from one seed. */
export interface Shard {
  seed: number;
  runs: number;
}

/** Cuts a campaign into shards of at most `most` runs; each has a seed of its own, counted from `seed`. */
export function shards(runs: number, most: number, seed: number): Shard[] {
  const count = Math.ceil(runs / most);
  return Array.from({ length: count }, (_, i) => ({
    seed: seed + i,
    runs: Math.floor(runs / count) + (i < runs % count ? 1 : 0),
  }));
}

/** What a shard's output says: the runs that it finished, and whether every property held in them. */
export function verdict(output: string): { runs: number; held: boolean } {
  const passed = /✔ invariant_all\(\) \(runs: (\d+)\)/.exec(output);
  return passed === null ? { runs: 0, held: false } : { runs: Number(passed[1]), held: true };
}

/** The part of an output that a replayed test needs: the property and the calls that broke it. */
export function counterexample(output: string): string {
  const start = output.indexOf("1) InvariantsTest");
  return (start < 0 ? output.slice(-4_000) : output.slice(start)).trim();
}
