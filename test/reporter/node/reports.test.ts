import { signReport } from "@usance/sdk";
import { expect } from "chai";
import fc from "fast-check";
import { keccak256, toHex, zeroHash, type Address } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { TU1D_RULES } from "../../../scripts/calculator/rules.ts";
import { SECONDS_PER_DAY } from "../../../scripts/lib/calendar.ts";
import { TU1D } from "../../../scripts/reporter/calculation.ts";
import {
  EXCHANGE_SECONDS,
  gatheringSittings,
  openSittings,
  sittingsOf,
  turnOf,
} from "../../../scripts/reporter/node/protocol.ts";
import { ReportStore } from "../../../scripts/reporter/node/report-store.ts";
import {
  ReportError,
  reportFromJson,
  reportToJson,
  verifyReport,
  type FullReport,
} from "../../../scripts/reporter/node/reports.ts";
import { selectReports } from "../../../scripts/reporter/node/select.ts";

const accounts = Array.from({ length: 7 }, (_, i) => privateKeyToAccount(keccak256(toHex(`seat ${i}`))));
const domain = { chainId: 31_337, usageIndex: "0x9fe46736679d2d9a65f0992f2272de9f3c7fa6e0" } as const;
const PERIOD = 20_100;
const NOW = (PERIOD + 1) * SECONDS_PER_DAY + 20_000;
const WAD = 10n ** 18n;
const terms = {
  ...domain,
  index: TU1D,
  firstPeriod: PERIOD,
  maxValue: 2_000n * WAD,
  isActive: (reporter: Address) => Promise.resolve(accounts.some(({ address }) => address === reporter)),
};

async function reportOf(seat: number, change: Partial<FullReport> = {}, by = domain): Promise<FullReport> {
  const account = accounts[seat] ?? privateKeyToAccount(`0x${"22".repeat(32)}`);
  const report = {
    ...{ index: TU1D, period: PERIOD, revision: 1, value: 1_000n * WAD, vintage: zeroHash },
    deadline: BigInt(NOW + 3_600),
    ...change,
  };
  return { ...report, ...(await signReport({ account, ...by, ...report })) };
}

describe("a peer's report", () => {
  it("is accepted where the contract would accept it, also after a way through text", async () => {
    const report = await reportOf(0);
    await verifyReport(report, terms, NOW);
    expect(reportFromJson(JSON.parse(JSON.stringify(reportToJson(report))))).to.deep.equal(report);
  });

  it("is refused with a typed error otherwise: replayed for another index, period, revision, contract or chain too", async () => {
    const good = await reportOf(0);
    // The only high values that the compact form can carry lie between half of the order and 2^255.
    const high = toHex(0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a1n, { size: 32 });
    const cases: [string, FullReport][] = [
      ["WrongIndex", await reportOf(0, { index: keccak256("0x01") })],
      ["FuturePeriod", await reportOf(0, { period: PERIOD + 1 })],
      ["PeriodTooEarly", await reportOf(0, { period: PERIOD - 1 })],
      ["RevisionOutOfRange", await reportOf(0, { revision: 3 })],
      ["RevisionOutOfRange", await reportOf(0, { revision: 0 })],
      ["ZeroValue", await reportOf(0, { value: 0n })],
      ["ValueTooLarge", await reportOf(0, { value: terms.maxValue + 1n })],
      ["ReportExpired", await reportOf(0, { deadline: BigInt(NOW - 1) })],
      ["ReporterInactive", await reportOf(7)],
      ["WrongSigner", { ...good, signer: accounts[1]!.address }],
      ["WrongSigner", { ...good, value: good.value + 1n }],
      ["WrongSigner", { ...good, vintage: keccak256("0x02") }],
      ["WrongSigner", { ...good, revision: 2 }],
      ["WrongSigner", { ...good, deadline: good.deadline + 1n }],
      ["WrongSigner", { ...good, r: zeroHash }],
      ["WrongSigner", await reportOf(0, {}, { ...domain, chainId: 1 as 31_337 })],
      ["MalleableSignature", { ...good, vs: high }],
    ];
    for (const [code, report] of cases) {
      const error: unknown = await verifyReport(report, terms, NOW).catch((reason: unknown) => reason);
      expect(error, code).to.be.instanceOf(ReportError).with.property("code", code);
    }
    expect(() => reportFromJson({ ...reportToJson(good), value: 5 }))
      .to.throw(ReportError)
      .with.property("code", "Malformed");
  });
});

describe("a store of reports", () => {
  it("keeps two that contradict each other as evidence, and no third", async () => {
    const store = new ReportStore(":memory:");
    const [one, two, three] = [
      await reportOf(0),
      await reportOf(0, { value: 999n * WAD }),
      await reportOf(0, { vintage: keccak256("0x03") }),
    ];
    expect(store.add(one)).to.equal("added");
    expect(store.add(one)).to.equal("known");
    expect(store.equivocations()).to.deep.equal([]);
    // Value and vintage are the same: no contradiction.
    expect(store.add(await reportOf(0, { deadline: BigInt(NOW + 7_200) }))).to.equal("known");
    expect(store.add(await reportOf(1))).to.equal("added");
    expect(store.add(two)).to.equal("equivocation");
    expect(store.add(three)).to.equal("known");
    expect(store.equivocations()).to.deep.equal([[one, two]]);
    expect([...store.equivocators(TU1D, PERIOD, 1)]).to.deep.equal([accounts[0]!.address.toLowerCase()]);
    expect(store.reportsOf(TU1D, PERIOD, 1)).to.have.length(3);
    expect(store.reportsOf(TU1D, PERIOD, 2)).to.deep.equal([]);
    store.close();
  });
});

describe("the reports of a post", () => {
  const quorum = { quorum: 5, maxDispersionBps: 100 };
  const said = (...points: number[]) =>
    points.map(
      (value, i) =>
        ({
          signer: accounts[i]!.address,
          value: BigInt(value) * WAD,
          vintage: zeroHash,
        }) as unknown as FullReport,
    );
  const valuesOf = (reports: FullReport[] | undefined) =>
    reports?.map(({ value }) => Number(value / WAD)).sort((a, b) => a - b);

  it("are a quorum of those that say the same, in the order of signers", () => {
    const chosen = selectReports(said(1_000, 1_001, 1_000, 1_000, 999, 1_000, 1_000), quorum);
    expect(valuesOf(chosen)).to.deep.equal([1_000, 1_000, 1_000, 1_000, 1_000]);
    const signers = chosen?.map(({ signer }) => BigInt(signer)) ?? [];
    expect(signers).to.deep.equal([...signers].sort((a, b) => (a < b ? -1 : 1)));
  });

  it("are as many as are close to one another where no quorum says the same, without those beyond", () => {
    expect(valuesOf(selectReports(said(1_000, 1_001, 5_000, 1_003, 999, 1_002, 1), quorum))).to.deep.equal([
      999, 1_000, 1_001, 1_002, 1_003,
    ]);
    expect(valuesOf(selectReports(said(1_000, 1_000, 1_000, 1_000, 1_005), quorum))).to.have.length(5);
  });

  it("are none where no quorum is close enough, or there are too few", () => {
    expect(selectReports(said(1_000, 1_000, 1_000, 1_000), quorum)).to.equal(undefined);
    expect(selectReports(said(1_000, 1_000, 1_000, 1_000, 1_011, 1_011, 1_011), quorum)).to.equal(undefined);
    expect(selectReports(said(1_000, 1_000, 1_000, 1_000, 1_010), quorum)).to.have.length(5);
  });

  it("always pass the contract's test, and their median is one that an honest reporter gave (two liars of seven)", () => {
    const honest = fc.array(fc.integer({ min: 1_000, max: 1_004 }), { minLength: 5, maxLength: 5 });
    const lies = fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 2, maxLength: 2 });
    fc.assert(
      fc.property(honest, lies, (truths, lied) => {
        const chosen = valuesOf(selectReports(said(...truths, ...lied), quorum)) ?? [];
        const median = chosen[(chosen.length - 1) >> 1] ?? 0;
        expect(chosen.length).to.be.at.least(5);
        expect(((chosen.at(-1) ?? 0) - (chosen[0] ?? 0)) * 10_000).to.be.at.most(100 * median);
        expect(median).to.be.within(Math.min(...truths), Math.max(...truths));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("sittings", () => {
  const [provisional, final] = sittingsOf(PERIOD, TU1D_RULES);
  const end = (PERIOD + 1) * SECONDS_PER_DAY;

  it("are two, and a first print gives way to the final one", () => {
    expect(provisional).to.include({ revision: 1, cutoff: end + 4 * 3_600 });
    expect(final).to.include({ revision: 2, cutoff: end + 2 * SECONDS_PER_DAY });
    expect(provisional.deadline).to.be.below(final.cutoff);
    expect(final.deadline).to.be.below(end + 10 * SECONDS_PER_DAY);
  });

  it("gather until peers have told what they know, and are open from then to their deadline", () => {
    const revisions = (sittings: (typeof provisional)[]) =>
      sittings.filter(({ period }) => period === PERIOD).map(({ revision }) => revision);
    const open = (now: number) => revisions(openSittings(now, PERIOD, TU1D_RULES));
    const gather = (now: number) => revisions(gatheringSittings(now, PERIOD, TU1D_RULES));
    const opens = provisional.cutoff + EXCHANGE_SECONDS;
    expect([gather(end - 1), open(end - 1)]).to.deep.equal([[], []]);
    expect([gather(opens - 1), open(opens - 1)]).to.deep.equal([[1, 2], []]);
    expect([gather(opens), open(opens)]).to.deep.equal([[2], [1]]);
    expect([open(final.cutoff), open(final.cutoff + EXCHANGE_SECONDS)]).to.deep.equal([[], [2]]);
    expect([open(final.deadline - 1), open(final.deadline)]).to.deep.equal([[2], []]);
    expect(open(provisional.deadline)).to.deep.equal([]);
    expect(openSittings(opens, PERIOD + 1, TU1D_RULES)).to.deep.equal([]);
  });

  it("give every reporter one turn, and the first one to another each day", () => {
    const panel = accounts.map(({ address }) => address);
    const first = new Set<string>();
    for (let day = 0; day < 7; day++) {
      const turns = panel.map((each) => turnOf(each, [...panel].reverse(), PERIOD + day));
      expect([...turns].sort()).to.deep.equal([0, 1, 2, 3, 4, 5, 6]);
      first.add(panel[turns.indexOf(0)] ?? "");
    }
    expect(first.size).to.equal(7);
  });
});
