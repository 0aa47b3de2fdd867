import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { approveCollateral, bondReporter } from "@usance/sdk";
import { expect } from "chai";
import { stringToHex, toHex } from "viem";
import { run } from "../../../scripts/cli/program.ts";
import { saveDeployment } from "../../../scripts/deploy/deployment.ts";
import { BOND_TERMS } from "../../../scripts/deploy/terms.ts";
import { SECONDS_PER_DAY } from "../../../scripts/lib/calendar.ts";
import { withAccount } from "../../../scripts/lib/client.ts";
import { IndexChain } from "../../../scripts/reporter/node/chain.ts";
import { parseReporterConfig } from "../../../scripts/reporter/node/config.ts";
import { examine, type Finding } from "../../../scripts/reporter/node/doctor.ts";
import { REPORTER_KEY_VARIABLE } from "../../../scripts/reporter/node/key.ts";
import { privateKeyToAccount } from "viem/accounts";
import { endsWithTests } from "../../support/children.ts";
import { Exchange, FIRST, key } from "../../support/exchange.ts";
import { Contributor, stated, TestPanel, type Seat } from "./panel.ts";

const launcher = fileURLToPath(new URL("../../../scripts/cli/usance.mjs", import.meta.url));

describe("usance report", function () {
  this.timeout(240_000);
  let exchange: Exchange;
  let contributor: Contributor;
  let panel: TestPanel;
  let seat: Seat;
  before(async () => {
    exchange = await Exchange.start();
    contributor = new Contributor("router");
    panel = await TestPanel.start(exchange, [contributor], []);
    seat = panel.seats[0] as Seat;
    const { deployment } = exchange;
    const reporter = withAccount(exchange.client, seat.account);
    await exchange.mintTo(seat.account.address, BOND_TERMS.amount);
    const approval = { deployment, spender: deployment.reporterBonds, amount: BOND_TERMS.amount };
    await exchange.mined(await approveCollateral(reporter, approval));
    await exchange.mined(await bondReporter(reporter, { deployment, payee: key(5).address }));
    for (const period of [FIRST, FIRST + 1]) {
      await contributor.state(stated(period), (period + 1) * SECONDS_PER_DAY);
      await panel.sit(period, 1);
    }
    await panel.at((FIRST + 2) * SECONDS_PER_DAY + 7 * 3_600);
  });
  after(async () => {
    panel?.close();
    contributor?.close();
    await exchange?.close();
  });

  const content = () => ({
    folder: seat.folder,
    http: { port: 0 },
    contributors: [contributor.admission],
    peers: panel.seats.slice(1).map(({ account, url }) => ({ address: account.address, url })),
  });

  async function findings(
    change: object = {},
    account = seat.account as Parameters<typeof examine>[0]["account"],
    now = panel.now,
  ) {
    const config = parseReporterConfig({ ...content(), ...change });
    const { deployment } = exchange;
    const client = withAccount(exchange.client, account);
    const chain = new IndexChain({ client, deployment, index: stringToHex(config.index, { size: 32 }) });
    return examine({ config, account, client, chain, clock: () => now });
  }
  const ills = (all: Finding[]) =>
    all.filter(({ ok }) => !ok).map(({ check, sentence }) => `${check}: ${sentence}`);

  it("doctor finds nothing where all is well", async () => {
    const all = await findings();
    expect(ills(all)).to.deep.equal([]);
    expect(new Set(all.map(({ check }) => check))).to.deep.equal(
      new Set(["key", "index", "seat", "bond", "clock", "balance", "contributors", "peers", "periods"]),
    );
    expect(all.at(-1)?.sentence).to.equal("Every day from 2025-01-01 to 2025-01-02 has a print.");
  });

  it("doctor says what is ill, and what to do", async () => {
    const stranger = privateKeyToAccount(`0x${"5a".repeat(32)}`);
    const foreign = ills(await findings({}, stranger));
    expect(foreign).to.have.length(3);
    expect(foreign[0]).to.match(
      /^seat: .* holds no seat on the panel, so its reports do not count: ask for one/,
    );
    expect(foreign[1]).to.match(
      /^bond: .* has no bond, so it must have one by 2025-01-0\dT.*: put 50000 of collateral behind it with usance report bond\.$/,
    );
    expect(foreign[2]).to.match(/^balance: .* too little for 30 posts: send at least [\d.]+ to 0x/);

    const [few] = ills(await findings({ peers: content().peers.slice(0, 2) }));
    expect(few).to.match(/^index: TU1D needs 5 reports and the configuration names 3 reporters: add/);

    const wrongAddress = ills(
      await findings({ contributors: [{ ...contributor.admission, address: key(3).address }] }),
    );
    expect(wrongAddress).to.have.length(1);
    expect(wrongAddress[0]).to.match(
      /^contributors: router has no usable statement of 2025-01-02 \(.*WrongSigner/,
    );

    const slow = ills(await findings({}, seat.account, panel.now - 60));
    expect(slow[0]).to.match(/^clock: The newest block is \d+ s ahead .*: set the clock \(NTP\)/);
    const fast = ills(await findings({}, seat.account, panel.now + 3_600));
    expect(fast[0]).to.match(/^clock: The newest block is 3\d\d\d s old: either the clock is fast/);
  });

  it("doctor finds days without a print, without a statement, and without this node's signature", async () => {
    await exchange.warp((FIRST + 3) * SECONDS_PER_DAY + 7 * 3_600);
    const missed = ills(await findings({}, seat.account, (FIRST + 3) * SECONDS_PER_DAY + 7 * 3_600));
    expect(missed).to.have.length(3);
    expect(missed[0]).to.include("contributors: router answers, but has no statement of 2025-01-03");
    expect(missed[1]).to.include("periods: 2025-01-03 has no print though it is due");
    expect(missed[2]).to.include("periods: This node signed nothing for 2025-01-03");
  });

  it("doctor ends with 1 where anything is ill, and the node of the command answers, then ends when it is told to", async () => {
    const folder = mkdtempSync(join(tmpdir(), "usance-"));
    const [config, deployment] = [join(folder, "reporter.jsonc"), join(folder, "deployment.json")];
    writeFileSync(config, JSON.stringify({ ...content(), folder: join(folder, "data") }));
    saveDeployment(exchange.deployment, deployment);
    const environment = {
      USANCE_RPC: exchange.rpc,
      USANCE_DEPLOYMENT: deployment,
      [REPORTER_KEY_VARIABLE]: toHex(seat.account.getHdKey().privateKey ?? new Uint8Array()),
    };
    const before = { ...process.env };
    Object.assign(process.env, environment);
    let [out, err] = ["", ""];
    const code = await run(["report", "doctor", "--config", config], {
      writeOut: (text) => (out += text),
      writeErr: (text) => (err += text),
    }).finally(() => (process.env = before));
    // The clock of the machine is years ahead of this chain.
    expect(code).to.equal(1);
    expect(out)
      .to.match(/FAIL +clock/)
      .and.match(/ok +seat/);
    expect(err).to.match(/^\d+ of \d+ findings need somebody to act\.\n$/);

    const child = endsWithTests(
      spawn(process.execPath, [launcher, "report", "run", "--config", config, "--dry-run"], {
        env: { ...process.env, ...environment },
        stdio: ["ignore", "ignore", "pipe"],
      }),
    );
    let log = "";
    const url = await new Promise<string>((resolve, reject) => {
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        log += text;
        const [, found] = /"url":"([^"]+)"/.exec(log) ?? [];
        if (found !== undefined) resolve(found);
      });
      child.on("close", () => reject(new Error(log)));
    });
    while (!(await (await fetch(`${url}/metrics`)).text()).includes('ticks_total{result="done"} 1'));
    expect(await (await fetch(`${url}/health`)).json()).to.include({
      reporter: seat.account.address,
      dryRun: true,
    });
    child.kill("SIGTERM");
    const [status] = (await once(child, "exit")) as [number | null];
    expect(status, log).to.equal(0);
    expect(log).not.to.include(environment[REPORTER_KEY_VARIABLE]?.slice(2) ?? "");
  });
});
