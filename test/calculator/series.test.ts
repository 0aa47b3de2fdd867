import { expect } from "chai";
import { TU1D_RULES } from "../../scripts/calculator/rules.ts";
import {
  calculateAt,
  cutoffOf,
  knownStatements,
  revisionFor,
  stageAt,
  type ReceivedStatement,
} from "../../scripts/calculator/series.ts";
import type { Statement } from "../../scripts/calculator/statement.ts";
import { dateOfPeriod } from "../../scripts/lib/calendar.ts";
import { BASE, names, refusalOf, row, RULES, statement } from "./statements.ts";

const DAY = 86_400;
const at = (seconds: number) => new Date(seconds * 1_000).toISOString();
const received = (each: Statement, receivedAt: number, version = 1): ReceivedStatement => ({
  statement: each,
  version,
  receivedAt,
});

describe("stages", () => {
  it("are provisional from 04:00 UTC on the day after and final from two days after its end on", () => {
    const period = TU1D_RULES.basePeriod;
    expect(dateOfPeriod(period)).to.equal("2025-01-01");
    expect(at(cutoffOf(period, "provisional"))).to.equal("2025-01-02T04:00:00.000Z");
    expect(at(cutoffOf(period, "final"))).to.equal("2025-01-04T00:00:00.000Z");
    expect(stageAt(period, cutoffOf(period, "provisional") - 1)).to.equal(undefined);
    expect(stageAt(period, cutoffOf(period, "provisional"))).to.equal("provisional");
    expect(stageAt(period, cutoffOf(period, "final") - 1)).to.equal("provisional");
    expect(stageAt(period, cutoffOf(period, "final"))).to.equal("final");
  });

  it("take the statements that are known then: a correction counts from the final calculation on", () => {
    const end = (BASE + 2) * DAY;
    const first = received(statement("a", BASE, { m: 100n }), (BASE + 1) * DAY);
    const early = received(statement("a", BASE + 1, { m: 110n }), end);
    const corrected = received(statement("a", BASE + 1, { m: 120n }), end + DAY, 2);
    const late = received(statement("a", BASE + 1, { m: 130n }), cutoffOf(BASE + 1, "final", RULES), 3);
    const printAt = (now: number, all = [late, first, corrected, early]) => calculateAt(all, now, RULES)[1];
    const provisional = printAt(cutoffOf(BASE + 1, "provisional", RULES));
    expect(provisional).to.include({ stage: "provisional", print: 1_100n * 10n ** 18n });
    const final = printAt(cutoffOf(BASE + 1, "final", RULES));
    expect(final).to.include({ stage: "final", print: 1_200n * 10n ** 18n });
    expect(final?.vintage).not.to.equal(provisional?.vintage);
    expect(printAt(cutoffOf(BASE + 1, "provisional", RULES) - 1)).to.equal(undefined);
    expect(printAt(1e9, [first, corrected, late])).to.include({ print: 1_200n * 10n ** 18n });
  });

  it("limit a link that does not pass from the first print on, and the way back like the way up", () => {
    const liar = (i: number) => (i === 1 ? 10n ** 9n : 1_000n);
    const all = [0, 1, 2].flatMap((i) =>
      names("c", 7).map((each, c) =>
        received(statement(each, BASE + i, { m: c === 0 ? liar(i) : 1_000n }), (BASE + i + 1) * DAY),
      ),
    );
    const now = cutoffOf(BASE + 2, "provisional", RULES);
    const early = calculateAt(all, now, RULES);
    // A contributor that closes the gate keeps no print back: what the final calculation says is printed at once.
    expect(early.map(({ status }) => status)).to.deep.equal(["printed", "limited", "limited"]);
    const final = calculateAt(all, cutoffOf(BASE + 2, "final", RULES), RULES);
    expect(final.map(({ status }) => status)).to.deep.equal(["printed", "limited", "limited"]);
    expect(early.map(({ print }) => print)).to.deep.equal(final.map(({ print }) => print));
    // The level returns to where honest contributors left it.
    const difference = (final[2]?.print ?? 0n) - 1_000n * 10n ** 18n;
    expect(difference <= 1n && difference >= -1n, `${difference}`).to.be.true;
  });
});

describe("known statements", () => {
  const one = statement("a", BASE, { m: 1n });
  const two = statement("a", BASE, { m: 2n });

  it("are the newest version of each contributor before the cut-off, in whatever order they came", () => {
    const other = statement("b", BASE, { m: 7n });
    const all = [received(two, 20, 2), received(one, 10), received(other, 15), received(other, 29)];
    for (const order of [all, [...all].reverse()]) {
      expect(knownStatements(order, 30)).to.have.deep.members([two, other]);
      expect(knownStatements(order, 20)).to.have.deep.members([one, other]);
      expect(knownStatements(order, 10)).to.deep.equal([]);
    }
  });

  it("are refused where two differ under one version, in whatever order they came", () => {
    const all = [received(one, 1), received(two, 3), received(one, 2, 2)];
    for (const order of [all, [...all].reverse()])
      expect(refusalOf(() => knownStatements(order, 9))).to.deep.equal(["ConflictingVersions", 1, 2]);
    expect(knownStatements(all, 3)).to.deep.equal([one]);
    const bad = { ...one, rows: [row("m", 4n, { reasoning: 2n })] };
    expect(refusalOf(() => knownStatements([received(bad, 1)], 9))?.[0]).to.equal("ReasoningAboveOutput");
  });
});

describe("revisions", () => {
  it("go up by one where the value changed, and nothing is posted where it did not", () => {
    expect(revisionFor(undefined, 5n)).to.equal(1);
    expect(revisionFor({ revision: 4, value: 5n }, 5n)).to.equal(undefined);
    expect(revisionFor({ revision: 4, value: 5n }, 6n)).to.equal(5);
  });
});

describe("the whole calculation", () => {
  // Written down once: the same statements must give the same bits on every machine and in every later version.
  const amounts = [
    [9_000_000n, 400_000n, 77_000n],
    [310_000n, 2_900_000n, 1n],
    [45_000n, 61_000n, 520_000n],
    [700_000n, 700_001n, 700_002n],
    [1_234_567n, 89n, 1_011_121n],
    [5_500n, 3_000_000n, 88_888n],
  ];
  const growth = [
    [100n, 104n, 103n, 180n],
    [100n, 97n, 99n, 98n],
    [100n, 101n, 110n, 111n],
  ];
  const all = [0, 1, 2, 3].flatMap((i) =>
    amounts.map((models, c) => {
      const rows = models.map((tokens, m) =>
        row(`m${m}`, (tokens * (growth[(c + m) % 3]?.[i] ?? 0n)) / 100n + BigInt(c)),
      );
      const free = row("m0", 5_000_000n, { priced: false });
      return received(
        { contributor: `c${c}`, period: BASE + i, rows: [...rows, free] },
        (BASE + i + 1) * DAY,
      );
    }),
  );

  it("gives the same prints, statuses and vintages as when it was written", () => {
    const calculations = calculateAt(all, (BASE + 30) * DAY, RULES);
    const found = calculations.map(({ print, status, vintage }) => ({ print, status, vintage }));
    expect(found).to.deep.equal([
      {
        print: 1_000_000_000_000_000_000_000n,
        status: "printed",
        vintage: "0x78c4d621c8835ae3ef2d7142710cc3886c2d9fc47b33b9d8c466cd7380aea852",
      },
      {
        print: 1_016_897_897_501_528_033_889n,
        status: "printed",
        vintage: "0x592e80d25b8676b5fbed2be91c9c32a40834ab525d5708feb1044e55dbf082e1",
      },
      {
        print: 1_038_845_111_515_116_573_251n,
        status: "printed",
        vintage: "0x5d888d022a928dc9e8c31f0542f36295a8a536b6c1780f6e588b83bcd2e61f52",
      },
      {
        print: 1_429_533_782_423_943_299_856n,
        status: "printed",
        vintage: "0x08d7f3aa73fb7045e67f1bb0180dc9fc72a703d5c232cddf4e60062649062c09",
      },
    ]);
  });
});
