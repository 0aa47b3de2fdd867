import type { Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { signedOrders, type SignedOrdersAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import type { ExecutionErrorName } from "../internal/signedOrder.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";
import { encodeSignedOrder, type SignedOrder } from "../signedOrders/SignedOrder.ts";

export type ExecuteSignedOrderParameters = WriteParameters & {
  /** What `signOrder` gave. */
  order: SignedOrder;
};

export type ExecuteSignedOrderReturnType = Hash;

/** What `executeSignedOrder.simulate` gives. */
export type ExecuteSignedOrderResult = Outcome<SignedOrdersAbi, "execute">;

/** What `executeSignedOrder.extract` finds in a receipt. */
export type ExecuteSignedOrderEvents = EventsByName<SignedOrdersAbi, "OrderExecuted" | "GroupTaken">;

export type ExecuteSignedOrderErrorType = ActionErrorType<ExecutionErrorName>;

/**
 * Execute what is left of a signed order now; the sender earns its fee, in proportion to what trades or rests.
 *
 * @throws `NotNamedExecutor`, `TooEarly`, `TooLate`, `GroupMissing`, `TriggerMissing`, `NoAccount`, `NonceBelowLeast`, `NonceIsCancelled`, `NonceTaken`, `AlreadyConsumed`, `GroupClosed`, `SignerNotAuthorised`, `SignatureInvalid`, `NotTriggered`, `NothingConsumed`, `FeeBudgetExceeded`, `ERC20InsufficientAllowance`, `ERC20InsufficientBalance`, `SafeERC20FailedOperation` where the fee cannot be paid, and what `placeOrder` throws (`NotAuthorised`: the owner has not named the contract operator)
 *
 * @example
 * import { type Deployment, executeSignedOrder, isContractError, type SignedOrder } from "@usance/sdk";
 * import type { WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment, order: SignedOrder) {
 *   try {
 *     const { fee } = await executeSignedOrder.simulate(wallet, { deployment, order });
 *     console.log("earns", fee, await executeSignedOrder(wallet, { deployment, order }));
 *   } catch (error) {
 *     if (!isContractError(error, "NotTriggered")) throw error;
 *   }
 * }
 */
export const executeSignedOrder: WriteAction<
  ExecuteSignedOrderParameters,
  ExecuteSignedOrderResult,
  ExecuteSignedOrderEvents
> = /*#__PURE__*/ defineWrite({
  contract: signedOrders,
  functionName: "execute",
  args: ({ order }: ExecuteSignedOrderParameters) => [encodeSignedOrder(order), order.signature],
  events: ["OrderExecuted", "GroupTaken"],
});
