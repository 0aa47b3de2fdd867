import type { Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { clearinghouse, type ClearinghouseAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";

export type SyncParameters = WriteParameters & {
  /** Number of the market. */
  market: number;
};

export type SyncReturnType = Hash;

/** What `sync.simulate` gives. */
export type SyncResult = Outcome<ClearinghouseAbi, "sync">;

/** What `sync.extract` finds in a receipt. */
export type SyncEvents = EventsByName<ClearinghouseAbi, "MarketAdvanced" | "PhaseChanged" | "FeedFollowed">;

export type SyncErrorType = ActionErrorType<"UnknownMarket">;

/**
 * Bring a market to the current minute: moving average, funding, daily price, end of trading.
 *
 * @throws `UnknownMarket`
 *
 * @example
 * import { type Deployment, sync } from "@usance/sdk";
 * import type { WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const hash = await sync(wallet, { deployment, market: 1 });
 *   console.log(hash);
 * }
 */
export const sync: WriteAction<SyncParameters, SyncResult, SyncEvents> = /*#__PURE__*/ defineWrite({
  contract: clearinghouse,
  functionName: "sync",
  args: ({ market }: SyncParameters) => [market],
  events: ["MarketAdvanced", "PhaseChanged", "FeedFollowed"],
});
