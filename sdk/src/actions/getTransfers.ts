import type { Address, Client, Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import { clearinghouse } from "../internal/contracts.ts";
import { getEvents, type PastParameters } from "../internal/events.ts";
import { timesOf } from "../internal/logs.ts";

export type GetTransfersParameters = PastParameters & {
  /** Number of the account. */
  accountId: number;
};

/** Money that went into or out of an account. */
export type Transfer = {
  /**
   * "deposit" and "withdrawal" of collateral; "transfer" between accounts of one owner; "claimLeft": what a withdrawal left
   * behind while a market owed; "claimRedeemed": that coming back.
   */
  kind: "deposit" | "withdrawal" | "transfer" | "claimLeft" | "claimRedeemed";
  /** Collateral units, signed: above zero came in. */
  amount: bigint;
  /** Who sent a deposit or got a withdrawal. */
  address: Address | null;
  /** The other account of a transfer. */
  otherAccountId: number | null;
  /** Unix time of the block. */
  timestamp: bigint;
  blockNumber: bigint;
  transactionHash: Hash;
  logIndex: number;
};

export type GetTransfersReturnType = Transfer[];

export type GetTransfersErrorType = ActionErrorType;

/**
 * Find the deposits and withdrawals of an account, and what moved between accounts of its owner, oldest first.
 *
 * @throws `CallFailedError` when the node does not answer
 *
 * @example
 * import { formatCollateral, getTransfers, type Deployment } from "@usance/sdk";
 * import { createPublicClient, http } from "viem";
 *
 * async function show(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   for (const { kind, amount } of await getTransfers(client, { deployment, accountId: 2048 })) {
 *     console.log(kind, formatCollateral(amount));
 *   }
 * }
 */
export async function getTransfers(
  client: Client,
  parameters: GetTransfersParameters,
): Promise<GetTransfersReturnType> {
  const { accountId } = parameters;
  const names = ["Deposited", "Withdrawn", "Transferred", "ClaimLeft", "ClaimRedeemed"] as const;
  const events = await getEvents(client, parameters, clearinghouse, names, { accountId });
  const timestamp = await timesOf(client, events);
  return events.map((event): Transfer => {
    const { blockNumber, transactionHash, logIndex } = event;
    const place = { timestamp: timestamp(blockNumber), blockNumber, transactionHash, logIndex };
    const plain = { address: null, otherAccountId: null, ...place };
    switch (event.eventName) {
      case "Deposited":
        return { ...plain, kind: "deposit", amount: event.args.amount, address: event.args.sender };
      case "Withdrawn":
        return { ...plain, kind: "withdrawal", amount: -event.args.amount, address: event.args.to };
      case "Transferred": {
        const { from, to, amount } = event.args;
        const out = from === accountId;
        return {
          ...plain,
          kind: "transfer",
          amount: out ? -amount : amount,
          otherAccountId: out ? to : from,
        };
      }
      case "ClaimLeft":
        return { ...plain, kind: "claimLeft", amount: -event.args.amount };
      case "ClaimRedeemed":
        return { ...plain, kind: "claimRedeemed", amount: event.args.amount };
    }
  });
}
