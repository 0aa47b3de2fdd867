import type { Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { clearinghouse, type ClearinghouseAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";

export type SweepOrdersParameters = WriteParameters & {
  /** Ids of orders; those that are gone or still good are passed over. */
  ids: readonly bigint[];
};

export type SweepOrdersReturnType = Hash;

/** What `sweepOrders.simulate` gives. */
export type SweepOrdersResult = Outcome<ClearinghouseAbi, "sweepOrders">;

/** What `sweepOrders.extract` finds in a receipt. */
export type SweepOrdersEvents = EventsByName<ClearinghouseAbi, "OrderDropped">;

export type SweepOrdersErrorType = ActionErrorType<"UnknownMarket">;

/**
 * Take given orders out of the book where they are dead: expired, retired, switched off, or no longer reducing.
 *
 * @throws `UnknownMarket`
 *
 * @example
 * import { type Deployment, sweepOrders } from "@usance/sdk";
 * import type { WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const hash = await sweepOrders(wallet, { deployment, ids: [20282409603651670423947251286016n] });
 *   console.log(hash);
 * }
 */
export const sweepOrders: WriteAction<SweepOrdersParameters, SweepOrdersResult, SweepOrdersEvents> =
  /*#__PURE__*/ defineWrite({
    contract: clearinghouse,
    functionName: "sweepOrders",
    args: ({ ids }: SweepOrdersParameters) => [ids],
    events: ["OrderDropped"],
  });
