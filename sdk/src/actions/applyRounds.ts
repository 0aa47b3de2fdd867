import type { Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { clearinghouse, type ClearinghouseAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";

export type ApplyRoundsParameters = WriteParameters & {
  /** Number of the market. */
  market: number;
  /** Numbers of the accounts; those without a part in any round are passed over. */
  accountIds: readonly number[];
};

export type ApplyRoundsReturnType = Hash;

/** What `applyRounds.simulate` gives. */
export type ApplyRoundsResult = Outcome<ClearinghouseAbi, "applyRounds">;

/** What `applyRounds.extract` finds in a receipt. */
export type ApplyRoundsEvents = EventsByName<ClearinghouseAbi, "Deleveraged" | "Realised" | "OrderDropped">;

export type ApplyRoundsErrorType = ActionErrorType<"UnknownMarket">;

/**
 * Apply the pending deleveraging rounds of a market to some accounts, so that rounds finish.
 *
 * @throws `UnknownMarket`
 *
 * @example
 * import { type Deployment, applyRounds } from "@usance/sdk";
 * import type { WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const hash = await applyRounds(wallet, { deployment, market: 1, accountIds: [2050, 2051] });
 *   console.log(hash);
 * }
 */
export const applyRounds: WriteAction<ApplyRoundsParameters, ApplyRoundsResult, ApplyRoundsEvents> =
  /*#__PURE__*/ defineWrite({
    contract: clearinghouse,
    functionName: "applyRounds",
    args: ({ market, accountIds }: ApplyRoundsParameters) => [market, accountIds],
    events: ["Deleveraged", "Realised", "OrderDropped"],
  });
