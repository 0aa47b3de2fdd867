/** How far mark may turn against an order before it is executed, and from when on it is followed. */
export interface Trail {
  /** Part of the furthest mark, in basis points, or a distance in ticks: one of the two. */
  basisPoints?: number | undefined;
  ticks?: bigint | undefined;
  /** Mark (ticks × 2^16) that has to be reached before it is followed; at once where it is left out. */
  activationX16?: bigint | undefined;
}

/** How far a trail has come. */
export interface Followed {
  /** Furthest mark since it is followed: the highest for an order that sells, the lowest for one that buys. */
  extremeX16?: bigint | undefined;
  /** Whether mark has turned by the trail: it stays so. */
  fired: boolean;
}

const BASIS_POINTS = 10_000n;

/**
 * Follows mark: an order that sells goes out once mark has fallen by the trail from its highest, one that buys once it has risen from
 * its lowest. Equality fires.
 * @param lots Size of the order, signed.
 */
export function follow(trail: Trail, lots: bigint, before: Followed, markX16: bigint): Followed {
  if (before.fired) return before;
  const sells = lots < 0n;
  const { extremeX16 } = before;
  const { activationX16 } = trail;
  if (extremeX16 === undefined && activationX16 !== undefined) {
    const isReached = sells ? markX16 >= activationX16 : markX16 <= activationX16;
    if (!isReached) return before;
  }
  const isFurther = extremeX16 === undefined || (sells ? markX16 > extremeX16 : markX16 < extremeX16);
  if (isFurther) return { extremeX16: markX16, fired: false };
  const turned = sells ? extremeX16 - markX16 : markX16 - extremeX16;
  return { extremeX16, fired: isWhole(trail, turned, extremeX16) };
}

function isWhole({ basisPoints, ticks }: Trail, turnedX16: bigint, extremeX16: bigint): boolean {
  if (ticks !== undefined) return turnedX16 >= ticks << 16n;
  return basisPoints !== undefined && turnedX16 * BASIS_POINTS >= extremeX16 * BigInt(basisPoints);
}
