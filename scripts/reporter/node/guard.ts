import type { DatabaseSync } from "node:sqlite";
import {
  hashReport,
  signReport,
  type Report,
  type ReportDomain,
  type ReportSigner,
  type SignedReport,
} from "@usance/sdk";
import type { Address, Hex } from "viem";
import { appendOnly, inTransaction, openDatabase } from "../../lib/sqlite.ts";

const SCHEMA = `
CREATE TABLE IF NOT EXISTS signed (
  signer TEXT NOT NULL, chain INTEGER NOT NULL, contract TEXT NOT NULL,
  idx TEXT NOT NULL, period INTEGER NOT NULL, revision INTEGER NOT NULL,
  value TEXT NOT NULL, vintage TEXT NOT NULL, deadline TEXT NOT NULL, digest TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (signer, chain, contract, idx, period, revision)
) STRICT;
${appendOnly("signed")}
`;

/** What a guard allows. */
export interface Claim {
  /** The one report of this index, period and revision that may be signed. */
  readonly report: Report;
  /** Is it an older one, because something else was signed before? */
  readonly isOlder: boolean;
}

/**
 * Sees to it that a reporter never signs two different reports for one index, period and revision, whatever its source says later and whenever it
 * crashes: the digest is on disk before there is a signature. A report that differs in its deadline alone is another one, too.
 */
export class SigningGuard {
  readonly #database: DatabaseSync;
  readonly #domain: ReportDomain;

  /** @param path File of the guard. One file for each key: two would not know of each other. */
  constructor(path: string, domain: ReportDomain) {
    this.#database = openDatabase(path, SCHEMA);
    this.#domain = domain;
  }

  /**
   * Claims the right to sign. When it returns, the report it gives is on disk.
   * @returns The given report, or the one that was claimed before it.
   */
  claim(signer: Address, report: Report): Claim {
    return inTransaction(this.#database, () => {
      const older = this.find(signer, report);
      if (older !== undefined)
        return { report: older, isOlder: this.#digest(older) !== this.#digest(report) };
      const { index, period, revision, value, vintage, deadline } = report;
      this.#database
        .prepare("INSERT INTO signed VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .run(
          ...this.#key(signer, { index, period, revision }),
          value.toString(),
          vintage,
          deadline.toString(),
          this.#digest(report),
          Math.floor(Date.now() / 1_000),
        );
      return { report, isOlder: false };
    });
  }

  /** The report that was claimed for an index, period and revision. */
  find(
    signer: Address,
    { index, period, revision }: Pick<Report, "index" | "period" | "revision">,
  ): Report | undefined {
    const row = this.#database
      .prepare(
        `SELECT value, vintage, deadline FROM signed
         WHERE signer = ? AND chain = ? AND contract = ? AND idx = ? AND period = ? AND revision = ?`,
      )
      .get(...this.#key(signer, { index, period, revision }));
    if (row === undefined) return undefined;
    const { value, vintage, deadline } = row as { value: string; vintage: Hex; deadline: string };
    return { index, period, revision, value: BigInt(value), vintage, deadline: BigInt(deadline) };
  }

  /** First and last period that a reporter has claimed anything for. */
  span(signer: Address, index: Hex): { first: number; last: number } | undefined {
    const row = this.#database
      .prepare(
        `SELECT min(period) AS first, max(period) AS last FROM signed
         WHERE signer = ? AND chain = ? AND contract = ? AND idx = ?`,
      )
      .get(...this.#key(signer, { index, period: 0, revision: 0 }).slice(0, 4));
    const { first, last } = row as { first: number | null; last: number | null };
    return first === null || last === null ? undefined : { first, last };
  }

  /** Closes the file. */
  close(): void {
    this.#database.close();
  }

  #digest(report: Report): Hex {
    return hashReport({ ...report, ...this.#domain });
  }

  #key(signer: Address, { index, period, revision }: Pick<Report, "index" | "period" | "revision">) {
    const { chainId, usageIndex } = this.#domain;
    return [signer.toLowerCase(), chainId, usageIndex.toLowerCase(), index, period, revision];
  }
}

/**
 * Signs a report that the guard allows: the given one, or the one that was signed before. There is no other way to a signature in the node.
 * @returns The signed report, and whether it is an older one.
 */
export async function signGuarded(
  guard: SigningGuard,
  account: ReportSigner,
  domain: ReportDomain,
  report: Report,
): Promise<{ signed: SignedReport; report: Report; isOlder: boolean }> {
  const claim = guard.claim(account.address, report);
  return { signed: await signReport({ account, ...domain, ...claim.report }), ...claim };
}
