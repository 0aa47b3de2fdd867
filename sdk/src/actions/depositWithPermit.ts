import type { Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { clearinghouse, type ClearinghouseAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";
import { signPermit, type SignPermitReturnType } from "./signPermit.ts";

export type DepositWithPermitParameters = WriteParameters & {
  /** Collateral units. */
  amount: bigint;
  /** Number under the sender; 0 when left out. */
  subaccount?: number | undefined;
  /** Last second (Unix time) of the permit; an hour after the latest block when left out. */
  deadline?: bigint | undefined;
  /** Result of `signPermit`; the sender signs one when left out. */
  permit?: SignPermitReturnType | undefined;
};

export type DepositWithPermitReturnType = Hash;

/** What `depositWithPermit.simulate` gives. */
export type DepositWithPermitResult = Outcome<ClearinghouseAbi, "depositWithPermit">;

/** What `depositWithPermit.extract` finds in a receipt. */
export type DepositWithPermitEvents = EventsByName<ClearinghouseAbi, "AccountOpened" | "Deposited">;

export type DepositWithPermitErrorType = ActionErrorType<
  | "ZeroAmount"
  | "DepositCredited"
  | "CashOutOfRange"
  | "TooManyAccounts"
  | "ERC20InsufficientAllowance"
  | "ERC20InsufficientBalance"
>;

/**
 * Deposit collateral into a subaccount of the sender in one transaction, with a signed permit in place of an approval.
 *
 * @throws `ZeroAmount`, `DepositCredited`, `CashOutOfRange`, `TooManyAccounts`, `ERC20InsufficientAllowance` (the permit was not
 * good), `ERC20InsufficientBalance`
 *
 * @example
 * import { depositWithPermit, parseCollateral, type Deployment } from "@usance/sdk";
 * import type { WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const hash = await depositWithPermit(wallet, { deployment, amount: parseCollateral("1000") });
 *   console.log(hash);
 * }
 */
export const depositWithPermit: WriteAction<
  DepositWithPermitParameters,
  DepositWithPermitResult,
  DepositWithPermitEvents
> = /*#__PURE__*/ defineWrite({
  contract: clearinghouse,
  functionName: "depositWithPermit",
  args: async (parameters: DepositWithPermitParameters, client) => {
    const { subaccount = 0, amount, permit } = parameters;
    const { deadline, v, r, s } = permit ?? (await signPermit(client, parameters));
    return [subaccount, amount, deadline, v, r, s] as const;
  },
  events: ["AccountOpened", "Deposited"],
});
