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
 * (Σ quote + Σ funding pools) × tick value + Σ fees payable − Σ deficits + Σ claims. Quotes are those stored; what pending
 * deleveraging rounds still have to close stands in the escrows.
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
  const accounts = [...owners, ...houses];
  const { deficits, claims } = await read(client, at, clearinghouse, "owed", [0]);
  const parts = await Promise.all(
    markets.map(async ({ id, fundingPool, feesPayable }) => {
      const [{ tickValue }, fund] = await Promise.all([
        getListing(client, { ...at, market: id }),
        read(client, at, clearinghouse, "fund", [id]),
      ]);
      const holders = accounts.flatMap(({ id: holder, positions }) =>
        positions.filter(({ market }) => market === id).map(({ quote }) => ({ holder, quote })),
      );
      // Without pending rounds a position is shown as it is stored.
      const quotes = await Promise.all(
        holders.map(async ({ holder, quote }) =>
          fund.unfinished === 0n
            ? quote
            : storedQuote(await read(client, at, clearinghouse, "positionWord", [id, holder])),
        ),
      );
      const quote = quotes.reduce((sum, each) => sum + each, fundingPool + fund.pendingQuote);
      return quote * BigInt(tickValue) * 10n ** BigInt(decimals - tickValueDecimals) + feesPayable;
    }),
  );
  const recount =
    accounts.reduce((sum, { cash }) => sum + cash, 0n) +
    parts.reduce((sum, part) => sum + part, 0n) -
    deficits +
    claims;
  return { blockNumber, tracked, recount, drift: tracked - recount };
}

/** Bits 36 to 103 of a position's word: tick·lots, signed. */
function storedQuote(word: bigint): bigint {
  return BigInt.asIntN(68, word >> 36n);
}
