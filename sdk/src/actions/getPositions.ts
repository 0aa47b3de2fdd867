import type { Client } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import { pinMoment } from "../internal/after.ts";
import { clearinghouse } from "../internal/contracts.ts";
import { getEvents } from "../internal/events.ts";
import type { LiquidationTicks } from "../internal/liquidation.ts";
import { read, type ReadParameters } from "../internal/read.ts";
import { readLiquidation, readTerms } from "../internal/risk.ts";
import { changesOf, holdingAfter, tradeEvents } from "../internal/trades.ts";
import { divide } from "../units/decimal.ts";
import { toRatio, type Ratio } from "../units/ratio.ts";

export type GetPositionsParameters = ReadParameters & {
  /** Number of the account. */
  accountId: number;
  /** Number of the market; all when left out. */
  market?: number | undefined;
  /** Whether the past is searched for what the position was traded at; true when left out. */
  history?: boolean | undefined;
  /** Most blocks of one request into the past; 10,000 when left out. */
  blockRange?: bigint | undefined;
};

/** A position as a trader sees it. Amounts are collateral units, prices ticks. */
export type PositionReport = {
  market: number;
  /** Signed lots: above zero is long. */
  size: bigint;
  /** Average price of the lots that are held: adding to them averages, closing a part leaves it. Null without `history`. */
  entryPrice: Ratio | null;
  /** Price at which the position would close without a result: funding, maker fees and closed parts are in it. */
  breakEvenPrice: Ratio;
  /** Mark price, ticks × 2^16. */
  markX16: bigint;
  /** |size| × mark, floored. */
  notional: bigint;
  /** Funding that has not been settled into the position yet: below zero it will pay. */
  pendingFunding: bigint;
  /** Result of the lots that are held: size × (mark − entry), floored. Null without `history`. */
  unrealised: bigint | null;
  /**
   * All else that the account has made in the market so far: positions and parts closed, funding, maker fees; floored with
   * `unrealised`. Taker fees are apart. Null without `history`.
   */
  realised: bigint | null;
  /** Taker fees paid in the market so far. Null without `history`. */
  takerFees: bigint | null;
  /**
   * Mark prices (ticks) from which on the account is below MM, while all other marks, positions and rates stay as they are.
   * Undefined where they cannot be told: while a month of a calendar hedge has other margins since today.
   */
  liquidation: LiquidationTicks | undefined;
};

export type GetPositionsReturnType = PositionReport[];

export type GetPositionsErrorType = ActionErrorType<"UnknownAccount">;

/**
 * Read an account's positions with entry price, results and liquidation prices, at one block. Where trading has been going on
 * for long, `history: false` spares the search through all trades of the market (makers are no indexed part of an event).
 *
 * @throws `UnknownAccount`
 *
 * @example
 * import { formatCollateral, formatRatio, getPositions, type Deployment } from "@usance/sdk";
 * import { createPublicClient, http } from "viem";
 *
 * async function show(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   for (const position of await getPositions(client, { deployment, accountId: 2048 })) {
 *     const { entryPrice, unrealised, liquidation } = position;
 *     if (entryPrice) console.log("entry", formatRatio(entryPrice, { unit: "0.5", digits: 2 }));
 *     if (unrealised !== null) console.log("result", formatCollateral(unrealised));
 *     console.log("liquidation below tick", liquidation?.below);
 *   }
 * }
 */
export async function getPositions(
  client: Client,
  parameters: GetPositionsParameters,
): Promise<GetPositionsReturnType> {
  const { accountId, history = true } = parameters;
  const moment = await pinMoment(client, parameters);
  const account = await read(client, moment, clearinghouse, "account", [accountId]);
  const ids = account.positions.map(({ market }) => market);
  const terms = await readTerms(client, moment, ids);
  const liquidation = await readLiquidation(client, moment, account, terms);
  const wanted = account.positions.filter(
    ({ market, size }) => size !== 0n && (parameters.market ?? market) === market,
  );
  return Promise.all(
    wanted.map(async (position) => {
      const { market: id, size, quote, pendingFunding } = position;
      const { market, tickValue } = terms.get(id)!;
      const { markX16 } = market;
      const worth = quote + pendingFunding;
      const magnitude = size < 0n ? -size : size;
      const past = history ? await readPast(client, { ...moment, market: id }) : undefined;
      // Sizes differ where the search of the past began too late; then nothing can be said of the entry.
      const held = past?.holding.size === size - position.pendingLots ? past?.holding : undefined;
      const unrealised =
        held &&
        divide(
          size * tickValue * (markX16 * held.denominator - (held.numerator << 16n)),
          held.denominator << 16n,
          "down",
        );
      const ticks = liquidation?.find(({ market }) => market === id);
      const total = worth * tickValue + divide(size * markX16 * tickValue, 1n << 16n, "down");
      return {
        market: id,
        size,
        entryPrice: held ? toRatio(held.numerator, held.denominator) : null,
        breakEvenPrice: toRatio(-worth, size),
        markX16,
        notional: (magnitude * markX16 * tickValue) >> 16n,
        pendingFunding: pendingFunding * tickValue,
        unrealised: unrealised ?? null,
        realised: past && unrealised !== undefined ? past.realised + total - unrealised : null,
        takerFees: past?.takerFees ?? null,
        liquidation: ticks && { below: ticks.below, above: ticks.above },
      };
    }),
  );
}

type PastOf = ReadParameters & {
  accountId: number;
  market: number;
  blockNumber: bigint;
  blockRange?: bigint | undefined;
};

/** What an account has done in a market up to a block. */
async function readPast(client: Client, parameters: PastOf) {
  const { deployment, blockNumber, blockRange, accountId, market } = parameters;
  const range = { deployment, toBlock: blockNumber, blockRange };
  const [trades, results] = await Promise.all([
    getEvents(client, range, clearinghouse, tradeEvents, { market }),
    getEvents(client, range, clearinghouse, ["Realised"], { accountId, market }),
  ]);
  const fees = trades.flatMap(({ eventName, args }) =>
    eventName === "OrderTaken" && args.account === accountId ? [args.fee] : [],
  );
  const sum = (amounts: readonly bigint[]) => amounts.reduce((total, amount) => total + amount, 0n);
  return {
    holding: holdingAfter(changesOf(trades, accountId)),
    realised: sum(results.map(({ args }) => args.amount)),
    takerFees: sum(fees),
  };
}
