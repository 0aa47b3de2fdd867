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
};

export type LiquidateReturnType = Hash;

/** What `liquidate.simulate` gives. */
export type LiquidateResult = Outcome<ClearinghouseAbi, "liquidate">;

/** What `liquidate.extract` finds in a receipt. */
export type LiquidateEvents = EventsByName<
  ClearinghouseAbi,
  "Liquidated" | "OrderFilled" | "OrderDropped" | "Realised"
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
>;

/**
 * Close lots of an account below its maintenance margin into the book, for a share of the fee.
 *
 * @throws `AccountHealthy`, `AccountBankrupt`, `NoPosition`, `MarketNotOpen`, `IndexStale`, `UnknownAccount`, `SelfLiquidation`, `NothingToFill`
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
    args: ({ accountId, market, maxFills = 50, keeper }: LiquidateParameters) => [
      accountId,
      market,
      maxFills,
      keeper,
    ],
    events: ["Liquidated", "OrderFilled", "OrderDropped", "Realised"],
  });
