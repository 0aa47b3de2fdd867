import type { Deployment } from "@usance/sdk";
import type { Account, Chain, Client, Transport } from "viem";
import { getBlock, getChainId, getCode } from "viem/actions";
import type { AccountBook } from "./accounts/book.ts";
import { SetupError, type KeeperLog, type Turn } from "./keeper.ts";

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
  /** Part of the accounts that this keeper looks after: those whose number leaves `index` when divided by `of`. */
  shard?: { index: number; of: number };
  /** Accounts in memory, which keepers of one process share; each has its own where it is left out. */
  accounts?: AccountBook;
}

/** Options in the form that rounds use. */
export interface KeeperContext extends Omit<KeeperOptions, "dryRun"> {
  dryRun: boolean;
  fees: { maxFeePerGas?: bigint };
}

/** Fills in what options leave open. */
export function contextOf(options: KeeperOptions): KeeperContext {
  const { dryRun = false, maxFeePerGas } = options;
  return { ...options, dryRun, fees: maxFeePerGas === undefined ? {} : { maxFeePerGas } };
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
export async function newestBlock({ client }: KeeperContext): Promise<{ block: bigint; now: number }> {
  const { number, timestamp } = await getBlock(client, { blockTag: "latest" });
  return { block: number, now: Number(timestamp) };
}
