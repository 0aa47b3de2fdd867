import type { DatabaseSync } from "node:sqlite";
import type { Hex } from "viem";
import { TU1D_RULES, type Rules } from "../calculator/rules.ts";
import { checkStatement } from "../calculator/statement.ts";
import { appendOnly, inTransaction, openDatabase } from "../lib/sqlite.ts";
import { StatementError } from "./errors.ts";
import { statementFromJson, statementToJson } from "./json.ts";
import {
  admissionOf,
  contentOf,
  placeOf,
  verifyStatement,
  type Admission,
  type Admitted,
  type SignedStatement,
} from "./signed.ts";

/** A signed statement and when it was received. */
export interface StoredStatement {
  readonly signed: SignedStatement;
  /** Unix seconds; the earliest time that is known. */
  readonly receivedAt: number;
}

/** Two different statements that a contributor signed under one number. */
export type StatementConflict = readonly [SignedStatement, SignedStatement];

/** How a statement came. */
export interface Receipt {
  /** Unix seconds, now. */
  readonly now: number;
  /** Unix seconds at which it was received, where somebody else had it before; `now` when left out. */
  readonly receivedAt?: number;
  /** Who gave it: for people who look into the file. */
  readonly source: string;
}

const SCHEMA = `
CREATE TABLE IF NOT EXISTS statements (
  contributor TEXT NOT NULL, period INTEGER NOT NULL, number INTEGER NOT NULL, content TEXT NOT NULL,
  json TEXT NOT NULL,
  PRIMARY KEY (contributor, period, number, content)
) STRICT;
CREATE INDEX IF NOT EXISTS statements_by_period ON statements (period);
CREATE TABLE IF NOT EXISTS receipts (
  content TEXT NOT NULL, number INTEGER NOT NULL, received_at INTEGER NOT NULL, source TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS receipts_by_statement ON receipts (content, number);
${appendOnly("statements")}
${appendOnly("receipts")}
`;

interface Row {
  contributor: string;
  number: number;
  content: Hex;
  json: string;
  received_at: number;
}

/**
 * Signed statements on disk. Nothing in it is ever changed or removed, and what `add` has accepted survives the end of
 * the process at any moment.
 *
 * A contributor that signs two different statements under one number loses both: whoever received the first counts it, whoever
 * received the second counts that, and they would never agree; that both exist is something on which all come to agree. The pair is kept as evidence.
 */
export class StatementStore {
  readonly #database: DatabaseSync;
  readonly #contributors: readonly Admission[];
  readonly #rules: Rules;

  /** @param path File of the store; ":memory:" for none. */
  constructor(path: string, { contributors, rules = TU1D_RULES }: Admitted) {
    this.#database = openDatabase(path, SCHEMA);
    this.#contributors = contributors;
    this.#rules = rules;
  }

  /**
   * Verifies a statement and keeps it.
   * @returns Whether it is new. One that is known takes the earlier time of receipt.
   * @throws CalculationError where it is void, StatementError where it is refused. With ConflictingStatement the pair has been kept.
   */
  async add(signed: SignedStatement, { now, receivedAt = now, source }: Receipt): Promise<"added" | "known"> {
    const { statement, number, rules } = signed;
    const { contributor, period } = statement;
    checkStatement(statement);
    const content = contentOf(statement, rules);
    // What is known was verified when it came; peers tell of it again and again.
    if (this.find(contributor, period, number, content) === undefined)
      await verifyStatement(signed, { contributors: this.#contributors, rules: this.#rules }, now);
    const result = inTransaction(this.#database, () => {
      const others = this.#database
        .prepare("SELECT content FROM statements WHERE contributor = ? AND period = ? AND number = ?")
        .all(contributor, period, number)
        .map((row) => row["content"] as Hex);
      const isKnown = others.includes(content);
      // Two are a proof; a third adds nothing to it.
      if (!isKnown && others.length < 2)
        this.#database
          .prepare("INSERT INTO statements VALUES (?, ?, ?, ?, ?)")
          .run(contributor, period, number, content, JSON.stringify(statementToJson(signed)));
      if (isKnown || others.length < 2) this.#receive(content, number, receivedAt, source);
      return { isKnown, other: others.find((each) => each !== content) };
    });
    if (!result.isKnown && result.other !== undefined)
      throw new StatementError(
        "ConflictingStatement",
        `${placeOf(statement)}, ${number}`,
        content,
        result.other,
      );
    return result.isKnown ? "known" : "added";
  }

  /**
   * Statements that a calculation with this cut-off takes: of each contributor the highest number that was received before it and under which no second
   * statement was. Contributors that are not admitted for the day have none.
   * @param cutoff Unix seconds; what was received then or later is not known.
   */
  knownAt(period: number, cutoff: number): SignedStatement[] {
    const newest = new Map<string, Row>();
    const rows = this.#rows(period).filter((row) => row.received_at < cutoff);
    for (const row of rows) {
      const { contributor, number, content } = row;
      if (admissionOf(this.#contributors, { contributor, period }) === undefined) continue;
      const isDisputed = rows.some(
        (other) => other.contributor === contributor && other.number === number && other.content !== content,
      );
      if (isDisputed) continue;
      if (number > (newest.get(contributor)?.number ?? 0)) newest.set(contributor, row);
    }
    return [...newest.values()].map(({ json }) => statementFromJson(JSON.parse(json)));
  }

  /** Every statement of a day, both of a conflicting pair included: what peers are told. */
  statementsOf(period: number): StoredStatement[] {
    return this.#rows(period).map(({ json, received_at: receivedAt }) => ({
      signed: statementFromJson(JSON.parse(json)),
      receivedAt,
    }));
  }

  /** Finds a statement by its content. */
  find(contributor: string, period: number, number: number, content: Hex): SignedStatement | undefined {
    const row = this.#database
      .prepare(
        "SELECT json FROM statements WHERE contributor = ? AND period = ? AND number = ? AND content = ?",
      )
      .get(contributor, period, number, content);
    return row === undefined ? undefined : statementFromJson(JSON.parse(row["json"] as string));
  }

  /** Is exactly this statement in the store? */
  has({ statement, number, rules }: SignedStatement): boolean {
    const content = contentOf(statement, rules);
    return this.find(statement.contributor, statement.period, number, content) !== undefined;
  }

  /** Pairs of different statements under one number: proof against their contributor. */
  conflicts(): StatementConflict[] {
    return this.#database
      .prepare(
        `SELECT a.json AS first, b.json AS second FROM statements a JOIN statements b
         ON a.contributor = b.contributor AND a.period = b.period AND a.number = b.number AND a.content < b.content
         ORDER BY a.period, a.contributor, a.number`,
      )
      .all()
      .map(({ first, second }) => [
        statementFromJson(JSON.parse(first as string)),
        statementFromJson(JSON.parse(second as string)),
      ]);
  }

  /** Closes the file. */
  close(): void {
    this.#database.close();
  }

  #rows(period: number): Row[] {
    return this.#database
      .prepare(
        `SELECT s.contributor, s.number, s.content, s.json, min(r.received_at) AS received_at
         FROM statements s JOIN receipts r ON r.content = s.content AND r.number = s.number
         WHERE s.period = ? GROUP BY s.contributor, s.number, s.content ORDER BY s.contributor, s.number, s.content`,
      )
      .all(period) as unknown as Row[];
  }

  #receive(content: Hex, number: number, receivedAt: number, source: string): void {
    const row = this.#database
      .prepare("SELECT min(received_at) AS earliest FROM receipts WHERE content = ? AND number = ?")
      .get(content, number);
    const earliest = row?.["earliest"] as number | null | undefined;
    if (earliest === null || earliest === undefined || receivedAt < earliest)
      this.#database
        .prepare("INSERT INTO receipts VALUES (?, ?, ?, ?)")
        .run(content, number, receivedAt, source);
  }
}
