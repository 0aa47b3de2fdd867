import type { DatabaseSync } from "node:sqlite";
import type { Address, Hex } from "viem";
import { appendOnly, inTransaction, openDatabase } from "../../lib/sqlite.ts";
import { reportFromJson, reportToJson, type FullReport } from "./reports.ts";

/** Two reports of one reporter for the same index, period and revision with different values or vintages. */
export type Equivocation = readonly [FullReport, FullReport];

const SCHEMA = `
CREATE TABLE IF NOT EXISTS reports (
  idx TEXT NOT NULL, period INTEGER NOT NULL, revision INTEGER NOT NULL, signer TEXT NOT NULL,
  value TEXT NOT NULL, vintage TEXT NOT NULL, json TEXT NOT NULL,
  PRIMARY KEY (idx, period, revision, signer, value, vintage)
) STRICT;
${appendOnly("reports")}
`;

/** Signed reports of the panel on disk. They must have been verified. The second of two that contradict each other is kept as evidence; a third proves no more. */
export class ReportStore {
  readonly #database: DatabaseSync;

  /** @param path File of the store; ":memory:" for none. */
  constructor(path: string) {
    this.#database = openDatabase(path, SCHEMA);
  }

  /** Keeps a report and says what it is beside those that are known. */
  add(report: FullReport): "added" | "known" | "equivocation" {
    const { index, period, revision, value, vintage } = report;
    const signer = report.signer.toLowerCase();
    return inTransaction(this.#database, () => {
      const others = this.#database
        .prepare(
          "SELECT value, vintage FROM reports WHERE idx = ? AND period = ? AND revision = ? AND signer = ?",
        )
        .all(index, period, revision, signer);
      const isSame = (row: Record<string, unknown>) =>
        row["value"] === value.toString() && row["vintage"] === vintage;
      if (others.some(isSame) || others.length >= 2) return "known";
      this.#database
        .prepare("INSERT INTO reports VALUES (?, ?, ?, ?, ?, ?, ?)")
        .run(
          index,
          period,
          revision,
          signer,
          value.toString(),
          vintage,
          JSON.stringify(reportToJson(report)),
        );
      return others.length === 0 ? "added" : "equivocation";
    });
  }

  /** Is exactly this report known? Its verification may then be spared. */
  has({ index, period, revision, signer, value, vintage }: FullReport): boolean {
    const row = this.#database
      .prepare(
        "SELECT 1 FROM reports WHERE idx = ? AND period = ? AND revision = ? AND signer = ? AND value = ? AND vintage = ?",
      )
      .get(index, period, revision, signer.toLowerCase(), value.toString(), vintage);
    return row !== undefined;
  }

  /** Every report of an index, period and revision, both of an equivocation included. */
  reportsOf(index: Hex, period: number, revision: number): FullReport[] {
    return this.#database
      .prepare(
        "SELECT json FROM reports WHERE idx = ? AND period = ? AND revision = ? ORDER BY signer, value, vintage",
      )
      .all(index, period, revision)
      .map((row) => reportFromJson(JSON.parse(row["json"] as string)));
  }

  /** Proofs of equivocation. */
  equivocations(): Equivocation[] {
    return this.#database
      .prepare(
        `SELECT a.json AS first, b.json AS second FROM reports a JOIN reports b
         ON a.idx = b.idx AND a.period = b.period AND a.revision = b.revision AND a.signer = b.signer AND a.rowid < b.rowid
         ORDER BY a.period, a.revision, a.signer`,
      )
      .all()
      .map(({ first, second }) => [
        reportFromJson(JSON.parse(first as string)),
        reportFromJson(JSON.parse(second as string)),
      ]);
  }

  /** Reporters that have contradicted themselves about an index, period and revision. */
  equivocators(index: Hex, period: number, revision: number): Set<string> {
    const seen = new Set<string>();
    const twice = new Set<string>();
    for (const { signer } of this.reportsOf(index, period, revision)) {
      const key: Address = signer.toLowerCase() as Address;
      if (seen.has(key)) twice.add(key);
      seen.add(key);
    }
    return twice;
  }

  /** Closes the file. */
  close(): void {
    this.#database.close();
  }
}
