import { NotReadyError } from "../../lib/temporary.ts";
import type { KeeperContext } from "../context.ts";
import type { MarketState } from "../markets.ts";
import { differences } from "./compare.ts";
import { MarketTerms } from "./markets.ts";
import { BATCH, ChainReading, type AccountView, type Head } from "./reading.ts";
import { screen } from "./screen.ts";
import { FIRST_ACCOUNT, Shard } from "./shard.ts";
import { isBehind, type PendingRounds } from "./stored.ts";
import { AccountTable, type PositionRecord } from "./table.ts";
import { SETTLED } from "./terms.ts";
import { noChanges, type Changes } from "./touched.ts";

/** Blocks that the book remembers to have followed: a reorganisation that undoes more makes it start again. */
const TRAIL = 128;

/** How a book is filled. */
export interface FillingOptions {
  /** Accounts that are read at one block: nodes do not keep the state of old blocks for long. */
  perBlock?: number;
  /** Milliseconds for which one round goes on with it: one that takes longer would look as if it hung. */
  patience?: number;
}

/** Attempts to read a block that is not undone meanwhile. */
const ATTEMPTS = 5;

/** What the book has done, for metrics. */
export interface BookFigures {
  /** Block that it stands at; 0 before the first. */
  block: bigint;
  accounts: number;
  positions: number;
  /** Memory of its columns. */
  bytes: number;
  /** Accounts read again because an event named them. */
  reread: number;
  /** Accounts named by the last screening, and those of them that fell short. */
  screened: number;
  short: number;
  /** Accounts compared with the chain without a reason. */
  recounted: number;
  /** Accounts of which memory and chain differed. */
  corrected: number;
}

/** The book at one block. What it returns agrees with that block, whatever comes after it. */
export interface BookView {
  block: bigint;
  /** Unix time of the block. */
  now: number;
  /** Markets that still matter. */
  markets: readonly MarketState[];
  /** Accounts that fall short, as the lens shows them: below IM with orders, below MM, or with a position and nothing left. */
  shortfalls(): Promise<AccountView[]>;
  /** Accounts with lots in a market, from memory. */
  holders(market: number): number[];
  /** Accounts for whose position in a market a deleveraging round still waits, as the chain stores them. */
  behind(market: number, fund: PendingRounds): Promise<number[]>;
}

/** A book that is being filled. */
interface Filling {
  table: AccountTable;
  /** Rows that are read. */
  row: number;
  /** Blocks at which they were read, the first of them the one that was the head when it began. */
  pins: Head[];
  started: number;
}

/** A block that was followed, and what changed in it and in those that were passed over before it. */
interface Step extends Head {
  changes: Changes;
}

/**
 * Every account of a shard in memory. It is filled from the lens once and kept current by the clearing house's events, which name
 * whose account changed: those are read again. A price then needs no calls: one pass over columns of numbers names the few
 * accounts that may fall short, and they alone are read. Nothing is kept on disk; a new process fills its book again.
 */
export class AccountBook {
  readonly #context: KeeperContext;
  readonly #reading: ChainReading;
  readonly #terms: MarketTerms;
  readonly #shard: Shard;
  readonly #perBlock: number;
  readonly #patience: number;
  #table = new AccountTable();
  /** Blocks followed, oldest first; empty before the book is filled. */
  #trail: Step[] = [];
  #filling: Filling | undefined;
  /** Row at which the recount goes on. */
  #cursor = 0;
  #underWay: Promise<unknown> = Promise.resolve();
  readonly #figures = { reread: 0, screened: 0, short: 0, recounted: 0, corrected: 0 };

  constructor(context: KeeperContext, { perBlock = 2_000, patience = 120_000 }: FillingOptions = {}) {
    this.#context = context;
    this.#perBlock = perBlock;
    this.#patience = patience;
    this.#reading = new ChainReading(context);
    this.#terms = new MarketTerms(context, this.#reading);
    this.#shard = new Shard(context.shard);
  }

  get figures(): BookFigures {
    const { rows: accounts, positions, bytes } = this.#table;
    return { block: this.#trail.at(-1)?.block ?? 0n, accounts, positions, bytes, ...this.#figures };
  }

  /** Follows the chain to its newest block and looks at the accounts there. Nobody moves the book on meanwhile. */
  use<result>(look: (view: BookView) => Promise<result>): Promise<result> {
    return this.#alone(async () => {
      const head = await this.#follow();
      const markets = await this.#terms.at(head);
      return look({
        block: head.block,
        now: head.now,
        markets,
        shortfalls: () => this.#shortfalls(head),
        holders: (market) => this.#table.holders(market).map((row) => this.#shard.accountOf(row)),
        behind: (market, fund) => this.#behind(market, fund, head),
      });
    });
  }

  /**
   * Compares the next accounts in turn with the chain, and corrects and logs what differs: events cannot be missed without being
   * found out.
   * @param most Accounts compared.
   * @returns those that differed.
   */
  recount(most: number): Promise<number[]> {
    return this.#alone(async () => {
      const head = this.#trail.at(-1);
      const { rows } = this.#table;
      if (head === undefined || rows === 0) return [];
      if (this.#cursor >= rows) this.#cursor = 0;
      const last = Math.min(rows, this.#cursor + most);
      const ids = this.#accountsOf(this.#cursor, last);
      const views = await this.#reading.accounts(ids, head.block);
      // Where the block was undone meanwhile the next round reads again what it changed.
      if (!(await this.#reading.isCanonical(head))) return [];
      this.#cursor = last;
      this.#figures.recounted += views.length;
      return views.filter((view) => this.#correct(view)).map(({ id }) => id);
    });
  }

  // ------------------------------------------------------------------------------------------------------- re-marking

  async #shortfalls({ block }: Head): Promise<AccountView[]> {
    const rows = screen(this.#table, this.#terms.table);
    const views = await this.#reading.accounts(
      rows.map((row) => this.#shard.accountOf(row)),
      block,
    );
    for (const view of views) this.#correct(view);
    const short = views.filter(fallsShort);
    this.#figures.screened = views.length;
    this.#figures.short = short.length;
    return short;
  }

  /** Takes in an account that was read without a reason to believe that it had changed; returns whether it had. */
  #correct(view: AccountView): boolean {
    const row = this.#shard.rowOf(view.id);
    const known = this.#table.get(row);
    const found = known ? differences(known, view, (position) => this.#counts(position)) : ["not known"];
    this.#table.put(row, view);
    // Others that are served of a round first change by a lot what is left of it to a position.
    if (found.length === 0 || view.positions.some(({ market }) => this.#terms.hasRounds(market)))
      return false;
    this.#figures.corrected += 1;
    const { log } = this.#context;
    log.warn({ account: view.id, differences: found }, "memory differed from the chain and was corrected");
    return true;
  }

  /** Orders in a settled market are void; they go without an event when their account is converted. */
  #counts({ market, size }: PositionRecord): boolean {
    return size !== 0n || this.#terms.table.stage[market] !== SETTLED;
  }

  // -------------------------------------------------------------------------------------------------------- following

  async #follow(): Promise<Head> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const head = await this.#reading.head();
      const newest = this.#trail.at(-1);
      if (newest?.hash === head.hash) return head;
      if (newest ? await this.#advance(head) : await this.#fill(head)) return head;
    }
    throw new Error("The chain undoes its blocks faster than their accounts can be read: ask another node.");
  }

  /**
   * Goes on from the newest block that was followed and is still part of the chain.
   * @returns whether the book stands at the head; otherwise the head was undone meanwhile.
   */
  async #advance(head: Head): Promise<boolean> {
    const at = await this.#newestCanonical(head);
    if (at < 0) {
      this.#context.log.warn({ block: head.block }, "more blocks were undone than are remembered");
      this.#trail = [];
      return this.#fill(head);
    }
    const base = this.#trail[at]!;
    const undone = this.#trail.slice(at + 1);
    const changes = noChanges();
    await this.#reading.changes(changes, base.block + 1n, head.block);
    const stale = noChanges();
    for (const each of [changes, ...undone.map((step) => step.changes)]) merge(stale, each);
    for (const market of stale.rounds) for (const id of this.#membersOf(market)) stale.accounts.add(id);

    let ids = [...stale.accounts].filter((id) => this.#shard.has(id));
    if (undone.length > 0) {
      this.#context.log.info({ after: base.block, head: head.block }, "blocks were undone");
      const count = await this.#reading.accountCount(head.block);
      ids = ids.filter((id) => id < FIRST_ACCOUNT + count);
      this.#table.truncate(this.#shard.rows(count));
      this.#terms.forget(head.now);
    }
    const views = await this.#reading.accounts(ids, head.block);
    if (!(await this.#reading.isCanonical(head))) return false;
    for (const view of views) this.#table.put(this.#shard.rowOf(view.id), view);
    this.#figures.reread += views.length;
    this.#terms.note(stale, head.now);
    this.#trail = [...this.#trail.slice(0, at + 1), { ...head, changes }].slice(-TRAIL);
    return true;
  }

  /** Place in the trail of the newest block that is part of the chain with this head; −1 where none is. */
  async #newestCanonical(head: Head): Promise<number> {
    for (let at = this.#trail.length - 1; at >= 0; at--) {
      const step = this.#trail[at]!;
      if (step.block >= head.block) {
        if (step.hash === head.hash) return at;
      } else if (step.block + 1n === head.block) {
        if (step.hash === head.parentHash) return at;
      } else if (await this.#reading.isCanonical(step)) return at;
    }
    return -1;
  }

  /**
   * Reads every account. What changed while it was read comes with the next step, which starts behind the first block.
   * @returns whether the book stands at the head, which takes another step where filling took several blocks.
   * @throws NotReadyError where a round is over before the book is filled: the next goes on.
   */
  async #fill(head: Head): Promise<boolean> {
    const filling = (this.#filling ??= {
      table: new AccountTable(),
      row: 0,
      pins: [],
      started: performance.now(),
    });
    const { table, pins, started } = filling;
    const begun = performance.now();
    let pin = head;
    const rows = this.#shard.rows(await this.#reading.accountCount(head.block));
    do {
      if (pins.length > 0) pin = await this.#reading.head();
      const end = Math.min(rows, filling.row + this.#perBlock);
      for (const view of await this.#reading.accounts(this.#accountsOf(filling.row, end), pin.block))
        table.put(this.#shard.rowOf(view.id), view);
      pins.push(pin);
      filling.row = end;
      if (end < rows && performance.now() - begun > this.#patience)
        throw new NotReadyError(`Of ${rows} accounts ${end} have been read: the next round goes on.`);
    } while (filling.row < rows);
    this.#filling = undefined;
    for (const each of pins) if (!(await this.#reading.isCanonical(each))) return false;
    const [first] = pins as [Head];
    this.#table = table;
    this.#terms.forget(first.now);
    this.#trail = [{ ...first, changes: noChanges() }];
    const seconds = Math.round(performance.now() - started) / 1_000;
    this.#context.log.info({ accounts: rows, block: first.block, seconds }, "accounts are in memory");
    return pins.length === 1 && first.hash === head.hash;
  }

  /** Memory holds positions as rounds leave them: one that a round closes whole has no lots there any more, but stays a member. */
  async #behind(market: number, fund: PendingRounds, { block }: Head): Promise<number[]> {
    const members = this.#membersOf(market);
    const positions = await this.#reading.stored(market, members, block);
    return members.filter((_, i) => isBehind(positions[i]!, fund));
  }

  /** Accounts with lots, orders or a result that is no cash yet in a market. */
  #membersOf(market: number): number[] {
    return this.#table.members(market).map((row) => this.#shard.accountOf(row));
  }

  #accountsOf(first: number, end: number): number[] {
    return Array.from({ length: end - first }, (_, i) => this.#shard.accountOf(first + i));
  }

  /** Runs a task when those before it are through. */
  #alone<result>(task: () => Promise<result>): Promise<result> {
    const next = this.#underWay.then(task, task);
    this.#underWay = next.catch(() => undefined);
    return next;
  }
}

/** Accounts that a recount compares in one go. */
export const RECOUNT = BATCH;

/** Whether an account takes a step of the ladder: it is below IM with orders that rest, below MM, or has nothing left. */
function fallsShort({
  retired,
  equity,
  initialMargin,
  maintenanceMargin,
  positions,
}: Pick<AccountView, "retired" | "equity" | "initialMargin" | "maintenanceMargin"> & {
  positions: readonly Pick<AccountView["positions"][number], "size" | "openOrders">[];
}): boolean {
  if (retired) return false;
  const holds = positions.some(({ size }) => size !== 0n);
  if (holds && (equity <= 0n || equity < maintenanceMargin)) return true;
  return equity < initialMargin && positions.some(({ openOrders }) => openOrders > 0n);
}

function merge(into: Changes, from: Changes): void {
  for (const part of ["accounts", "listings", "margins", "rounds"] as const)
    for (const each of from[part]) into[part].add(each);
}
