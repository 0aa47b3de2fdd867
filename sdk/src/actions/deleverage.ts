import type { Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { clearinghouse, type ClearinghouseAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";

export type DeleverageParameters = WriteParameters & {
  /** Number of the market. */
  market: number;
};

export type DeleverageReturnType = Hash;

/** What `deleverage.simulate` gives. */
export type DeleverageResult = Outcome<ClearinghouseAbi, "deleverage">;

/** What `deleverage.extract` finds in a receipt. */
export type DeleverageEvents = EventsByName<
  ClearinghouseAbi,
  "RoundRecorded" | "DeficitBooked" | "Realised" | "PhaseChanged"
>;

export type DeleverageErrorType = ActionErrorType<
  "UnknownMarket" | "NothingToDeleverage" | "TooManyRounds" | "IndexStale"
>;

/**
 * Close the position of a spent insurance fund against the winning side, pro rata, and book what is left as a deficit.
 *
 * @throws `UnknownMarket`, `NothingToDeleverage`, `TooManyRounds`, `IndexStale`
 *
 * @example
 * import { type Deployment, deleverage } from "@usance/sdk";
 * import type { WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const hash = await deleverage(wallet, { deployment, market: 1 });
 *   console.log(hash);
 * }
 */
export const deleverage: WriteAction<DeleverageParameters, DeleverageResult, DeleverageEvents> =
  /*#__PURE__*/ defineWrite({
    contract: clearinghouse,
    functionName: "deleverage",
    args: ({ market }: DeleverageParameters) => [market],
    events: ["RoundRecorded", "DeficitBooked", "Realised", "PhaseChanged"],
  });
