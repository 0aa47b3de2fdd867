import type { Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { clearinghouse, type ClearinghouseAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";

export type AbsorbParameters = WriteParameters & {
  /** Number of the account. */
  accountId: number;
};

export type AbsorbReturnType = Hash;

/** What `absorb.simulate` gives. */
export type AbsorbResult = Outcome<ClearinghouseAbi, "absorb">;

/** What `absorb.extract` finds in a receipt. */
export type AbsorbEvents = EventsByName<
  ClearinghouseAbi,
  "Absorbed" | "AccountRetired" | "Realised" | "RoundRecorded" | "DeficitBooked"
>;

export type AbsorbErrorType = ActionErrorType<
  "AccountNotBankrupt" | "UnknownAccount" | "AccountIsRetired" | "NoPosition" | "IndexStale"
>;

/**
 * Hand an account without equity to the insurance funds of its markets and retire it.
 *
 * @throws `AccountNotBankrupt`, `UnknownAccount`, `AccountIsRetired`, `NoPosition`, `IndexStale`
 *
 * @example
 * import { absorb, type Deployment } from "@usance/sdk";
 * import type { WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const hash = await absorb(wallet, { deployment, accountId: 2050 });
 *   console.log(hash);
 * }
 */
export const absorb: WriteAction<AbsorbParameters, AbsorbResult, AbsorbEvents> = /*#__PURE__*/ defineWrite({
  contract: clearinghouse,
  functionName: "absorb",
  args: ({ accountId }: AbsorbParameters) => [accountId],
  events: ["Absorbed", "AccountRetired", "Realised", "RoundRecorded", "DeficitBooked"],
});
