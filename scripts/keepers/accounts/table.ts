import { joined, nearest, remainder } from "./wide.ts";

/** A position as the book keeps it: as the next touch leaves it, with every pending round applied. */
export interface PositionRecord {
  market: number;
  /** Lots, signed; above zero long. */
  size: bigint;
  /** Tick·lots, signed. */
  quote: bigint;
  /** Cumulative funding up to which the position has paid, ticks × 2^20. */
  fundingSnapshot: bigint;
  /** Lots of resting bids. */
  bidLots: bigint;
  /** Lots of resting asks. */
  askLots: bigint;
  /** Resting orders. */
  openOrders: bigint;
}

/** An account as the book keeps it; cash in collateral units. */
export interface AccountRecord {
  retired: boolean;
  cash: bigint;
  positions: readonly PositionRecord[];
}

/** Markets are numbered from 1 to 1023. */
export const MARKET_NUMBERS = 1_024;

/** Most positions of an account, which is what a run of places holds at most. */
const MOST_POSITIONS = 16;

const KNOWN = 1;
const RETIRED = 2;

/** Capacities of runs: an account moves to the next larger one when it outgrows its own. */
const RUNS = [0, 1, 2, 4, 8, MOST_POSITIONS] as const;

/**
 * Accounts in columns of numbers, without an object for any of them: about 50 bytes a position and 24 an account. The
 * positions of an account stand side by side in a run of places, so that a pass over all accounts goes through memory
 * once. Wide integers are a double and its remainder (see wide.ts), so nothing is lost.
 */
export class AccountTable {
  /** Rows in use. */
  rows = 0;

  // Of each row.
  cash = new Float64Array(0);
  cashLow = new Float64Array(0);
  flags = new Uint8Array(0);
  /** First place of the row's run. */
  start = new Uint32Array(0);
  /** Positions in it. */
  count = new Uint8Array(0);
  /** Which of `RUNS` it is. */
  run = new Uint8Array(0);

  // Of each place.
  market = new Uint16Array(0);
  size = new Float64Array(0);
  quote = new Float64Array(0);
  quoteLow = new Int16Array(0);
  snapshot = new Float64Array(0);
  snapshotLow = new Int8Array(0);
  bids = new Float64Array(0);
  asks = new Float64Array(0);
  orders = new Uint8Array(0);

  /** Places handed out, used or free. */
  #places = 0;
  /** First places of runs that were given back, by capacity. */
  readonly #free: number[][] = RUNS.map(() => []);

  /** Bytes of all columns. */
  get bytes(): number {
    return [...this.#rowColumns(), ...this.#placeColumns()].reduce(
      (sum, { byteLength }) => sum + byteLength,
      0,
    );
  }

  /** Positions of all accounts. */
  get positions(): number {
    let sum = 0;
    for (let row = 0; row < this.rows; row++) sum += this.count[row]!;
    return sum;
  }

  /** Whether anything was put into a row. */
  knows(row: number): boolean {
    return row < this.rows && (this.flags[row]! & KNOWN) !== 0;
  }

  isRetired(row: number): boolean {
    return (this.flags[row]! & RETIRED) !== 0;
  }

  /** Writes an account into its row, in the place of what stood there. */
  put(row: number, { retired, cash, positions }: AccountRecord): void {
    this.#require(row);
    if (positions.length > MOST_POSITIONS)
      throw new Error(`An account has ${positions.length} positions, more than ${MOST_POSITIONS}.`);
    if (RUNS[this.run[row]!]! < positions.length) this.#move(row, positions.length);
    this.flags[row] = KNOWN | (retired ? RETIRED : 0);
    this.cash[row] = nearest(cash);
    this.cashLow[row] = remainder(cash);
    this.count[row] = positions.length;
    let place = this.start[row]!;
    for (const { market, size, quote, fundingSnapshot, bidLots, askLots, openOrders } of positions) {
      this.market[place] = market;
      // At most 36 bits each.
      this.size[place] = Number(size);
      this.bids[place] = Number(bidLots);
      this.asks[place] = Number(askLots);
      this.quote[place] = nearest(quote);
      this.quoteLow[place] = remainder(quote);
      this.snapshot[place] = nearest(fundingSnapshot);
      this.snapshotLow[place] = remainder(fundingSnapshot);
      this.orders[place] = Number(openOrders);
      place++;
    }
  }

  /** The account of a row, exactly as it was put there; undefined where none was. */
  get(row: number): AccountRecord | undefined {
    if (!this.knows(row)) return undefined;
    const first = this.start[row]!;
    const positions = Array.from({ length: this.count[row]! }, (_, i): PositionRecord => {
      const place = first + i;
      return {
        market: this.market[place]!,
        size: BigInt(this.size[place]!),
        quote: joined(this.quote[place]!, this.quoteLow[place]!),
        fundingSnapshot: joined(this.snapshot[place]!, this.snapshotLow[place]!),
        bidLots: BigInt(this.bids[place]!),
        askLots: BigInt(this.asks[place]!),
        openOrders: BigInt(this.orders[place]!),
      };
    });
    return { retired: this.isRetired(row), cash: joined(this.cash[row]!, this.cashLow[row]!), positions };
  }

  /** Rows that hold lots in a market, ascending. */
  holders(market: number): number[] {
    return this.#rowsWith((place) => this.market[place] === market && this.size[place] !== 0);
  }

  /** Rows with lots, orders or a result in a market, ascending. */
  members(market: number): number[] {
    return this.#rowsWith((place) => this.market[place] === market);
  }

  /** Forgets the rows from `rows` on: a reorganisation has undone the accounts. */
  truncate(rows: number): void {
    for (let row = rows; row < this.rows; row++) {
      if (this.run[row] !== 0) this.#free[this.run[row]!]!.push(this.start[row]!);
      this.flags[row] = this.count[row] = this.run[row] = this.start[row] = 0;
    }
    if (rows < this.rows) this.rows = rows;
  }

  #rowsWith(matches: (place: number) => boolean): number[] {
    const rows: number[] = [];
    for (let row = 0; row < this.rows; row++) {
      const end = this.start[row]! + this.count[row]!;
      for (let place = this.start[row]!; place < end; place++)
        if (matches(place)) {
          rows.push(row);
          break;
        }
    }
    return rows;
  }

  /** Gives a row a run that has room for so many positions. */
  #move(row: number, positions: number): void {
    const run = RUNS.findIndex((capacity) => capacity >= positions);
    const old = this.run[row]!;
    if (old !== 0) this.#free[old]!.push(this.start[row]!);
    let first = this.#free[run]!.pop();
    if (first === undefined) {
      first = this.#places;
      this.#places += RUNS[run]!;
      if (this.#places > this.market.length) this.#growPlaces(this.#places);
    }
    this.start[row] = first;
    this.run[row] = run;
  }

  #require(row: number): void {
    if (row < this.rows) return;
    this.rows = row + 1;
    if (this.rows <= this.cash.length) return;
    const length = grown(this.rows);
    this.cash = copied(this.cash, new Float64Array(length));
    this.cashLow = copied(this.cashLow, new Float64Array(length));
    this.flags = copied(this.flags, new Uint8Array(length));
    this.start = copied(this.start, new Uint32Array(length));
    this.count = copied(this.count, new Uint8Array(length));
    this.run = copied(this.run, new Uint8Array(length));
  }

  #growPlaces(least: number): void {
    const length = grown(least);
    this.market = copied(this.market, new Uint16Array(length));
    this.size = copied(this.size, new Float64Array(length));
    this.quote = copied(this.quote, new Float64Array(length));
    this.quoteLow = copied(this.quoteLow, new Int16Array(length));
    this.snapshot = copied(this.snapshot, new Float64Array(length));
    this.snapshotLow = copied(this.snapshotLow, new Int8Array(length));
    this.bids = copied(this.bids, new Float64Array(length));
    this.asks = copied(this.asks, new Float64Array(length));
    this.orders = copied(this.orders, new Uint8Array(length));
  }

  #rowColumns() {
    return [this.cash, this.cashLow, this.flags, this.start, this.count, this.run];
  }

  #placeColumns() {
    const { market, size, quote, quoteLow, snapshot, snapshotLow, bids, asks, orders } = this;
    return [market, size, quote, quoteLow, snapshot, snapshotLow, bids, asks, orders];
  }
}

/** A quarter more than is needed, so that growing costs little in all. */
function grown(least: number): number {
  return Math.max(1_024, Math.ceil(least * 1.25));
}

function copied<column extends { set(from: column): void }>(from: column, to: column): column {
  to.set(from);
  return to;
}
