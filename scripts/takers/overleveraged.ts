import { lotValue, type MarketSnapshot } from "../maker/snapshot.ts";
import {
  datedOf,
  idle,
  perpetualOf,
  positionIn,
  takeOrder,
  type Taker,
  type TakerDecision,
  type TakerOrder,
  type TakerState,
} from "./taker.ts";
import { pick } from "./random.ts";

/** How an over-leveraged trader bets. */
export interface OverleveragedParameters {
  name: string;
  /** Collateral tokens of one stake. */
  stake: number;
  /** 1 buys what rises; −1 sells what has risen. */
  side: 1 | -1;
  /** Rise of the 7-day mean over a week from which it is convinced. */
  conviction: number;
  /** Share of what the initial margin allows that it uses. */
  appetite: number;
  /** Multiple of the stake at which it takes its profit. */
  goal: number;
  /** Days it stays away after a loss. */
  pause: number;
}

/** What it remembers between rounds. */
export interface OverleveragedMemory {
  /** Market of the bet that is on. */
  bet?: number;
  /** UTC day number before which it stays away. */
  awayUntil: number;
}

/** Equity below this share of the stake is a lost bet. */
const LOST = 0.2;

/**
 * Decides one round: puts a stake on one market, trades to near its initial margin, and adds whenever a gain leaves
 * room. Nothing closes the bet but its goal or a liquidation, which comes when the data moves against it.
 */
export function decideOverleveraged(
  state: TakerState,
  memory: OverleveragedMemory,
  parameters: OverleveragedParameters,
): { decision: TakerDecision; memory: OverleveragedMemory } {
  const { stake, side, conviction, appetite, goal, pause } = parameters;
  const { account, today } = state;
  const equity = account?.equity ?? 0;
  const held = state.markets.filter((market) => positionIn(state, market) !== 0);
  const stay = (decision: TakerDecision, next = memory) => ({ decision, memory: next });

  if (memory.bet !== undefined && held.length === 0 && equity < LOST * stake)
    return stay(idle(), { awayUntil: today + pause });
  if (equity > goal * stake) {
    if (held.length > 0) return stay({ ...idle(), orders: closing(state, held) });
    const withdraw = Math.max(0, Math.min(account?.withdrawable ?? 0, equity - stake));
    return stay({ ...idle(), withdraw }, { awayUntil: today + pause });
  }
  if (today < memory.awayUntil) return stay(idle());

  const market = held[0] ?? state.markets.find(({ id, open }) => id === memory.bet && open);
  if (market !== undefined) {
    const order = addition(market, equity, account?.initialMargin ?? 0, side, appetite);
    return stay({ ...idle(), orders: order === undefined ? [] : [order] }, { ...memory, bet: market.id });
  }
  const now = state.history.mean();
  const weekAgo = state.history.mean(state.history.newest - 7);
  if (now === undefined || weekAgo === undefined || now / weekAgo - 1 < conviction) return stay(idle());
  const venues = [perpetualOf(state.markets), ...datedOf(state.markets).slice(0, 2)].filter(
    (venue) => venue !== undefined,
  );
  const bet = pick(state.random, venues)?.id;
  if (bet === undefined) return stay(idle());
  return stay({ ...idle(), deposit: Math.max(0, stake - equity) }, { ...memory, bet });
}

/** Over-leveraged trader: see `decideOverleveraged`. */
export function createOverleveraged(parameters: OverleveragedParameters): Taker {
  let memory: OverleveragedMemory = { awayUntil: 0 };
  return {
    name: parameters.name,
    decide(state) {
      const next = decideOverleveraged(state, memory, parameters);
      memory = next.memory;
      return next.decision;
    },
  };
}

/** Buys or sells what the free margin allows, if that is worth an order. */
function addition(
  market: MarketSnapshot,
  equity: number,
  margin: number,
  side: 1 | -1,
  appetite: number,
): TakerOrder | undefined {
  const free = equity * appetite - margin;
  if (free < 0.1 * equity) return undefined;
  return takeOrder(market, (side * free) / (market.initialMargin * lotValue(market)));
}

function closing(state: TakerState, held: readonly MarketSnapshot[]): TakerOrder[] {
  return held
    .map((market) => takeOrder(market, -positionIn(state, market), { reduceOnly: true }))
    .filter((order) => order !== undefined);
}
