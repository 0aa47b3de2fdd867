import type { Client } from "viem";
import { getBlock } from "viem/actions";
import { decodeUsanceError } from "../errors/decodeUsanceError.ts";
import type { Outcome } from "./abi.ts";
import type { ClearinghouseAbi } from "./contracts.ts";
import { pinBlock, type ReadParameters } from "./read.ts";
import { readLiquidation, readTerms, type MarketLiquidation, type MarketTerms } from "./risk.ts";

export type AccountState = Outcome<ClearinghouseAbi, "account">;

/** An account as a call would leave it. Amounts are collateral units. */
export type AccountAfter = Pick<
  AccountState,
  "cash" | "equity" | "initialMargin" | "maintenanceMargin" | "withdrawable" | "positions"
> & {
  /**
   * For each position the mark prices (ticks) from which on the account is below its maintenance margin: the first tick
   * below and above the present mark, null where there is none. The marks of other markets, all sizes, rates and funding are
   * held as they are. Undefined where they cannot be told: while a month of a calendar hedge has other margins since today.
   */
  liquidation: MarketLiquidation[] | undefined;
};

/** A block by number and time. */
export type Moment = ReadParameters & { blockNumber: bigint; time: bigint };

/** Fixes the block of several reads, and tells its time. */
export async function pinMoment<parameters extends ReadParameters>(
  client: Client,
  parameters: parameters,
): Promise<parameters & Moment> {
  const pinned = await pinBlock(client, parameters);
  try {
    const { timestamp } = await getBlock(client, { blockNumber: pinned.blockNumber });
    return { ...pinned, time: timestamp };
  } catch (error) {
    throw decodeUsanceError(error);
  }
}

/** Adds to an account what it needs to be liquidated. Terms that are missing are read. */
export async function accountAfter(
  client: Client,
  moment: Moment,
  account: AccountState,
  known?: Map<number, MarketTerms>,
): Promise<AccountAfter> {
  const ids = account.positions.map(({ market }) => market);
  const isComplete = known !== undefined && ids.every((id) => known.has(id));
  const terms = isComplete ? known : await readTerms(client, moment, ids);
  const { cash, equity, initialMargin, maintenanceMargin, withdrawable, positions } = account;
  return {
    ...{ cash, equity, initialMargin, maintenanceMargin, withdrawable, positions },
    liquidation: await readLiquidation(client, moment, account, terms),
  };
}
