import { formatSignedOrder, parseSignedOrder, type SignedOrder } from "@usance/sdk";
import type { Hash } from "viem";
import { inTransaction, openDatabase } from "../../lib/sqlite.ts";
import { SetupError } from "../keeper.ts";
import { formatTrail, OrderRefusedError, parseTrail, type Domain, type HandedOrder } from "./order.ts";
import type { Followed, Trail } from "./trail.ts";

/** Why an order is kept no longer. */
export type OrderEnd = "consumed" | "cancelled" | "replaced" | "expired";

/** An order that was accepted. */
export interface KeptOrder {
  hash: Hash;
  order: SignedOrder;
  trail?: Trail | undefined;
  /** Account that trades. */
  account: number;
  /** Unix time in milliseconds at which it was accepted. */
  acceptedAt: number;
  /** How far its trail has come. */
  followed: Followed;
  consumedLots: bigint;
  /** Tries in a row that failed, why the last one did, and when the next one is (Unix time in milliseconds). */
  failures: number;
  error?: string | undefined;
  retryAt: number;
  /** Block at which its state was read last. */
  lookedAt: bigint;
  /** What ended it, and at which block that was seen. */
  ended?: { by: OrderEnd; block: bigint; isConfirmed: boolean } | undefined;
}

/** How many orders are kept. */
export interface StoreLimits {
  perSigner: number;
  most: number;
}

/** Blocks after which no reorganisation is expected to bring an ended order back. */
export const CONFIRMATIONS = 64n;

/** Blocks for which it is told what became of an order. */
export const REMEMBERED = 7_200n;

const SCHEMA = `
CREATE TABLE IF NOT EXISTS exchange (id INTEGER PRIMARY KEY CHECK (id = 1), name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS orders (
  hash TEXT PRIMARY KEY,
  body TEXT NOT NULL,
  trail TEXT,
  account INTEGER NOT NULL,
  accepted_at INTEGER NOT NULL,
  extreme TEXT,
  fired INTEGER NOT NULL DEFAULT 0,
  consumed TEXT NOT NULL DEFAULT '0',
  failures INTEGER NOT NULL DEFAULT 0,
  error TEXT,
  retry_at INTEGER NOT NULL DEFAULT 0,
  ended TEXT,
  ended_block TEXT,
  confirmed INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;`;

interface Row {
  hash: Hash;
  body: string;
  trail: string | null;
  account: number;
  accepted_at: number;
  extreme: string | null;
  fired: number;
  consumed: string;
  failures: number;
  error: string | null;
  retry_at: number;
  ended: OrderEnd | null;
  ended_block: string | null;
  confirmed: number;
}

/**
 * Accepted orders: in memory to decide on, and in a file first, so that one that was accepted is there after any end of the process.
 * One process, one file.
 */
export class OrderStore {
  readonly #database: ReturnType<typeof openDatabase>;
  readonly #limits: StoreLimits;
  readonly #orders = new Map<Hash, KeptOrder>();

  /**
   * @param path File; ":memory:" for none.
   * @throws SetupError where the file is of another exchange.
   */
  constructor(path: string, { chainId, contract }: Domain, limits: StoreLimits) {
    this.#limits = limits;
    this.#database = openDatabase(path, SCHEMA);
    const name = `${chainId} ${contract.toLowerCase()}`;
    this.#database.prepare("INSERT OR IGNORE INTO exchange VALUES (1, ?)").run(name);
    const found = this.#database.prepare("SELECT name FROM exchange").get() as { name: string };
    if (found.name !== name) {
      this.#database.close();
      throw new SetupError(
        `${path} holds orders of another exchange (chain and contract ${found.name}): name another file.`,
      );
    }
    for (const row of this.#database.prepare("SELECT * FROM orders").all() as unknown as Row[])
      this.#orders.set(row.hash, fromRow(row));
  }

  /** Orders that may still be executed. */
  get open(): KeptOrder[] {
    return [...this.#orders.values()].filter(({ ended }) => ended === undefined);
  }

  /** Orders that ended, for whoever asks what became of them. */
  get ended(): KeptOrder[] {
    return [...this.#orders.values()].filter(({ ended }) => ended !== undefined);
  }

  /** An order by its hash. */
  find(hash: Hash): KeptOrder | undefined {
    return this.#orders.get(hash);
  }

  /**
   * Makes sure that there is room for an order of a signer.
   * @throws OrderRefusedError
   */
  requireRoom(signer: string): void {
    const { perSigner, most } = this.#limits;
    const open = this.open;
    if (open.length >= most)
      throw new OrderRefusedError(
        "TooManyOrders",
        `This executor keeps ${open.length} orders and takes at most ${most}: try later, or another executor.`,
      );
    const own = open.filter(({ order }) => order.signer.toLowerCase() === signer.toLowerCase()).length;
    if (own >= perSigner)
      throw new OrderRefusedError(
        "TooManyOfSigner",
        `This executor keeps ${own} orders of ${signer} and takes at most ${perSigner}: cancel some first.`,
      );
  }

  /**
   * Keeps an order; it is on the disk when this returns.
   * @throws OrderRefusedError where there is no room.
   */
  add(hash: Hash, { order, trail }: HandedOrder, account: number): KeptOrder {
    this.requireRoom(order.signer);
    const kept: KeptOrder = {
      hash,
      order,
      ...(trail && { trail }),
      account,
      acceptedAt: Date.now(),
      followed: { fired: false },
      consumedLots: 0n,
      failures: 0,
      retryAt: 0,
      lookedAt: 0n,
    };
    this.#database
      .prepare("INSERT INTO orders (hash, body, trail, account, accepted_at) VALUES (?, ?, ?, ?, ?)")
      .run(
        hash,
        formatSignedOrder(order),
        trail ? JSON.stringify(formatTrail(trail)) : null,
        account,
        kept.acceptedAt,
      );
    this.#orders.set(hash, kept);
    return kept;
  }

  /** Keeps what has changed about orders, all of it or nothing. */
  update(changes: readonly (Partial<KeptOrder> & { hash: Hash })[]): void {
    if (changes.length === 0) return;
    const changed = changes.flatMap((change) => {
      const before = this.#orders.get(change.hash);
      return before === undefined ? [] : [{ ...before, ...change }];
    });
    const write = this.#database.prepare(
      `UPDATE orders SET extreme = ?, fired = ?, consumed = ?, failures = ?, error = ?, retry_at = ?,
       ended = ?, ended_block = ?, confirmed = ? WHERE hash = ?`,
    );
    inTransaction(this.#database, () => {
      for (const { hash, followed, consumedLots, failures, error, retryAt, ended } of changed)
        write.run(
          followed.extremeX16?.toString() ?? null,
          followed.fired ? 1 : 0,
          consumedLots.toString(),
          failures,
          error ?? null,
          Math.ceil(retryAt),
          ended?.by ?? null,
          ended?.block.toString() ?? null,
          ended?.isConfirmed ? 1 : 0,
          hash,
        );
    });
    for (const kept of changed) this.#orders.set(kept.hash, kept);
  }

  /** Notes at which block orders were looked at; after a start all of them are looked at anew. */
  looked(hashes: readonly Hash[], block: bigint): void {
    for (const hash of hashes) {
      const kept = this.#orders.get(hash);
      if (kept !== undefined) kept.lookedAt = block;
    }
  }

  /** Forgets orders. */
  remove(hashes: readonly Hash[]): void {
    if (hashes.length === 0) return;
    const remove = this.#database.prepare("DELETE FROM orders WHERE hash = ?");
    inTransaction(this.#database, () => {
      for (const hash of hashes) remove.run(hash);
    });
    for (const hash of hashes) this.#orders.delete(hash);
  }

  close(): void {
    this.#database.close();
  }
}

function fromRow(row: Row): KeptOrder {
  return {
    hash: row.hash,
    order: parseSignedOrder(JSON.parse(row.body)),
    ...(row.trail !== null && { trail: parseTrail(JSON.parse(row.trail)) }),
    account: row.account,
    acceptedAt: row.accepted_at,
    followed: {
      ...(row.extreme !== null && { extremeX16: BigInt(row.extreme) }),
      fired: row.fired === 1,
    },
    consumedLots: BigInt(row.consumed),
    failures: row.failures,
    ...(row.error !== null && { error: row.error }),
    retryAt: row.retry_at,
    lookedAt: 0n,
    ...(row.ended !== null && {
      ended: { by: row.ended, block: BigInt(row.ended_block ?? 0), isConfirmed: row.confirmed === 1 },
    }),
  };
}
