import type { Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { clearinghouse, type ClearinghouseAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";

export type TransferParameters = WriteParameters & {
  /** Account that gives. */
  fromId: number;
  /** Account of the same owner that receives. */
  toId: number;
  /** Collateral units; `parseCollateral` makes them from tokens. */
  amount: bigint;
};

export type TransferReturnType = Hash;

/** What `transfer.simulate` gives. */
export type TransferResult = Outcome<ClearinghouseAbi, "transfer">;

/** What `transfer.extract` finds in a receipt. */
export type TransferEvents = EventsByName<ClearinghouseAbi, "Transferred">;

export type TransferErrorType = ActionErrorType<
  | "NotOwner"
  | "SameAccount"
  | "AccountIsRetired"
  | "ZeroAmount"
  | "InsufficientCash"
  | "InsufficientMargin"
  | "IndexStale"
>;

/**
 * Move cash between two accounts of one owner, as far as it could be withdrawn.
 *
 * @throws `NotOwner`, `SameAccount`, `AccountIsRetired`, `ZeroAmount`, `InsufficientCash`, `InsufficientMargin`, `IndexStale`
 *
 * @example
 * import { type Deployment, parseCollateral, transfer } from "@usance/sdk";
 * import type { WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const hash = await transfer(wallet, { deployment, fromId: 2048, toId: 2049, amount: parseCollateral("250") });
 *   console.log(hash);
 * }
 */
export const transfer: WriteAction<TransferParameters, TransferResult, TransferEvents> =
  /*#__PURE__*/ defineWrite({
    contract: clearinghouse,
    functionName: "transfer",
    args: ({ fromId, toId, amount }: TransferParameters) => [fromId, toId, amount],
    events: ["Transferred"],
  });
