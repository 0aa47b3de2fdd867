import { getFund, getListing, type GetListingReturnType } from "@usance/sdk";
import { SECONDS_PER_DAY } from "../../lib/calendar.ts";
import type { KeeperContext } from "../context.ts";
import { MarketReader, type MarketState } from "../markets.ts";
import type { ChainReading, Head } from "./reading.ts";
import { TermsTable, type OpenRound } from "./terms.ts";
import type { Changes } from "./touched.ts";

/** The markets' side of the book: what a pass over all accounts needs to know of each, read anew for every block. */
export class MarketTerms {
  readonly table = new TermsTable();
  readonly #context: KeeperContext;
  readonly #reading: ChainReading;
  #reader: MarketReader;
  /** Parameters, until an event says that they have changed. */
  readonly #listings = new Map<number, GetListingReturnType>();
  /** Markets that may have rounds which are not served whole. */
  readonly #withRounds = new Set<number>();
  /** UTC day on which the margins of a market were applied, as far as it was seen. */
  readonly #marginsOn = new Map<number, number>();
  /** Day on which this began to watch: what was applied on it before, it does not know. */
  #since = 0;
  #unit: bigint | undefined;
  /** The block that the table is of, with its markets. */
  #of: { hash: string; states: MarketState[] } | undefined;

  constructor(context: KeeperContext, reading: ChainReading) {
    this.#context = context;
    this.#reading = reading;
    this.#reader = new MarketReader(context);
  }

  /** Starts again: nothing that was read before counts. */
  forget(now: number): void {
    this.#listings.clear();
    this.#withRounds.clear();
    this.#marginsOn.clear();
    this.#reader = new MarketReader(this.#context);
    this.#since = dayOf(now);
    this.#of = undefined;
  }

  /** Takes in what happened up to a block. */
  note({ listings, margins, rounds }: Changes, now: number): void {
    for (const market of listings) this.#listings.delete(market);
    for (const market of margins) this.#marginsOn.set(market, dayOf(now));
    for (const market of rounds) this.#withRounds.add(market);
  }

  /** Whether a position there may still change by rounds that others are served of. */
  hasRounds(market: number): boolean {
    return this.#withRounds.has(market);
  }

  /** Brings the table to a block and returns the markets as they stand in it. */
  async at({ block, hash, now }: Head): Promise<MarketState[]> {
    if (this.#of?.hash === hash) return this.#of.states;
    this.#unit ??= await this.#reading.unit();
    const unit = this.#unit;
    const states = await this.#reader.read(block);
    const facts = await Promise.all(
      states.map(async (state) => ({
        state,
        listing: await this.#listing(state.id, block),
        rounds: await this.#rounds(state.id, block),
        changedToday: (this.#marginsOn.get(state.id) ?? this.#since) >= dayOf(now),
      })),
    );
    for (const each of facts) {
      this.table.set(each, unit, now);
      this.#reader.note(each.state.id, each.state.phase === "settled", block);
    }
    this.#of = { hash, states };
    return states;
  }

  async #listing(market: number, blockNumber: bigint): Promise<GetListingReturnType> {
    const known = this.#listings.get(market);
    if (known) return known;
    const { client, deployment } = this.#context;
    const listing = await getListing(client, { deployment, market, blockNumber });
    this.#listings.set(market, listing);
    this.#withRounds.add(market);
    return listing;
  }

  async #rounds(market: number, blockNumber: bigint): Promise<OpenRound[]> {
    if (!this.#withRounds.has(market)) return [];
    const { client, deployment } = this.#context;
    const { rounds, unfinished } = await getFund(client, { deployment, market, blockNumber });
    if (unfinished === 0n) this.#withRounds.delete(market);
    return this.#reading.rounds(market, Number(rounds - unfinished) + 1, Number(rounds), blockNumber);
  }
}

function dayOf(now: number): number {
  return Math.floor(now / SECONDS_PER_DAY);
}
