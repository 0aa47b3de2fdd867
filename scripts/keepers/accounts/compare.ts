import type { AccountRecord, PositionRecord } from "./table.ts";

/** Names what differs between two states of an account; nothing where they agree. */
export function differences(
  a: AccountRecord,
  b: AccountRecord,
  /** Whether a position counts. */
  counts: (position: PositionRecord) => boolean = () => true,
): string[] {
  const found: string[] = [];
  const compare = (name: string, was: unknown, is: unknown) => {
    if (was !== is) found.push(`${name} ${String(was)}, not ${String(is)}`);
  };
  compare("retired", a.retired, b.retired);
  compare("cash", a.cash, b.cash);
  const [before, after] = [a, b].map(
    ({ positions }) => new Map(positions.filter(counts).map((position) => [position.market, position])),
  ) as [Map<number, PositionRecord>, Map<number, PositionRecord>];
  for (const market of new Set([...before.keys(), ...after.keys()])) {
    const [was, is] = [before.get(market), after.get(market)];
    for (const field of ["size", "quote", "fundingSnapshot", "bidLots", "askLots", "openOrders"] as const)
      compare(`${field} in market ${market}`, was?.[field], is?.[field]);
  }
  return found;
}
