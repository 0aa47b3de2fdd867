import {
  decodeUsanceError,
  executeSignedOrders,
  getMarket,
  isContractError,
  type ContractErrorName,
} from "@usance/sdk";
import { signedOrdersAbi } from "@usance/sdk/abis";
import { encodeFunctionData, type Hash } from "viem";
import { estimateGas, getGasPrice } from "viem/actions";
import { orderTypedData } from "@usance/sdk";
import { sentenceOf } from "../../lib/errors.ts";
import {
  checkDeployment,
  contextOf,
  newestBlock,
  type KeeperContext,
  type KeeperOptions,
} from "../context.ts";
import { execute } from "../execute.ts";
import type { Keeper, KeeperOutcome } from "../keeper.ts";
import { createKeeper } from "../rounds.ts";
import { pays } from "../sending/income.ts";
import { decideSignedOrders, marketsOf, pauseAfter } from "./decide.ts";
import type { OrderFolder } from "./folder.ts";
import { contractOf, readStates, type ChainState } from "./states.ts";
import type { KeptOrder, OrderStore } from "./store.ts";

/** How signed orders are executed. */
export interface SignedOrdersOptions extends KeeperOptions {
  store: OrderStore;
  folder?: OrderFolder | undefined;
  /** Orders in one transaction, and most gas of each. */
  batch?: number;
  gasEach?: number;
  /** Most orders that are executed in one round. */
  most?: number;
  /** Waiting orders that are looked at in one round, to drop those that were cancelled. */
  looks?: number;
  /** Pause after a first try that failed, seconds; it doubles with each further one, up to the longest. */
  retrySeconds?: number;
  longestRetrySeconds?: number;
}

/** Errors that say no more than that mark or time moved: the next block is soon enough. */
const NOT_YET: readonly ContractErrorName[] = ["NotTriggered", "TooEarly"];

/** Executes signed orders for their fees: at each block those whose time, trigger and trail have come. */
export function createSignedOrdersKeeper(options: SignedOrdersOptions): Keeper {
  const context = contextOf(options);
  const { store, folder, batch = 8, most = 200, looks = 50 } = options;
  const gasEach = BigInt(options.gasEach ?? 1_000_000);
  const pauses = {
    first: (options.retrySeconds ?? 15) * 1_000,
    longest: (options.longestRetrySeconds ?? 600) * 1_000,
  };
  const fail = (kept: KeptOrder, error: string) => {
    const failures = (store.find(kept.hash)?.failures ?? 0) + 1;
    context.log.debug({ order: kept.hash, failures, error }, "signed order not executed");
    const retryAt = Date.now() + pauseAfter(failures, pauses);
    store.update([{ hash: kept.hash, failures, error, retryAt }]);
  };

  /** Notes where orders stand, and gives those that may still be executed. */
  async function look(orders: readonly KeptOrder[], at: { block: bigint; now: number }) {
    const states = await readStates(
      context,
      orders.map(({ order }) => order),
      at,
    );
    const found = orders.map((kept, place) => ({ kept, state: states[place]! }));
    store.update(found.flatMap(({ kept, state }) => changeOf(kept, state, at.block)));
    store.looked(
      orders.map(({ hash }) => hash),
      at.block,
    );
    return found.filter(({ state }) => state.ended === undefined);
  }

  /** Executes a few orders in one transaction, and notes what became of each. */
  async function executeBatch(orders: readonly KeptOrder[]): Promise<KeeperOutcome[]> {
    const good = await sift(context, orders, { gasEach, fail });
    if (good.length === 0) return [];
    const outcomes = await execute(context, [
      {
        kind: "executeSigned",
        hashes: good.map(({ hash }) => hash),
        orders: good.map(({ order }) => order),
        gasEach,
      },
    ]);
    for (const outcome of outcomes) {
      if (outcome.result === "dryRun" || outcome.action.kind !== "executeSigned") continue;
      const tried = good.filter(({ hash }) =>
        (outcome.action as { hashes: readonly Hash[] }).hashes.includes(hash),
      );
      await settle(tried, outcome);
    }
    return outcomes;
  }

  async function settle(tried: readonly KeptOrder[], outcome: KeeperOutcome): Promise<void> {
    if (outcome.result === "waiting" || outcome.result === "pending") {
      const error = outcome.result === "waiting" ? outcome.error : "sent, and in no block yet";
      const retryAt = Date.now() + pauses.first;
      store.update(tried.map(({ hash }) => ({ hash, error, retryAt })));
      return;
    }
    // What the chain says counts, whoever sent it.
    const left = await look(tried, await newestBlock(context));
    const reason = "error" in outcome ? outcome.error : "refused in its block";
    for (const { kept, state } of left) if (state.consumedLots === kept.consumedLots) fail(kept, reason);
  }

  return createKeeper({
    name: "signedOrders",
    log: context.log,
    async init() {
      await checkDeployment(context);
      contractOf(context);
    },
    async round() {
      // What is kept already does not suffer from a folder that cannot be read.
      const unread = await folder?.read().catch((error: unknown) => ({ error }));
      const at = await newestBlock(context);
      const { client, deployment, shard } = context;
      const isOurs = ({ account }: KeptOrder) => shard === undefined || account % shard.of === shard.index;
      const open = store.open.filter(isOurs);
      const marks = await Promise.all(
        marketsOf(open).map(async (market): Promise<[number, bigint]> => {
          const { markX16 } = await getMarket(client, { deployment, market, blockNumber: at.block });
          return [market, markX16];
        }),
      );
      const plan = decideSignedOrders({
        ...at,
        clock: Date.now(),
        marks: new Map(marks),
        open,
        ended: store.ended,
        most,
        looks,
      });
      store.update(plan.followed);
      store.remove(plan.forget);
      await look([...plan.looks, ...plan.confirm], at);
      const due = await look(plan.due, at);
      const may = due.filter(({ kept, state }) => {
        const isAuthorised = state.signerUntil >= BigInt(at.now);
        if (!isAuthorised)
          fail(kept, "SignerNotAuthorised: the owner has to name the signer operator again.");
        return isAuthorised && state.triggered;
      });
      const outcomes: KeeperOutcome[] = [];
      for (let i = 0; i < may.length; i += batch)
        outcomes.push(...(await executeBatch(may.slice(i, i + batch).map(({ kept }) => kept))));
      if (unread !== undefined) throw unread.error;
      const left = store.open;
      return {
        block: at.block,
        outcomes,
        signedOrders: { kept: left.length, failing: left.filter(({ failures }) => failures > 0).length },
      };
    },
  });
}

/** What a look at an order changes about it. */
function changeOf(
  { hash, ended, consumedLots }: KeptOrder,
  state: ChainState,
  block: bigint,
): (Partial<KeptOrder> & { hash: Hash })[] {
  if (state.ended !== undefined) {
    const isConfirmed = ended !== undefined;
    return [
      {
        hash,
        consumedLots: state.consumedLots,
        ended: { by: state.ended, block: ended?.block ?? block, isConfirmed },
      },
    ];
  }
  // What executed some of it does not fail; what a reorganisation brought back starts afresh.
  if (state.consumedLots === consumedLots && ended === undefined) return [];
  return [
    {
      hash,
      consumedLots: state.consumedLots,
      ended: undefined,
      failures: 0,
      error: undefined,
      retryAt: 0,
    },
  ];
}

/** Leaves those of a batch that would be executed now, and whose fee pays for their gas. */
async function sift(
  context: KeeperContext,
  orders: readonly KeptOrder[],
  { gasEach, fail }: { gasEach: bigint; fail: (kept: KeptOrder, error: string) => void },
): Promise<KeptOrder[]> {
  const { client, deployment } = context;
  const attempts = await executeSignedOrders.simulate(client, {
    deployment,
    orders: orders.map(({ order }) => order),
    gasEach,
  });
  const good: { kept: KeptOrder; fee: bigint }[] = [];
  for (const [place, { success, done, failure }] of attempts.entries()) {
    const kept = orders[place]!;
    if (success) {
      good.push({ kept, fee: done.fee });
      continue;
    }
    const error = failure === "0x" ? undefined : decodeUsanceError({ data: failure });
    if (error === undefined)
      fail(kept, `It needs more than ${gasEach} gas, or its contracts fail without a reason.`);
    else if (!isContractError(error)) fail(kept, sentenceOf(error));
    else if (!NOT_YET.includes(error.name)) fail(kept, `${error.name}: ${sentenceOf(error)}`);
  }
  const { nativePrice } = context;
  if (nativePrice === undefined || good.length === 0) return good.map(({ kept }) => kept);
  const price = await getGasPrice(client);
  const paying: KeptOrder[] = [];
  for (const { kept, fee } of good) {
    const gas = await gasOf(context, kept);
    if (gas !== undefined && pays({ income: fee, gas, price, nativePrice })) paying.push(kept);
    else fail(kept, "Its fee does not pay for its gas now.");
  }
  return paying;
}

/** Gas of executing an order alone; nothing where it cannot be executed. */
async function gasOf(
  { client, deployment }: KeeperContext,
  { order }: KeptOrder,
): Promise<bigint | undefined> {
  const { message } = orderTypedData({ deployment, ...order });
  const data = encodeFunctionData({
    abi: signedOrdersAbi,
    functionName: "execute",
    args: [message, order.signature],
  });
  try {
    return await estimateGas(client, {
      account: client.account.address,
      to: contractOf({ deployment }),
      data,
      blockTag: "latest",
    });
  } catch (error) {
    if (isContractError(decodeUsanceError(error))) return undefined;
    throw error;
  }
}
