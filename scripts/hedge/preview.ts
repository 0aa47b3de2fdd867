import { previewOrder } from "@usance/sdk";
import type { Session } from "../cli/session.ts";
import { sentenceOf } from "../lib/errors.ts";
import { slippage, type Fill } from "./money.ts";
import type { Leg, Plan } from "./plan.ts";

/** Resting orders that a previewed order may meet. */
const MAX_FILLS = 1_000;

/**
 * Asks the chain what each order of a plan would do for an account: exact fills and fees in place of a walk along the book. Where
 * the account could not send the order, the walk stays and a note says why.
 */
export async function previewPlan(session: Session, plan: Plan, accountId: number): Promise<Plan> {
  const notes = [...plan.notes];
  const legs: Leg[] = [];
  for (const leg of plan.legs) {
    const { contract, lots } = leg;
    if (lots === 0n || contract.market === undefined || contract.book === undefined) {
      legs.push(leg);
      continue;
    }
    const buys = plan.direction > 0;
    try {
      const preview = await previewOrder(session.client, {
        deployment: session.deployment,
        accountId,
        market: contract.market,
        lots: buys ? lots : -lots,
        tick: buys ? contract.book.highestFill : contract.book.lowestFill,
        kind: "immediateOrCancel",
        maxFills: MAX_FILLS,
      });
      const sign = BigInt(-plan.direction);
      const fill: Fill = {
        lots: magnitude(preview.filledLots),
        quote: sign * preview.quote,
        fee: preview.fee,
      };
      legs.push({
        ...leg,
        fill,
        slippage: slippage(contract, plan.direction, fill, plan.collateral.decimals),
      });
    } catch (error) {
      notes.push(
        `account ${accountId} cannot send the order in ${contract.symbol} now: ${sentenceOf(error)}`,
      );
      legs.push(leg);
    }
  }
  return { ...plan, legs, notes };
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}
