import type { DatabaseSync } from "node:sqlite";
import type { Hex } from "viem";
import type { Calculation, PrintedDay, Stage } from "../../calculator/calculate.ts";
import { byName, countStatement } from "../../calculator/statement.ts";
import { startOf } from "../../calculator/vintage.ts";
import { appendOnly, openDatabase } from "../../lib/sqlite.ts";
import { contentOf, type SignedStatement } from "../../statements/signed.ts";
import type { StatementStore } from "../../statements/store.ts";

/** A calculated day and what it was calculated from. */
export interface KnownDay {
  readonly printed: PrintedDay;
  readonly stage: Stage;
  /** WAD. */
  readonly print: bigint;
  /** The printed day that it links from; undefined on the base day. */
  readonly previous: Pick<PrintedDay, "period" | "vintage"> | undefined;
  readonly statements: readonly SignedStatement[];
}

const SCHEMA = `
CREATE TABLE IF NOT EXISTS days (
  vintage TEXT PRIMARY KEY, period INTEGER NOT NULL, stage TEXT NOT NULL, print TEXT NOT NULL,
  numerator TEXT NOT NULL, denominator TEXT NOT NULL,
  previous_period INTEGER, previous_vintage TEXT, inputs TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS days_by_period ON days (period);
CREATE TABLE IF NOT EXISTS attended (
  period INTEGER NOT NULL, revision INTEGER NOT NULL, PRIMARY KEY (period, revision)
) STRICT;
${appendOnly("days")}
`;

type Input = readonly [contributor: string, number: number, content: Hex];

interface Row {
  vintage: Hex;
  period: number;
  stage: Stage;
  print: string;
  numerator: string;
  denominator: string;
  previous_period: number | null;
  previous_vintage: Hex | null;
  inputs: string;
}

/**
 * Calculated days on disk, by vintage: what the next day links from, and what a peer is told that wants to calculate a print again. Their statements
 * are those of the statement store.
 */
export class DayStore {
  readonly #database: DatabaseSync;
  readonly #statements: StatementStore;

  /** @param path File of the store; ":memory:" for none. */
  constructor(path: string, statements: StatementStore) {
    this.#database = openDatabase(path, SCHEMA);
    this.#statements = statements;
  }

  /** Keeps a day that has a print. Its statements must be in the statement store. */
  put(
    { printed, print, stage, period, vintage }: Calculation,
    previous: Pick<PrintedDay, "period" | "vintage"> | undefined,
    statements: readonly SignedStatement[],
  ): void {
    if (printed === undefined || print === undefined)
      throw new RangeError("only a day with a print can be kept");
    const inputs = statements.map(({ statement, number, rules }): Input => [
      statement.contributor,
      number,
      contentOf(statement, rules),
    ]);
    const { numerator, denominator } = printed.level;
    const row = [vintage, period, stage, print, numerator, denominator].map(String);
    this.#database
      .prepare("INSERT OR IGNORE INTO days VALUES (?, CAST(? AS INTEGER), ?, ?, ?, ?, ?, ?, ?)")
      .run(...row, previous?.period ?? null, previous?.vintage ?? null, JSON.stringify(inputs));
  }

  /** The day with a vintage, of which the first 23 bytes are enough. */
  find(vintage: Hex): KnownDay | undefined {
    const row = this.#database
      .prepare("SELECT * FROM days WHERE vintage >= ?1 AND vintage < ?1 || 'g'")
      .get(startOf(vintage));
    return row === undefined ? undefined : this.#read(row as unknown as Row);
  }

  /** What was calculated last for a period, whether it was posted or not. */
  newest(period: number): KnownDay | undefined {
    const row = this.#database
      .prepare("SELECT * FROM days WHERE period = ? ORDER BY rowid DESC LIMIT 1")
      .get(period);
    return row === undefined ? undefined : this.#read(row as unknown as Row);
  }

  /** Notes that this node knew, in time, what enough of its peers knew at a cut-off. */
  attend(period: number, revision: number): void {
    this.#database.prepare("INSERT OR IGNORE INTO attended VALUES (?, ?)").run(period, revision);
  }

  /** Did it? */
  attended(period: number, revision: number): boolean {
    const row = this.#database
      .prepare("SELECT 1 FROM attended WHERE period = ? AND revision = ?")
      .get(period, revision);
    return row !== undefined;
  }

  /** Closes the file. */
  close(): void {
    this.#database.close();
  }

  #read({ vintage, period, stage, print, numerator, denominator, inputs, ...row }: Row): KnownDay {
    const statements = (JSON.parse(inputs) as Input[]).map(([contributor, number, content]) => {
      const signed = this.#statements.find(contributor, period, number, content);
      if (signed === undefined)
        throw new Error(
          `The statement ${number} of ${contributor} is no longer in the store: restore it from a backup.`,
        );
      return signed;
    });
    const panel = statements
      .map(({ statement }) => countStatement(statement))
      .filter(({ tokens }) => tokens > 0n)
      .sort((a, b) => byName(a.contributor, b.contributor));
    const level = { numerator: BigInt(numerator), denominator: BigInt(denominator) };
    const previous =
      row.previous_period === null || row.previous_vintage === null
        ? undefined
        : { period: row.previous_period, vintage: row.previous_vintage };
    return { printed: { period, level, vintage, panel }, stage, print: BigInt(print), previous, statements };
  }
}
