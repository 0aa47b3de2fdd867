import type { Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { clearinghouse, type ClearinghouseAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";

export type SweepParameters = WriteParameters & {
  /** Number of the market. */
  market: number;
  /** Whether the bids are swept; the asks otherwise. */
  bids: boolean;
  /** Most places of the queue that the call goes over; 50 when left out. */
  maxOrders?: number | undefined;
};

export type SweepReturnType = Hash;

/** What `sweep.simulate` gives. */
export type SweepResult = Outcome<ClearinghouseAbi, "sweep">;

/** What `sweep.extract` finds in a receipt. */
export type SweepEvents = EventsByName<ClearinghouseAbi, "OrderDropped">;

export type SweepErrorType = ActionErrorType<"UnknownMarket" | "MarketNotOpen" | "ZeroMaxFills">;

/**
 * Take dead orders off the top of one side of a book: expired, retired, switched off, or no longer reducing.
 *
 * @throws `UnknownMarket`, `MarketNotOpen`, `ZeroMaxFills`
 *
 * @example
 * import { type Deployment, sweep } from "@usance/sdk";
 * import type { WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const hash = await sweep(wallet, { deployment, market: 1, bids: true });
 *   console.log(hash);
 * }
 */
export const sweep: WriteAction<SweepParameters, SweepResult, SweepEvents> = /*#__PURE__*/ defineWrite({
  contract: clearinghouse,
  functionName: "sweep",
  args: ({ market, bids, maxOrders = 50 }: SweepParameters) => [market, bids, maxOrders],
  events: ["OrderDropped"],
});
