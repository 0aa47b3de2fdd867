import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { hashReport, recoverReporter, signReport, type Report } from "@usance/sdk";
import { expect } from "chai";
import fc from "fast-check";
import { privateKeyToAccount } from "viem/accounts";
import { SigningGuard, signGuarded } from "../../../scripts/reporter/node/guard.ts";
import { endsWithTests } from "../../support/children.ts";
import { account, domain, reportOf } from "./signing.ts";

const newPath = () => join(mkdtempSync(join(tmpdir(), "usance-guard-")), "guard.sqlite");
const digestOf = (report: Report) => hashReport({ ...report, ...domain });

/** What a reporter does or suffers. `crash` says when, if at all, its process ends in the middle of signing. */
interface Step {
  period: number;
  revision: number;
  /** How often the source has been revised. */
  source: number;
  crash: "never" | "before the claim is written" | "after the claim" | "before the signature is sent";
}

const step: fc.Arbitrary<Step> = fc.record({
  period: fc.integer({ min: 1, max: 3 }),
  revision: fc.integer({ min: 1, max: 2 }),
  source: fc.nat({ max: 60 }),
  crash: fc.constantFrom(
    "never",
    "before the claim is written",
    "after the claim",
    "before the signature is sent",
  ),
});

/** The power fails while the claim is written: the writes so far are those of a transaction that does not end. */
function failWhileClaiming(path: string, report: Report): void {
  const database = new DatabaseSync(path);
  database.exec("BEGIN IMMEDIATE");
  const { index, period, revision, value, vintage, deadline } = report;
  const { chainId, usageIndex } = domain;
  database
    .prepare("INSERT OR IGNORE INTO signed VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)")
    .run(
      ...[account.address.toLowerCase(), chainId, usageIndex, index, period, revision],
      ...[value.toString(), vintage, deadline.toString(), digestOf(report)],
    );
  database.close();
}

describe("the signing guard", () => {
  it("never lets two different reports of one index, period and revision out, through crashes, retries and revised sources", async () => {
    let repeated = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 25 }), async (steps) => {
        const path = newPath();
        let guard = new SigningGuard(path, domain);
        const out = new Map<string, string>();
        for (const { period, revision, source, crash } of steps) {
          const report = reportOf(period, revision, source);
          const key = `${period} ${revision}`;
          if (crash === "before the claim is written") failWhileClaiming(path, report);
          else if (crash === "after the claim") guard.claim(account.address, report);
          else {
            const { report: signedReport, isOlder } = await signGuarded(guard, account, domain, report);
            if (isOlder) repeated += 1;
            const digest = digestOf(signedReport);
            expect(isOlder).to.equal(digest !== digestOf(report));
            // A signature that did not leave harms nobody, but the next life may not sign anything else either.
            expect(out.get(key) ?? digest).to.equal(digest);
            out.set(key, digest);
          }
          if (crash !== "never") {
            guard.close();
            guard = new SigningGuard(path, domain);
          }
        }
        guard.close();
      }),
      { numRuns: 60 },
    );
    // Sources were revised often enough for the property to say something.
    expect(repeated).to.be.above(50);
  });

  it("holds when its process is killed at any moment and started again with a revised source", async () => {
    const script = fileURLToPath(new URL("signing.ts", import.meta.url));
    const path = newPath();
    const out = new Map<string, Set<string>>();
    let lines = 0;
    for (const seed of [0, 1_000, 2_000]) {
      const child = endsWithTests(
        spawn(process.execPath, ["--import", "tsx", script, path, String(seed)], {
          stdio: ["ignore", "pipe", "inherit"],
        }),
      );
      let text = "";
      child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
        // In the middle of new periods in every life: the later ones meet claims of which nothing was told.
        if (text.split("\n").length > 9 + seed / 100) child.kill("SIGKILL");
      });
      const [, signal] = (await once(child, "close")) as [number | null, string | null];
      expect(signal).to.equal("SIGKILL");
      for (const line of text.split("\n").slice(0, -1)) {
        const [period = "", ...signed] = line.split(" ");
        out.set(period, (out.get(period) ?? new Set()).add(signed.join(" ")));
        lines += 1;
      }
    }
    expect(lines).to.be.above(40);
    for (const [period, signed] of out) expect(signed.size, `period ${period}`).to.equal(1);
  });

  it("is one for each key, index, revision, chain and contract", async () => {
    const path = newPath();
    const guard = new SigningGuard(path, domain);
    const elsewhere = new SigningGuard(path, { ...domain, chainId: 1 });
    const [one, two] = [reportOf(1, 1, 0), reportOf(1, 1, 9)];
    const other = privateKeyToAccount(`0x${"11".repeat(32)}`);
    expect(guard.claim(account.address, one)).to.deep.equal({ report: one, isOlder: false });
    expect(guard.claim(account.address, two)).to.deep.equal({ report: one, isOlder: true });
    // Another deadline alone makes another report, and so another signature.
    const later = { ...one, deadline: one.deadline + 1n };
    expect(guard.claim(account.address, later)).to.deep.equal({ report: one, isOlder: true });
    expect(guard.claim(other.address, two).isOlder).to.be.false;
    expect(guard.claim(account.address, { ...two, revision: 2 }).isOlder).to.be.false;
    expect(elsewhere.claim(account.address, two).isOlder).to.be.false;
    const { signed } = await signGuarded(guard, account, domain, two);
    expect(await recoverReporter({ ...one, ...domain, ...signed })).to.equal(account.address);
    expect(signed).to.deep.equal(await signReport({ account, ...domain, ...one }));
    guard.close();
    elsewhere.close();
  });

  it("is append-only, to others too", () => {
    const path = newPath();
    const guard = new SigningGuard(path, domain);
    guard.claim(account.address, reportOf(1, 1, 0));
    const database = new DatabaseSync(path);
    expect(() => database.exec("DELETE FROM signed")).to.throw("signed is append-only");
    expect(() => database.exec("UPDATE signed SET value = '1'")).to.throw("signed is append-only");
    database.close();
    guard.close();
  });
});
