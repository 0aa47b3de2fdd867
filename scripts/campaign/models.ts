/** One process of the model's campaign: so many operations, in sequences with seeds from one on. */
export interface ModelShard {
  seed: number;
  operations: number;
}

/** Cuts a campaign into shards of at most `most` operations, whose seeds are `stride` apart. */
export function modelShards(operations: number, most: number, seed: number, stride: number): ModelShard[] {
  const count = Math.ceil(operations / most);
  return Array.from({ length: count }, (_, i) => ({
    seed: seed + i * stride,
    operations: Math.floor(operations / count) + (i < operations % count ? 1 : 0),
  }));
}

/** What a shard's output says that it did; undefined where it did not come to its end. */
export function countsIn(output: string): { operations: number; counts: Record<string, number> } | undefined {
  const line = /^figures (\{.*\})$/m.exec(output)?.[1];
  if (line === undefined) return undefined;
  return JSON.parse(line) as { operations: number; counts: Record<string, number> };
}

export function addCounts(sums: Map<string, number>, counts: Record<string, number>): void {
  for (const [name, n] of Object.entries(counts)) sums.set(name, (sums.get(name) ?? 0) + n);
}

/** The part of an output that says what differed: after the failures' heading, without the whole sequence. */
export function difference(output: string): string {
  const start = output.search(/^\s+\d+ failing/m);
  const text = start < 0 ? output.slice(-4_000) : output.slice(start);
  return text
    .replace(/^Counterexample:.*$/gm, "")
    .slice(0, 6_000)
    .trim();
}
