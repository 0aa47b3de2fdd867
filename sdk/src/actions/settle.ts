import type { Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { clearinghouse, type ClearinghouseAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";

export type SettleParameters = WriteParameters & {
  /** Number of the market. */
  market: number;
};

export type SettleReturnType = Hash;

/** What `settle.simulate` gives. */
export type SettleResult = Outcome<ClearinghouseAbi, "settle">;

/** What `settle.extract` finds in a receipt. */
export type SettleEvents = EventsByName<ClearinghouseAbi, "MarketSettled" | "PhaseChanged">;

export type SettleErrorType = ActionErrorType<
  "UnknownMarket" | "NotDated" | "NotExpired" | "AlreadySettled" | "WindowNotFinal" | "DayStillMissing"
>;

/**
 * Write the settlement price of an expired market, once all prints of its window are final.
 *
 * @throws `UnknownMarket`, `NotDated`, `NotExpired`, `AlreadySettled`, `WindowNotFinal`, `DayStillMissing`
 *
 * @example
 * import { type Deployment, settle } from "@usance/sdk";
 * import type { WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const hash = await settle(wallet, { deployment, market: 2 });
 *   console.log(hash);
 * }
 */
export const settle: WriteAction<SettleParameters, SettleResult, SettleEvents> = /*#__PURE__*/ defineWrite({
  contract: clearinghouse,
  functionName: "settle",
  args: ({ market }: SettleParameters) => [market],
  events: ["MarketSettled", "PhaseChanged"],
});
