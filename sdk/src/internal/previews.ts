import type { Client } from "viem";
import { isContractError, type ContractErrorArgs } from "../errors/ContractError.ts";
import { toRatio, type Ratio } from "../units/ratio.ts";
import { accountAfter, type AccountAfter, type AccountState, type Moment } from "./after.ts";
import { fundingOver } from "./funding.ts";
import { encodeOrder, type Order } from "./order.ts";
import { readTerms } from "./risk.ts";
import { callTogether, type Call } from "./together.ts";

type Level = { tick: bigint; lots: bigint };

/** Lots that an order trades at one price. */
export type PreviewedFill = {
  tick: bigint;
  /** Signed as the order: above zero bought. */
  lots: bigint;
};

/** What an order would do now. Prices are ticks, amounts collateral units. */
export type OrderOutcome = ContractErrorArgs<"Previewed">["preview"] &
  AccountAfter & {
    /** Lots at each price, from the best away. */
    fills: PreviewedFill[];
    /** Average price of the fills; null where there are none. */
    averagePrice: Ratio | null;
    /** How much worse the average is than mark and than the book's best price, basis points (below zero: better). */
    priceImpact: { fromMark: Ratio; fromBest: Ratio } | null;
    /**
     * Funding that the position in the market would receive (below zero: pay) over `fundingDays` days, if mark and index
     * stood still: an estimate.
     */
    fundingEstimate: bigint;
  };

/** Days of funding that a preview estimates where nothing is said. */
export const defaultFundingDays = 1;

/** Previews an order after other calls of the same account, such as the cancellation of the one that it replaces. */
export async function previewPlacing(
  client: Client,
  moment: Moment,
  account: AccountState,
  {
    order,
    before,
    fundingDays = defaultFundingDays,
  }: {
    order: Order;
    before: readonly Call[];
    fundingDays?: number | undefined;
  },
): Promise<OrderOutcome> {
  const { id: accountId, owner } = account;
  const encoded = encodeOrder(order);
  const buys = order.lots > 0n;
  const depth = BigInt(encoded.maxFills);
  const levels: Call<"levels"> = { functionName: "levels", args: [order.market, !buys, depth] };
  const ids = new Set([order.market, ...account.positions.map(({ market }) => market)]);
  // The contract's own preview knows quote and fee; the order itself, followed by views, all the rest.
  const [preview, outcomes, terms] = await Promise.all([
    previewed(
      callTogether(client, moment, owner, [
        ...before,
        { functionName: "previewOrder", args: [accountId, encoded] },
      ]),
    ),
    callTogether(client, moment, owner, [
      ...before,
      levels,
      { functionName: "place", args: [accountId, encoded] },
      { functionName: "account", args: [accountId] },
      levels,
    ]),
    readTerms(client, moment, [...ids]),
  ]);
  const [standing, , state, left] = outcomes.slice(before.length) as [
    Level[],
    unknown,
    AccountState,
    Level[],
  ];
  const fills = await splitFills(preview, standing, left, (tick) => {
    const probe = encodeOrder({ ...order, tick, kind: "fillOrKill", expiry: 0n });
    const call = { functionName: "place", args: [accountId, probe] };
    return filledBy(callTogether(client, moment, owner, [...before, call]));
  });
  const { filledLots, quote } = preview;
  const known = terms.get(order.market)!;
  const averagePrice = filledLots === 0n ? null : toRatio(-quote, filledLots);
  const worse = (price: bigint, unit: bigint): Ratio => {
    const notional = quote < 0n ? -quote : quote;
    const size = filledLots < 0n ? -filledLots : filledLots;
    const difference = notional * unit - price * size;
    return toRatio((buys ? difference : -difference) * 10_000n, price * size);
  };
  const position = state.positions.find(({ market }) => market === order.market);
  return {
    ...preview,
    ...(await accountAfter(client, moment, state, terms)),
    fills,
    averagePrice,
    priceImpact: averagePrice && {
      fromMark: worse(known.market.markX16, 1n << 16n),
      fromBest: worse(standing[0]?.tick ?? 1n, 1n),
    },
    fundingEstimate: fundingOver(fundingDays, position?.size ?? 0n, known),
  };
}

type Preview = ContractErrorArgs<"Previewed">["preview"];

/** The contract answers a preview with an error. */
async function previewed(call: Promise<unknown>): Promise<Preview> {
  try {
    await call;
  } catch (error) {
    if (isContractError(error, "Previewed")) return error.args.preview;
    throw error;
  }
  throw new Error("previewOrder did not revert: is this the clearing house?");
}

/** Lots that a fill-or-kill order found before it was killed. */
async function filledBy(call: Promise<unknown>): Promise<bigint> {
  try {
    await call;
  } catch (error) {
    if (isContractError(error, "NotFilled")) return error.args.filled;
    throw error;
  }
  throw new Error("an order for more than there is was filled whole");
}

/**
 * Lots at each price. Filling the best levels first is the only way to the best sum of prices, so where that sum is the
 * order's, it traded so. Where dead orders stood in its way the sum is worse, and the order is asked how far it gets at each
 * level that shrank.
 */
async function splitFills(
  { filledLots, quote }: Preview,
  standing: readonly Level[],
  left: readonly Level[],
  filledUpTo: (tick: bigint) => Promise<bigint>,
): Promise<PreviewedFill[]> {
  const sign = filledLots < 0n ? -1n : 1n;
  let open = filledLots * sign;
  if (open === 0n) return [];
  let sum = 0n;
  const plain: PreviewedFill[] = [];
  for (const { tick, lots } of standing) {
    if (open === 0n) break;
    const part = lots < open ? lots : open;
    plain.push({ tick, lots: part * sign });
    sum += part * tick;
    open -= part;
  }
  if (open === 0n && sum === -quote * sign) return plain;
  const leftAt = new Map(left.map(({ tick, lots }) => [tick, lots]));
  const touched = standing.filter(({ tick, lots }) => (leftAt.get(tick) ?? 0n) < lots);
  const sums = await Promise.all(touched.slice(0, -1).map(({ tick }) => filledUpTo(tick)));
  const totals = [...sums, filledLots * sign];
  return touched
    .map(({ tick }, i) => ({ tick, lots: ((totals[i] ?? 0n) - (totals[i - 1] ?? 0n)) * sign }))
    .filter(({ lots }) => lots !== 0n);
}
