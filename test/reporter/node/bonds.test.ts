import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getBond, getFund, payFund } from "@usance/sdk";
import { usageIndexAbi } from "@usance/sdk/abis";
import { expect } from "chai";
import { createPublicClient, http, toHex, type Address } from "viem";
import type { HDAccount } from "viem/accounts";
import { run } from "../../../scripts/cli/program.ts";
import { saveDeployment } from "../../../scripts/deploy/deployment.ts";
import { perpetualListing } from "../../../scripts/deploy/markets.ts";
import { BOND_TERMS } from "../../../scripts/deploy/terms.ts";
import { SECONDS_PER_DAY } from "../../../scripts/lib/calendar.ts";
import { evidenceOf } from "../../../scripts/reporter/node/evidence.ts";
import { REPORTER_KEY_VARIABLE } from "../../../scripts/reporter/node/key.ts";
import { ReportError } from "../../../scripts/reporter/node/reports.ts";
import { Exchange, FIRST, key } from "../../support/exchange.ts";
import { Contributor, stated, TestPanel, type Seat } from "./panel.ts";

const WAD = 10n ** 18n;
const DAY = 86_400;

describe("bonds of reporters", function () {
  this.timeout(240_000);
  let exchange: Exchange;
  let contributor: Contributor;
  let panel: TestPanel;
  let deployment: string;
  let honest: Seat;
  let liar: Seat;
  before(async () => {
    exchange = await Exchange.start();
    contributor = new Contributor("router");
    panel = await TestPanel.start(exchange, [contributor], ["honest", "honest", "lying"]);
    [honest, , liar] = panel.seats as [Seat, Seat, Seat];
    for (let period = FIRST; period < FIRST + 4; period++) {
      await contributor.state(stated(period), (period + 1) * SECONDS_PER_DAY);
      await panel.sit(period, 1);
    }
    await exchange.list(perpetualListing({ feed: 1, index: 1_000n * WAD }));
    deployment = join(mkdtempSync(join(tmpdir(), "usance-")), "deployment.json");
    saveDeployment(exchange.deployment, deployment);
  });
  after(async () => {
    panel?.close();
    contributor?.close();
    await exchange?.close();
  });

  const client = () => createPublicClient({ transport: http(exchange.rpc) });
  const bondOf = (reporter: Address) => getBond(client(), { deployment: exchange.deployment, reporter });
  const seatOf = async (reporter: Address) => {
    const { usageIndex: address } = exchange.deployment;
    const args = [reporter] as const;
    return (await client().readContract({ address, abi: usageIndexAbi, functionName: "reporter", args }))[0];
  };
  const keyOf = (account: HDAccount) => toHex(account.getHdKey().privateKey ?? new Uint8Array());

  /** A configuration file of a seat. */
  function configOf(seat: Seat): string {
    const path = join(mkdtempSync(join(tmpdir(), "usance-")), "reporter.jsonc");
    const peers = panel.seats.filter((each) => each !== seat);
    writeFileSync(
      path,
      JSON.stringify({
        folder: seat.folder,
        contributors: [contributor.admission],
        peers: peers.map(({ account, url }) => ({ address: account.address, url })),
      }),
    );
    return path;
  }

  async function usance(
    args: string[],
    account: HDAccount,
  ): Promise<{ code: number; out: string; err: string }> {
    const before = { ...process.env };
    Object.assign(process.env, {
      USANCE_RPC: exchange.rpc,
      USANCE_DEPLOYMENT: deployment,
      USANCE_PRIVATE_KEY: keyOf(account),
      [REPORTER_KEY_VARIABLE]: keyOf(account),
    });
    let [out, err] = ["", ""];
    const code = await run(args, {
      writeOut: (text) => (out += text),
      writeErr: (text) => (err += text),
    }).finally(() => (process.env = before));
    return { code, out, err };
  }

  const bond = (seat: Seat) =>
    usance(["report", "bond", "--config", configOf(seat), "--payee", key(5).address], seat.account);

  it("are put behind a key by its command, which says what is missing before it does anything", async () => {
    const poor = await bond(honest);
    expect(poor.code).to.equal(1);
    expect(poor.err).to.match(/^A bond is 50000 USD and 0x\w{40} has 0 USD: send it the rest\.\n$/);
    for (const seat of [honest, liar]) {
      await exchange.mintTo(seat.account.address, BOND_TERMS.amount);
      const done = await bond(seat);
      expect(done.err).to.equal("");
      expect(done.out).to.equal(
        `50000 USD stand behind the reports of ${seat.account.address}; ${key(5).address} gets them back.\n`,
      );
      expect(await bondOf(seat.account.address)).to.include({ isBonded: true, payee: key(5).address });
    }
  });

  it("are lost to whoever shows the contract what a node has kept of a liar", async () => {
    const prove = () => usance(["report", "prove", honest.url, "--to", key(6).address], key(4));
    const { out, err } = await prove();
    expect(err).to.equal("");
    expect(out).to.include(liar.account.address).and.not.include(honest.account.address);
    expect(await bondOf(liar.account.address)).to.include({ isBonded: false, withdrawableAt: 0n });
    expect(await seatOf(liar.account.address)).to.be.false;
    expect(await seatOf(honest.account.address)).to.be.true;
    const share = (BOND_TERMS.amount * BigInt(BOND_TERMS.proverBps)) / 10_000n;
    expect(await exchange.balanceOf(key(6).address)).to.equal(share);

    const before = await getFund(client(), { deployment: exchange.deployment, market: 1 });
    await exchange.mined(await payFund(exchange.wallet(3), { deployment: exchange.deployment }));
    const after = await getFund(client(), { deployment: exchange.deployment, market: 1 });
    expect(after.cash - before.cash).to.equal(BOND_TERMS.amount - share);
    expect(await exchange.balanceOf(exchange.deployment.reporterBonds)).to.equal(BOND_TERMS.amount);

    // The evidence stays where it is; there is nothing left to take.
    expect((await prove()).out).to.match(/neither a bond nor a seat/);
  });

  it("go back to their payee two weeks after a reporter has left, by anybody's hand", async () => {
    const left = await usance(["report", "leave", "--config", configOf(honest)], honest.account);
    expect(left.out).to.match(
      /has left the panel; its bond may be paid back from \d{4}-\d\d-\d\dT[\d:.]+Z on\.\n$/,
    );
    expect(await seatOf(honest.account.address)).to.be.false;
    const withdraw = () => usance(["report", "withdraw", honest.account.address], key(4));
    expect((await withdraw()).code).to.equal(1);
    const { withdrawableAt } = await bondOf(honest.account.address);
    expect(Number(withdrawableAt)).to.be.at.least(panel.now + 14 * DAY);
    await exchange.warp(Number(withdrawableAt));
    expect((await withdraw()).err).to.equal("");
    expect(await exchange.balanceOf(key(5).address)).to.equal(BOND_TERMS.amount);
    expect(await exchange.balanceOf(exchange.deployment.reporterBonds)).to.equal(0n);
  });

  it("are not asked for on the word of something that is no evidence", () => {
    for (const json of [null, {}, { reports: [[{}]] }, { reports: [[{}, {}]] }])
      expect(() => evidenceOf(json))
        .to.throw(ReportError)
        .with.property("code", "Malformed");
  });
});
