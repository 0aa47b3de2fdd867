import { orderTypedData, type SignedOrder } from "@usance/sdk";
import { signedOrdersAbi } from "@usance/sdk/abis";
import { decodeFunctionResult, encodeFunctionData, type Address } from "viem";
import { simulateContract } from "viem/actions";
import type { KeeperOptions } from "../context.ts";
import { SetupError } from "../keeper.ts";
import type { OrderEnd } from "./store.ts";

/** What the contract knows of an order. */
export interface ChainState {
  account: number;
  consumedLots: bigint;
  /** Last second at which its signer may sign for the account. */
  signerUntil: bigint;
  triggered: boolean;
  /** What ended it, if anything did. */
  ended: OrderEnd | undefined;
}

/** Orders whose state one call reads. */
const CHUNK = 50;

/**
 * The exchange's contract for signed orders.
 * @throws SetupError where it has none.
 */
export function contractOf({ deployment }: Pick<KeeperOptions, "deployment">): Address {
  if (deployment.signedOrders === undefined)
    throw new SetupError(
      "The deployment has no contract for signed orders: add its `signedOrders`, or leave out this keeper.",
    );
  return deployment.signedOrders;
}

/**
 * Reads where orders stand, many in one call.
 * @param at Block to read at and its time.
 */
export async function readStates(
  { client, deployment }: Pick<KeeperOptions, "client" | "deployment">,
  orders: readonly SignedOrder[],
  at: { block: bigint; now: number },
): Promise<ChainState[]> {
  const contract = { address: contractOf({ deployment }), abi: signedOrdersAbi } as const;
  const functionName = "orderState";
  const read = async (chunk: readonly SignedOrder[]) => {
    const calls = chunk.map((order) => {
      const { message } = orderTypedData({ deployment, ...order });
      return encodeFunctionData({ abi: signedOrdersAbi, functionName, args: [message] });
    });
    const { result } = await simulateContract(client, {
      ...contract,
      functionName: "multicall",
      args: [calls],
      blockNumber: at.block,
    });
    return result.map((data) => decodeFunctionResult({ abi: signedOrdersAbi, functionName, data }));
  };
  const chunks = Array.from({ length: Math.ceil(orders.length / CHUNK) }, (_, i) =>
    orders.slice(i * CHUNK, (i + 1) * CHUNK),
  );
  const found = (await Promise.all(chunks.map(read))).flat();
  return found.map((state, place) => {
    const { lots, expiry } = orders[place]!;
    return {
      account: state.account,
      consumedLots: state.consumedLots,
      signerUntil: state.signerUntil,
      triggered: state.triggered,
      ended:
        state.consumedLots >= (lots < 0n ? -lots : lots)
          ? "consumed"
          : state.nonceTaken || state.groupTaken
            ? "replaced"
            : state.nonceCancelled || state.groupCancelled
              ? "cancelled"
              : BigInt(at.now) > expiry
                ? "expired"
                : undefined,
    };
  });
}
