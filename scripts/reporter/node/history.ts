import type { Hex } from "viem";
import { calculateDay, leavesOf } from "../../calculator/calculate.ts";
import { CalculationError } from "../../calculator/errors.ts";
import { merkleRoot } from "../../calculator/merkle.ts";
import type { Rules } from "../../calculator/rules.ts";
import { isSameVintage } from "../../calculator/vintage.ts";
import type { StatementStore } from "../../statements/store.ts";
import type { DayStore, KnownDay } from "./days.ts";
import type { DayInputs, PeerClient } from "./peers.ts";

/** Most days that are asked for at once: two years. */
const MAX_DAYS = 732;

/** What lost days are calculated again with. */
export interface HistorySources {
  readonly days: DayStore;
  readonly statements: StatementStore;
  readonly peers: readonly PeerClient[];
  readonly rules: Rules;
  /** Unix seconds. */
  readonly now: number;
}

/**
 * Finds the day that a vintage on chain pins: in the store, or by asking peers for its inputs, and for those of the days before it as far as they are unknown. A peer
 * cannot deceive: its answer must have the vintage as its Merkle root and the signatures of contributors.
 * @returns Undefined where nobody can say what the vintage is of.
 */
export async function findDay(vintage: Hex, sources: HistorySources): Promise<KnownDay | undefined> {
  const { days } = sources;
  const unknown: DayInputs[] = [];
  let next: Hex | undefined = vintage;
  while (next !== undefined && days.find(next) === undefined) {
    const inputs: DayInputs | undefined =
      unknown.length < MAX_DAYS ? await askForDay(next, sources) : undefined;
    if (inputs === undefined) return undefined;
    unknown.push(inputs);
    next = inputs.previous?.vintage;
  }
  for (const inputs of unknown.reverse()) if (!recalculate(inputs, sources)) return undefined;
  return days.find(vintage);
}

function recalculate({ period, previous, statements }: DayInputs, { days, rules }: HistorySources): boolean {
  try {
    const calculation = calculateDay({
      period,
      stage: "final",
      statements: statements.map(({ statement }) => statement),
      previous: previous && days.find(previous.vintage)?.printed,
      rules,
    });
    if (calculation.printed === undefined) return false;
    days.put(calculation, previous, statements);
    return true;
  } catch (error) {
    // A reporter may have signed a vintage over a day that the rules refuse.
    if (error instanceof CalculationError) return false;
    throw error;
  }
}

async function askForDay(vintage: Hex, sources: HistorySources): Promise<DayInputs | undefined> {
  const { peers, statements: store, rules, now } = sources;
  for (const peer of peers) {
    try {
      const inputs = await peer.day(vintage);
      const { previous, statements } = inputs;
      const leaves = leavesOf(
        statements.map(({ statement }) => statement),
        previous,
        rules,
      );
      if (!isSameVintage(merkleRoot(leaves), vintage)) continue;
      for (const signed of statements) await keep(store, signed, now, peer.address);
      return inputs;
    } catch {
      // Away, or not what it should be: the next one.
    }
  }
  return undefined;
}

async function keep(
  store: StatementStore,
  signed: DayInputs["statements"][number],
  now: number,
  source: string,
): Promise<void> {
  try {
    await store.add(signed, { now, source });
  } catch (error) {
    // The second of a conflicting pair is kept with its error, and the panel may have counted it before it knew of the first.
    if (!store.has(signed)) throw error;
  }
}
