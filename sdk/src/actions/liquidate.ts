import type { Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { clearinghouse, type ClearinghouseAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";

export type LiquidateParameters = WriteParameters & {
  /** Number of the account. */
  accountId: number;
  /** Market whose position is closed. */
  market: number;
  /** Account that earns the keeper's share. */
  keeper: number;
  /** Most resting orders that the call may meet; 50 when left out. */
  maxFills?: number | undefined;
  /**
   * Most lots that `keeper` takes over itself where the book takes no more, at a discount to mark that grows over ten
   * minutes; the sender must be its owner or operator. None when left out.
   */
  takeOverLots?: number | undefined;
};

export type LiquidateReturnType = Hash;

/** What `liquidate.simulate` gives. */
export type LiquidateResult = Outcome<ClearinghouseAbi, "liquidate">;

/** What `liquidate.extract` finds in a receipt. */
export type LiquidateEvents = EventsByName<
  ClearinghouseAbi,
  "Liquidated" | "AuctionStarted" | "TakenOver" | "OrderFilled" | "OrderDropped" | "Realised"
>;

export type LiquidateErrorType = ActionErrorType<
  | "AccountHealthy"
  | "AccountBankrupt"
  | "NoPosition"
  | "MarketNotOpen"
  | "IndexStale"
  | "UnknownAccount"
  | "SelfLiquidation"
  | "NothingToFill"
  | "AccountIsRetired"
  | "NotAuthorised"
  | "InsufficientMargin"
  | "PositionLimit"
  | "OnlyReducing"
  | "TooManyMarkets"
>;

/**
 * Close lots of an account below its maintenance margin into the book, for a share of the fee, and take over what the
 * book does not take.
 *
 * @throws `AccountHealthy`, `AccountBankrupt`, `NoPosition`, `MarketNotOpen`, `IndexStale`, `UnknownAccount`, `SelfLiquidation`, `NothingToFill`, and with a takeover `NotAuthorised`, `AccountIsRetired`, `TooManyMarkets`, `InsufficientMargin`, `PositionLimit`, `OnlyReducing`
 *
 * @example
 * import { type Deployment, liquidate } from "@usance/sdk";
 * import type { WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const hash = await liquidate(wallet, { deployment, accountId: 2050, market: 1, keeper: 2048 });
 *   console.log(hash);
 * }
 */
export const liquidate: WriteAction<LiquidateParameters, LiquidateResult, LiquidateEvents> =
  /*#__PURE__*/ defineWrite({
    contract: clearinghouse,
    functionName: "liquidate",
    args: ({ accountId, market, maxFills = 50, keeper, takeOverLots = 0 }: LiquidateParameters) => [
      accountId,
      market,
      maxFills,
      keeper,
      takeOverLots,
    ],
    events: ["Liquidated", "AuctionStarted", "TakenOver", "OrderFilled", "OrderDropped", "Realised"],
  });
