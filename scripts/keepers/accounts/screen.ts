import type { AccountTable } from "./table.ts";
import { SETTLED, TRADES, type Month, type TermsTable } from "./terms.ts";

/**
 * Sums of doubles against the integers of the contracts: an equity is computed from at most 16 positions with eight
 * roundings each and as many additions, every one of them off by 2^-53 of what it adds at most.
 */
const ROUNDING = 2 ** -46;

/** Requirements and credits are sums of products of positive numbers; this is far more than their roundings. */
const MARGIN_ROUNDING = 2 ** -40;

const FUNDING_UNIT = 2 ** -20;

/**
 * Finds the accounts that may fall short: below IM with orders that rest, below MM, or at zero equity and below with a
 * position. None that does is left out: equity is bounded from below and requirements from above. An account that it names may
 * still be healthy by a hair; who acts on it reads it from the chain first.
 * @returns rows of the table, ascending.
 */
export function screen(table: AccountTable, terms: TermsTable): number[] {
  const { rows, cash, count, start, market, size, quote, snapshot, bids, asks, orders } = table;
  const { stage, price, funding, tickValue, initial, maintenance, concentration, slackLots, slackValue } =
    terms;
  const found: number[] = [];
  for (let row = 0; row < rows; row++) {
    const positions = count[row]!;
    if (positions === 0 || table.isRetired(row)) continue;
    let worth = cash[row]!;
    let magnitude = Math.abs(worth);
    let initialSum = 0;
    let maintenanceSum = 0;
    let holds = false;
    let rests = false;
    let longs = false;
    let shorts = false;
    let known = true;
    const first = start[row]!;
    for (let place = first; place < first + positions; place++) {
      const id = market[place]!;
      const its = stage[id]!;
      if (its === 0) {
        known = false;
        break;
      }
      const lots = size[place]!;
      const held = quote[place]!;
      const paid = snapshot[place]!;
      const due = funding[id]!;
      const unit = tickValue[id]!;
      const large = Math.abs(lots);
      worth += (held + lots * (price[id]! - (due - paid) * FUNDING_UNIT)) * unit;
      magnitude +=
        (Math.abs(held) + large * (price[id]! + (Math.abs(due) + Math.abs(paid)) * FUNDING_UNIT)) * unit;
      if (orders[place] !== 0) rests = true;
      if (lots !== 0) holds = true;
      if (its === SETTLED) continue;
      let bid = 0;
      let ask = 0;
      if (its === TRADES) {
        bid = bids[place]!;
        ask = asks[place]!;
        if (lots > 0) longs = true;
        else if (lots < 0) shorts = true;
      }
      let slack = 0;
      if (slackLots[id] !== 0 && lots !== 0) {
        slack = slackLots[id]!;
        worth -= slackValue[id]!;
      }
      maintenanceSum += (large + slack) * maintenance[id]!;
      const beyond = concentration[id]!;
      const long = lots + bid;
      const short = ask - lots;
      let weighted = concentrated((long > short ? long : short) + slack, beyond) * initial[id]!;
      const flipped = lots > 0 ? short : long;
      if (flipped + slack > 0 && lots !== 0) {
        const both =
          concentrated(flipped + slack, beyond) * initial[id]! +
          (large + slack) * (initial[id]! - maintenance[id]!);
        if (both > weighted) weighted = both;
      }
      initialSum += weighted;
    }
    if (!known) {
      found.push(row);
      continue;
    }
    const least = worth - magnitude * ROUNDING - 1;
    if (!isShort(least, initialSum, maintenanceSum, holds, rests)) continue;
    // Hardly anybody comes here, so that it may take its time.
    if (longs && shorts) {
      const months = monthsOf(table, terms, row);
      initialSum -= credit(months, true);
      maintenanceSum -= credit(months, false);
      if (!isShort(least, initialSum, maintenanceSum, holds, rests)) continue;
    }
    found.push(row);
  }
  return found;
}

function isShort(
  least: number,
  initialSum: number,
  maintenanceSum: number,
  holds: boolean,
  rests: boolean,
): boolean {
  // Ceiled to a whole unit, which the chain does once as well.
  if (holds && (least <= 0 || least < maintenanceSum * (1 + MARGIN_ROUNDING) + 1)) return true;
  return rests && least < initialSum * (1 + MARGIN_ROUNDING) + 1;
}

/** Lots as IM counts them: beyond the market's concentration the rate grows with the size. At least what the chain makes of it. */
function concentrated(lots: number, beyond: number): number {
  // Two roundings, and then the chain's ceiling.
  return lots <= beyond ? lots : Math.ceil(((lots * lots) / beyond) * (1 + 2 ** -50));
}

// --------------------------------------------------------------------------------------------------- calendar credit

/** A month of an account with the lots of it that count. */
interface Leg {
  month: Month;
  /** For IM what its orders leave, for MM all. */
  initialLots: number;
  maintenanceLots: number;
}

/** The account's months by feed and maturity. Lots that a round may still change count as if it had taken them. */
function monthsOf(table: AccountTable, terms: TermsTable, row: number): Leg[] {
  const legs: Leg[] = [];
  const first = table.start[row]!;
  for (let place = first; place < first + table.count[row]!; place++) {
    const id = table.market[place]!;
    const month = terms.months[id];
    if (month === undefined) continue;
    const lots = table.size[place]!;
    const against = (lots > 0 ? table.asks[place]! : table.bids[place]!) + terms.slackLots[id]!;
    legs.push({
      month,
      initialLots: counted(lots, against, month),
      maintenanceLots: counted(lots, terms.slackLots[id]!, month),
    });
  }
  return legs.sort((a, b) => a.month.feed - b.month.feed || a.month.first - b.month.first);
}

function counted(lots: number, less: number, { unlocked, days }: Month): number {
  const left = Math.max(0, Math.abs(lots) - less);
  return Math.sign(lots) * Math.floor((left * unlocked) / days);
}

/**
 * Credit of one way to pair the months, the pairs that gain the most first: the contracts look for the best way, which is
 * this one where an account has two months, and never worth less.
 */
function credit(legs: readonly Leg[], forInitial: boolean): number {
  const lots = legs.map(({ initialLots, maintenanceLots }) => (forInitial ? initialLots : maintenanceLots));
  const pairs = legs
    .slice(1)
    .map((later, i) => ({ i, gain: gainOf(legs[i]!.month, later.month, forInitial) }))
    .filter(({ i, gain }) => gain > 0 && lots[i]! * lots[i + 1]! < 0)
    .sort((a, b) => b.gain - a.gain);
  const room = lots.map(Math.abs);
  let sum = 0;
  for (const { i, gain } of pairs) {
    const hedged = Math.min(room[i]!, room[i + 1]!);
    room[i]! -= hedged;
    room[i + 1]! -= hedged;
    sum += hedged * gain;
  }
  return sum * (1 - MARGIN_ROUNDING);
}

/** Collateral units that a lot of a hedge in two neighbouring months needs less than its legs, at least. */
function gainOf(a: Month, b: Month, forInitial: boolean): number {
  if (a.feed !== b.feed || b.first !== a.last + 1) return 0;
  const larger = (of: (month: Month) => number) => Math.max(of(a), of(b));
  let spread = larger((month) => month.spreadMaintenanceBps);
  let legs = a.maintenanceBps * a.value + b.maintenanceBps * b.value;
  if (forInitial) {
    legs = a.initialBps * a.value + b.initialBps * b.value;
    spread += larger((month) => month.bandBps) + larger((month) => month.makerFeeBps);
    spread = Math.max(
      spread,
      larger((month) => month.spreadInitialBps),
    );
  }
  const needed = spread * larger((month) => month.value);
  return Math.max(0, (legs - needed) / 10_000 - legs * 2 ** -50);
}
