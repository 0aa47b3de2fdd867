/**
 * Integers wider than a double holds exactly, as the nearest double and what it leaves: columns of doubles are quick to
 * sum, and together both give the integer back.
 */

/** The double nearest to a value. */
export function nearest(value: bigint): number {
  return Number(value);
}

/** What the nearest double leaves of a value: exact for values of up to 105 bits. */
export function remainder(value: bigint): number {
  return Number(value - BigInt(Number(value)));
}

/** The value of both. */
export function joined(nearest: number, remainder: number): bigint {
  return BigInt(nearest) + BigInt(remainder);
}
