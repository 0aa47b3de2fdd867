import type { Hex } from "viem";

/** Characters of what the chain keeps of a vintage: 23 bytes. Events have all of it. */
const START = 2 + 2 * 23;

/** What the chain keeps of a vintage; of what it has kept, the same. */
export const startOf = (vintage: Hex): Hex => vintage.slice(0, START) as Hex;

/** Are two vintages the same, as far as the chain keeps them? */
export const isSameVintage = (one: Hex, other: Hex): boolean => startOf(one) === startOf(other);
