/** A position as it is stored, before pending deleveraging rounds are applied, as far as they are about it. */
export interface StoredPosition {
  /** Lots, signed; above zero long. */
  size: bigint;
  /** Number of the last deleveraging round of the market that it knows. */
  round: bigint;
}

/** What a market's lens says of its rounds. */
export interface PendingRounds {
  /** Number of the newest round. */
  rounds: bigint;
  /** Lots that each side still has to close. */
  pendingLongs: bigint;
  pendingShorts: bigint;
}

/** Reads the word of a position: size in bits 0 to 35, round in bits 232 to 245. */
export function storedPosition(word: bigint): StoredPosition {
  return { size: BigInt.asIntN(36, word), round: BigInt.asUintN(14, word >> 232n) };
}

/**
 * Whether a round still waits for a position. One whose share is no lot is waited for like any other: a round ends when
 * every lot of its side has been served, and what each position closes follows from the lots that were served before it.
 */
export function isBehind({ size, round }: StoredPosition, fund: PendingRounds): boolean {
  const pending = size > 0n ? fund.pendingLongs : fund.pendingShorts;
  return size !== 0n && round < fund.rounds && pending > 0n;
}
