import { InvalidArgumentError } from "commander";

/** Reads a whole number within bounds. */
export function parseWhole({ min, max }: { min: number; max: number }): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max)
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
    return value;
  };
}

/** Reads order ids, each a whole number. */
export function parseId(text: string, previous: readonly bigint[] = []): bigint[] {
  if (!/^\d+$/.test(text))
    throw new InvalidArgumentError("It must be the number that `usance order list` shows.");
  return [...previous, BigInt(text)];
}

/** Reads the moment at which an order ends: Unix seconds or an ISO time. */
export function parseMoment(text: string): bigint {
  const seconds = /^\d+$/.test(text) ? Number(text) : Date.parse(text) / 1_000;
  if (!Number.isInteger(seconds))
    throw new InvalidArgumentError("It must be Unix seconds, or a time such as 2025-01-31T12:00:00Z.");
  return BigInt(seconds);
}
