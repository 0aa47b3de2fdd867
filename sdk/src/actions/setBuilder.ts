import type { Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { clearinghouse, type ClearinghouseAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";

export type SetBuilderParameters = WriteParameters & {
  /** Number of the account. */
  accountId: number;
  /** Account of the builder. */
  builderId: number;
  /** Highest fee that it may take, tenths of a basis point, up to 100; 0 allows none. */
  cap: number;
};

export type SetBuilderReturnType = Hash;

/** What `setBuilder.simulate` gives. */
export type SetBuilderResult = Outcome<ClearinghouseAbi, "setBuilder">;

/** What `setBuilder.extract` finds in a receipt. */
export type SetBuilderEvents = EventsByName<ClearinghouseAbi, "BuilderSet">;

export type SetBuilderErrorType = ActionErrorType<
  "NotOwner" | "SameAccount" | "UnknownAccount" | "BuilderFeeTooHigh"
>;

/**
 * Allow a builder a fee on what the orders take that it brings.
 *
 * @throws `NotOwner`, `SameAccount`, `UnknownAccount`, `BuilderFeeTooHigh`
 *
 * @example
 * import { type Deployment, setBuilder } from "@usance/sdk";
 * import type { WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const hash = await setBuilder(wallet, { deployment, accountId: 2048, builderId: 2055, cap: 20 });
 *   console.log(hash);
 * }
 */
export const setBuilder: WriteAction<SetBuilderParameters, SetBuilderResult, SetBuilderEvents> =
  /*#__PURE__*/ defineWrite({
    contract: clearinghouse,
    functionName: "setBuilder",
    args: ({ accountId, builderId, cap }: SetBuilderParameters) => [accountId, builderId, cap],
    events: ["BuilderSet"],
  });
