import type { Address, Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { signedOrders, type SignedOrdersAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";
import type { SignPermitReturnType } from "./signPermit.ts";

export type PermitFeesParameters = WriteParameters & {
  /** Who signed the permit. */
  owner: Address;
  /** Result of `signPermit` with the signed orders' contract as its spender. */
  permit: SignPermitReturnType;
};

export type PermitFeesReturnType = Hash;

/** What `permitFees.simulate` gives. */
export type PermitFeesResult = Outcome<SignedOrdersAbi, "permitFees">;

/** What `permitFees.extract` finds in a receipt: the approval is an event of the token. */
export type PermitFeesEvents = EventsByName<SignedOrdersAbi, never>;

export type PermitFeesErrorType = ActionErrorType<"FeeAllowanceTooLow">;

/**
 * Use an owner's permit that lets the contract of signed orders pay fees; one that somebody has used already does no harm.
 *
 * @throws `FeeAllowanceTooLow`
 *
 * @example
 * import { type Deployment, parseCollateral, permitFees, signPermit } from "@usance/sdk";
 * import type { Account, Chain, Transport, WalletClient } from "viem";
 *
 * type Wallet = WalletClient<Transport, Chain, Account>;
 *
 * async function run(owner: Wallet, executor: Wallet, deployment: Deployment) {
 *   const spender = deployment.signedOrders;
 *   const permit = await signPermit(owner, { deployment, spender, amount: parseCollateral("10") });
 *   console.log(await permitFees(executor, { deployment, owner: owner.account.address, permit }));
 * }
 */
export const permitFees: WriteAction<PermitFeesParameters, PermitFeesResult, PermitFeesEvents> =
  /*#__PURE__*/ defineWrite({
    contract: signedOrders,
    functionName: "permitFees",
    args: ({ owner, permit: { amount, deadline, v, r, s } }: PermitFeesParameters) => [
      owner,
      amount,
      deadline,
      v,
      r,
      s,
    ],
    events: [],
  });
