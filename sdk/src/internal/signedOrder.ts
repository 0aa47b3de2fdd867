import type { Address } from "viem";
import type { OrderErrorName } from "./order.ts";

/** Errors of every call that executes a signed order: its own, those of placing it, and the token's where the fee cannot be paid. */
export type ExecutionErrorName =
  | "NotNamedExecutor"
  | "TooEarly"
  | "TooLate"
  | "GroupMissing"
  | "TriggerMissing"
  | "NoAccount"
  | "NonceBelowLeast"
  | "NonceIsCancelled"
  | "NonceTaken"
  | "AlreadyConsumed"
  | "GroupClosed"
  | "SignerNotAuthorised"
  | "SignatureInvalid"
  | "NotTriggered"
  | "NothingConsumed"
  | "FeeBudgetExceeded"
  | "ERC20InsufficientAllowance"
  | "ERC20InsufficientBalance"
  | "SafeERC20FailedOperation"
  | OrderErrorName;

/** Whose orders are meant. */
export type OrderSource = {
  /** Owner of the account that trades. */
  owner: Address;
  /** Number of the account under its owner; 0 when left out. */
  subaccount?: number | undefined;
  /** Who signed; the owner when left out. */
  signer?: Address | undefined;
};

/** The source as the contract takes it. */
export function encodeSource({ owner, subaccount = 0, signer = owner }: OrderSource) {
  return [owner, subaccount, signer] as const;
}
