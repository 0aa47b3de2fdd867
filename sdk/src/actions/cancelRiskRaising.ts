import type { Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { clearinghouse, type ClearinghouseAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";

export type CancelRiskRaisingParameters = WriteParameters & {
  /** Number of the account. */
  accountId: number;
  /** Ids of its orders; those no longer in the book are passed over. `getOpenOrders` finds them. */
  ids: readonly bigint[];
};

export type CancelRiskRaisingReturnType = Hash;

/** What `cancelRiskRaising.simulate` gives. */
export type CancelRiskRaisingResult = Outcome<ClearinghouseAbi, "cancelRiskRaising">;

/** What `cancelRiskRaising.extract` finds in a receipt. */
export type CancelRiskRaisingEvents = EventsByName<ClearinghouseAbi, "OrderDropped">;

export type CancelRiskRaisingErrorType = ActionErrorType<"AccountHealthy" | "WrongAccount">;

/**
 * Cancel resting orders that raise the exposure of an account below its initial margin.
 *
 * @throws `AccountHealthy`, `WrongAccount`
 *
 * @example
 * import { cancelRiskRaising, type Deployment } from "@usance/sdk";
 * import type { WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const hash = await cancelRiskRaising(wallet, {
 *     deployment,
 *     accountId: 2050,
 *     ids: [20282409603651670423947251286016n],
 *   });
 *   console.log(hash);
 * }
 */
export const cancelRiskRaising: WriteAction<
  CancelRiskRaisingParameters,
  CancelRiskRaisingResult,
  CancelRiskRaisingEvents
> = /*#__PURE__*/ defineWrite({
  contract: clearinghouse,
  functionName: "cancelRiskRaising",
  args: ({ accountId, ids }: CancelRiskRaisingParameters) => [accountId, ids],
  events: ["OrderDropped"],
});
