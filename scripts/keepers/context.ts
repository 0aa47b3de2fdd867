import type { Deployment } from "@usance/sdk";
import type { Account, Chain, Client, Transport } from "viem";
import { getChainId, getCode } from "viem/actions";
import type { AccountBook } from "./accounts/book.ts";
import { SetupError, type KeeperLog, type Turn } from "./keeper.ts";
import { connectionOf, type KeeperConnection } from "./sending/connection.ts";
import type { SenderSettings } from "./sending/sender.ts";

/** What every keeper is created with. */
export interface KeeperOptions {
  /** Client with the account that signs. */
  client: Client<Transport, Chain | undefined, Account>;
  deployment: Deployment;
  log: KeeperLog;
  /** Decide and simulate, send nothing. */
  dryRun?: boolean;
  /** Most that may be paid for a unit of gas, wei. */
  maxFeePerGas?: bigint | undefined;
  /** Keeps jobs that share a sender from sending at the same time; without it there is one job. */
  turn?: Turn;
  /** What is done about transactions that do not get into blocks. The first keeper of a client decides for all of them. */
  sending?: Partial<Omit<SenderSettings, "maxFeePerGas">>;
  /** Collateral units that a native coin (10^18 wei) is worth, to compare what an action earns with its gas. */
  nativePrice?: bigint | undefined;
  /** Part of the accounts that this keeper looks after: those whose number leaves `index` when divided by `of`. */
  shard?: { index: number; of: number };
  /** Accounts in memory, which keepers of one process share; each has its own where it is left out. */
  accounts?: AccountBook;
}

/** Options in the form that rounds use. */
export interface KeeperContext extends Omit<KeeperOptions, "dryRun" | "maxFeePerGas" | "sending"> {
  dryRun: boolean;
  connection: KeeperConnection;
}

/** Fills in what options leave open. */
export function contextOf(options: KeeperOptions): KeeperContext {
  const { dryRun = false, maxFeePerGas, sending, ...rest } = options;
  return { ...rest, dryRun, connection: connectionOf(rest.client, { ...sending, maxFeePerGas }, rest.log) };
}

/**
 * Makes sure that the node serves the deployment's chain and knows the clearing house.
 * @throws Error in one sentence where it does not.
 */
export async function checkDeployment({ client, deployment }: KeeperContext): Promise<void> {
  const chainId = await getChainId(client);
  if (chainId !== deployment.chainId)
    throw new SetupError(
      `The node serves chain ${chainId}, the deployment is on chain ${deployment.chainId}.`,
    );
  const code = await getCode(client, { address: deployment.clearinghouse });
  if (code === undefined)
    throw new SetupError(
      `There is no clearing house at ${deployment.clearinghouse}: is the node a fresh one?`,
    );
}

/** Number and time of the newest block. Every read of a round names this block, so that they agree. */
export async function newestBlock({ connection }: KeeperContext): Promise<{ block: bigint; now: number }> {
  const { number, timestamp } = await connection.head.read();
  return { block: number, now: timestamp };
}
