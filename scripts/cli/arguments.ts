import { InvalidArgumentError } from "commander";
import { getAddress, isAddress, type Address } from "viem";

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

/** Reads a moment: Unix seconds, a date, or an ISO time. */
export function parseMoment(text: string): bigint {
  const seconds = /^\d+$/.test(text) ? Number(text) : Date.parse(text) / 1_000;
  if (!Number.isInteger(seconds))
    throw new InvalidArgumentError("It must be Unix seconds, or a time such as 2025-01-31T12:00:00Z.");
  return BigInt(seconds);
}

/** Reads an address. */
export function parseAddress(text: string): Address {
  if (!isAddress(text)) throw new InvalidArgumentError("It must be an address.");
  return getAddress(text);
}

const UNITS: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Reads a length of time in seconds: "90", "90s", "5m", "2h" or "30d". */
export function parseDuration(text: string): number {
  const [, count, unit = "s"] = /^(\d{1,7})([smhd])?$/.exec(text) ?? [];
  if (count === undefined) throw new InvalidArgumentError("It must be a length such as 90s, 5m, 2h or 30d.");
  return Number(count) * (UNITS[unit] ?? 1);
}
