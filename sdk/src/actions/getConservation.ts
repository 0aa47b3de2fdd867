import type { Client } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import { clearinghouse, collateral } from "../internal/contracts.ts";
import { pinBlock, read, type ReadParameters } from "../internal/read.ts";
import { getAccounts } from "./getAccounts.ts";
import { getListing } from "./getListing.ts";
import { getMarkets } from "./getMarkets.ts";

/** Decimals of a token whose unit is a millionth, in which tick values are written. */
const tickValueDecimals = 6;
const firstEscrowId = 1024;

export type GetConservationParameters = ReadParameters;

export type GetConservationReturnType = {
  /** Block of the recount. */
  blockNumber: bigint;
  /** Collateral units that came in minus those that went out, as the clearing house keeps it. */
  tracked: bigint;
  /** The same, summed up from every account and market. */
  recount: bigint;
  /** `tracked − recount`: zero, or the exchange is broken. */
  drift: bigint;
};

export type GetConservationErrorType = ActionErrorType;

/**
 * Recount the conservation identity at one block, in collateral units: tracked = Σ cash of owners, funds and escrows +
 * (Σ quote + Σ funding pools) × tick value + Σ fees payable.
 *
 * @throws `CallFailedError` when the node does not answer
 *
 * @example
 * import { getConservation, type Deployment } from "@usance/sdk";
 * import { createPublicClient, http } from "viem";
 *
 * async function check(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   const { drift } = await getConservation(client, { deployment });
 *   if (drift !== 0n) throw new Error(`Off by ${drift}`);
 * }
 */
export async function getConservation(
  client: Client,
  parameters: GetConservationParameters,
): Promise<GetConservationReturnType> {
  const { deployment, blockNumber } = await pinBlock(client, parameters);
  const at = { deployment, blockNumber };
  const [tracked, decimals, markets, owners] = await Promise.all([
    read(client, at, clearinghouse, "tracked", []),
    read(client, at, collateral, "decimals", []),
    getMarkets(client, at),
    getAccounts(client, at),
  ]);
  const houses = await getAccounts(client, {
    ...at,
    accountIds: markets.flatMap(({ id }) => [id, firstEscrowId + id]),
  });
  const listings = await Promise.all(markets.map(({ id }) => getListing(client, { ...at, market: id })));

  const accounts = [...owners, ...houses];
  let recount = accounts.reduce((sum, { cash }) => sum + cash, 0n);
  markets.forEach(({ id, fundingPool, feesPayable }, place) => {
    const quotes = accounts.flatMap(({ positions }) => positions).filter(({ market }) => market === id);
    const quote = quotes.reduce((sum, position) => sum + position.quote, fundingPool);
    const tickValue = BigInt(listings[place]?.tickValue ?? 0) * 10n ** BigInt(decimals - tickValueDecimals);
    recount += quote * tickValue + feesPayable;
  });
  return { blockNumber, tracked, recount, drift: tracked - recount };
}
