import type { Clearing } from "./clearing.ts";
import { brokenMark } from "./ladder.ts";
import { marketOf, phaseOf } from "./margin.ts";
import { DAY } from "./numbers.ts";
import { type Listing, type MarginChange, Refusal, refuse } from "./types.ts";

/** Margins change a week after they were announced. The sets that sequences announce are safe; what is not has tests of its own. */

const NOTICE_DAYS = 7n;

const trading = (clearing: Clearing, marketId: number): Refusal[] =>
  ["open", "reduceOnly"].includes(phaseOf(marketOf(clearing.state, marketId), clearing.state.now))
    ? []
    : [new Refusal("MarketNotOpen")];

/** Announces a change; one that was announced before is void. */
export function scheduleMargins(
  clearing: Clearing,
  marketId: number,
  change: MarginChange,
  fromDay: bigint,
): void {
  const broken = trading(clearing, marketId);
  // The first midnight that is the whole notice away.
  const earliest = (clearing.state.now + (NOTICE_DAYS + 1n) * DAY - 1n) / DAY;
  if (fromDay < earliest) broken.push(new Refusal("NoticeTooShort", [fromDay, earliest]));
  refuse(broken);
  marketOf(clearing.state, marketId).scheduled = { change, fromDay };
}

export function cancelMargins({ state }: Clearing, marketId: number): void {
  const market = marketOf(state, marketId);
  if (!market.scheduled) throw new Refusal("NothingScheduled");
  market.scheduled = undefined;
}

/** Puts an announced change in force; returns the listing as it is then. */
export function applyMargins(clearing: Clearing, marketId: number): Listing {
  const market = marketOf(clearing.state, marketId);
  const { scheduled } = market;
  if (!scheduled) throw new Refusal("NothingScheduled");
  const broken = trading(clearing, marketId);
  // A mark that stands still must not move with its clamp.
  broken.push(...brokenMark(clearing.state, market));
  if (clearing.state.now < scheduled.fromDay * DAY) broken.push(new Refusal("NotYetDue"));
  refuse(broken);
  market.listing = { ...market.listing, ...scheduled.change };
  market.scheduled = undefined;
  return market.listing;
}
