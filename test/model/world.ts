import { deposit } from "./accounts.ts";
import { Clearing } from "./clearing.ts";
import { DATED, PERPETUAL } from "./listings.ts";
import { DAY } from "./numbers.ts";
import { type OrderParameters, Refusal } from "./types.ts";

/** One collateral token. */
export const TOKEN = 1_000_000n;

/** A small clearing house: both reference markets and three accounts with 1,000 tokens each. */
export function world() {
  const clearing = new Clearing();
  clearing.state.now = 20_000n * DAY;
  clearing.list(PERPETUAL);
  clearing.list(DATED);
  const [alice, bob, carol] = [clearing.open(), clearing.open(), clearing.open()] as const;
  for (const id of [alice, bob, carol]) deposit(clearing, id, 1_000n * TOKEN);
  const account = (id: number) => clearing.state.accounts.get(id)!;
  const market = (id: number) => clearing.state.markets.get(id)!;
  const position = (id: number, marketId = 1) => account(id).positions.get(marketId);
  return { clearing, alice, bob, carol, account, market, position };
}

/** Rule by which a step is refused, or "none". */
export const refusal = (step: () => unknown): string => {
  try {
    step();
  } catch (error) {
    if (error instanceof Refusal) return error.rule;
    throw error;
  }
  return "none";
};

/** A limit order in the first market. */
export const order = (lots: bigint, tick: bigint, more: Partial<OrderParameters> = {}): OrderParameters => ({
  market: 1,
  lots,
  tick,
  kind: "limit",
  reduceOnly: false,
  expiry: 0n,
  maxFills: 100,
  ...more,
});
