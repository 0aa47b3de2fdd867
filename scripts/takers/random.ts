/** Source of numbers in [0, 1). */
export type Random = () => number;

/** Deterministic generator (mulberry32): the same seed gives the same numbers on every machine. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Seed of one participant: each draws from its own stream, so adding another changes nobody's numbers. */
export function seedOf(seed: number, name: string): number {
  let hash = 0x811c9dc5 ^ seed;
  for (const character of name) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  return hash >>> 0;
}

/** One of the entries, undefined when there is none. */
export function pick<Entry>(random: Random, entries: readonly Entry[]): Entry | undefined {
  return entries[Math.floor(random() * entries.length)];
}
