import { cancelFired, decodeOrderId, isContractError, sweepOrders } from "@usance/sdk";
import {
  checkDeployment,
  contextOf,
  newestBlock,
  type KeeperContext,
  type KeeperOptions,
} from "./context.ts";
import { execute } from "./execute.ts";
import type { Keeper, KeeperAction } from "./keeper.ts";
import { MarketReader } from "./markets.ts";
import { RestingOrders, type RestingOrder } from "./resting.ts";
import { createKeeper } from "./rounds.ts";

/** What the purge keeper looks at. */
export interface PurgeState {
  /** Unix time of the block. */
  now: number;
  /** Resting orders by id. */
  orders: ReadonlyMap<bigint, RestingOrder>;
  /** Last second of the orders of accounts with a dead-man switch. */
  deadlines: ReadonlyMap<number, bigint>;
  retired: ReadonlySet<number>;
  /** Seconds for which dead orders are left to whoever trades into them. */
  waitSeconds: number;
  /** Orders taken out in one round, and in one call. */
  maxOrders: number;
  batch: number;
}

/**
 * Decides which dead orders to take out: those of fired dead-man switches first, since their owners cannot trade until they are
 * gone, then expired ones and those of retired accounts.
 */
export function decidePurge({
  now,
  orders,
  deadlines,
  retired,
  waitSeconds,
  maxOrders,
  batch,
}: PurgeState): KeeperAction[] {
  const over = (last: bigint) => last !== 0n && BigInt(now) > last + BigInt(waitSeconds);
  const fired = new Map<number, bigint[]>();
  const dead: bigint[] = [];
  for (const [id, { account, expiry }] of orders) {
    if (over(deadlines.get(account) ?? 0n)) fired.set(account, [...(fired.get(account) ?? []), id]);
    else if (retired.has(account) || over(expiry)) dead.push(id);
  }
  let room = maxOrders;
  const chunks = (ids: readonly bigint[]) => {
    const taken = ids.slice(0, room);
    room -= taken.length;
    return Array.from({ length: Math.ceil(taken.length / batch) }, (_, i) =>
      taken.slice(i * batch, (i + 1) * batch),
    );
  };
  return [
    ...[...fired].flatMap(([account, ids]) =>
      chunks(ids).map((chunk): KeeperAction => ({ kind: "cancelFired", account, ids: chunk })),
    ),
    ...chunks(dead).map((ids): KeeperAction => ({ kind: "sweepOrders", ids })),
  ];
}

/** Takes dead orders out of the books, which frees their owners' margin and spares those who trade the gas for it. */
export function createPurgeKeeper(
  options: KeeperOptions & {
    waitSeconds?: number;
    maxOrders?: number;
    batch?: number;
    /** Blocks after which no reorganisation is expected: younger orders are left alone. */
    confirmations?: number;
  },
): Keeper {
  const context = contextOf(options);
  const { log, shard } = context;
  const { waitSeconds = 600, maxOrders = 200, batch = 50, confirmations = 12 } = options;
  const resting = new RestingOrders(context, BigInt(confirmations));
  const reader = new MarketReader(context);
  return createKeeper({
    name: "purge",
    log,
    init: () => checkDeployment(context),
    async round() {
      const { block, now } = await newestBlock(context);
      await resting.follow(block);
      const trading = new Set<number>();
      for (const { id, phase } of await reader.read(block)) {
        reader.note(id, phase === "settled", block);
        if (phase === "open" || phase === "reduceOnly") trading.add(id);
      }
      // Where trading has ended, orders are void and go with their positions.
      resting.forget((id) => !trading.has(decodeOrderId(id).market));
      const orders =
        shard === undefined
          ? resting.orders
          : new Map([...resting.orders].filter(([, { account }]) => account % shard.of === shard.index));
      const { deadlines, retired } = resting;
      const actions = decidePurge({ now, orders, deadlines, retired, waitSeconds, maxOrders, batch });
      const useful: KeeperAction[] = [];
      for (const action of actions) {
        if (await drops(context, action)) useful.push(action);
        // They are gone, by a block that is not read yet or by an event that was missed.
        else if ("ids" in action) resting.forget((id) => action.ids.includes(id));
      }
      return { block, outcomes: await execute(context, useful) };
    },
  });
}

/** Whether a call would take anything out. */
async function drops({ client, deployment }: KeeperContext, action: KeeperAction): Promise<boolean> {
  try {
    if (action.kind === "sweepOrders")
      return (await sweepOrders.simulate(client, { deployment, ids: action.ids })) > 0n;
    if (action.kind !== "cancelFired") return true;
    const { account: accountId, ids } = action;
    return (await cancelFired.simulate(client, { deployment, accountId, ids })) > 0n;
  } catch (error) {
    if (isContractError(error, "SwitchNotFired")) return false;
    throw error;
  }
}
