import type { Address, Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { signedOrders, type SignedOrdersAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";

export type SetFeeBudgetParameters = WriteParameters & {
  /** Number of the sender's account; 0 when left out. */
  subaccount?: number | undefined;
  /** Operator of the account who signs orders. */
  signer: Address;
  /** Collateral units that fees of its orders may still cost the sender. */
  budget: bigint;
};

export type SetFeeBudgetReturnType = Hash;

/** What `setFeeBudget.simulate` gives. */
export type SetFeeBudgetResult = Outcome<SignedOrdersAbi, "setFeeBudget">;

/** What `setFeeBudget.extract` finds in a receipt. */
export type SetFeeBudgetEvents = EventsByName<SignedOrdersAbi, "FeeBudgetSet">;

export type SetFeeBudgetErrorType = ActionErrorType<"NoAccount">;

/**
 * Set what orders that a session key signs may still cost in fees. Without a budget they can offer none. It outlasts the key's right:
 * whoever revokes a key sets it to 0 and cancels what the key signed (`cancelSignedOrdersBefore`).
 *
 * @throws `NoAccount`
 *
 * @example
 * import { type Deployment, parseCollateral, setFeeBudget } from "@usance/sdk";
 * import type { WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const signer = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
 *   console.log(await setFeeBudget(wallet, { deployment, signer, budget: parseCollateral("10") }));
 * }
 */
export const setFeeBudget: WriteAction<SetFeeBudgetParameters, SetFeeBudgetResult, SetFeeBudgetEvents> =
  /*#__PURE__*/ defineWrite({
    contract: signedOrders,
    functionName: "setFeeBudget",
    args: ({ subaccount = 0, signer, budget }: SetFeeBudgetParameters) => [subaccount, signer, budget],
    events: ["FeeBudgetSet"],
  });
