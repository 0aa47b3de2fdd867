import type { Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { clearinghouse, type ClearinghouseAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";

export type UnwindParameters = WriteParameters & {
  /** Number of the market. */
  market: number;
  /** Most resting orders that the call may meet; 50 when left out. */
  maxFills?: number | undefined;
};

export type UnwindReturnType = Hash;

/** What `unwind.simulate` gives. */
export type UnwindResult = Outcome<ClearinghouseAbi, "unwind">;

/** What `unwind.extract` finds in a receipt. */
export type UnwindEvents = EventsByName<
  ClearinghouseAbi,
  "Unwound" | "OrderFilled" | "OrderDropped" | "Realised"
>;

export type UnwindErrorType = ActionErrorType<
  "UnknownMarket" | "MarketNotOpen" | "IndexStale" | "NothingToUnwind" | "UnwindingSpent" | "NothingToFill"
>;

/**
 * Trade what an insurance fund took over into the book, as far as it may lose by that today.
 *
 * @throws `UnknownMarket`, `MarketNotOpen`, `IndexStale`, `NothingToUnwind`, `UnwindingSpent`, `NothingToFill`
 *
 * @example
 * import { type Deployment, unwind } from "@usance/sdk";
 * import type { WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const hash = await unwind(wallet, { deployment, market: 1 });
 *   console.log(hash);
 * }
 */
export const unwind: WriteAction<UnwindParameters, UnwindResult, UnwindEvents> = /*#__PURE__*/ defineWrite({
  contract: clearinghouse,
  functionName: "unwind",
  args: ({ market, maxFills = 50 }: UnwindParameters) => [market, maxFills],
  events: ["Unwound", "OrderFilled", "OrderDropped", "Realised"],
});
