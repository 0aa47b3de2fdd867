import { copyFileSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { getAccount, getFund, getMarket, depositFor, approveCollateral, parseCollateral } from "@usance/sdk";
import { placeOrder, type Order } from "@usance/sdk";
import { expect } from "chai";
import { pino } from "pino";
import { perpetualListing } from "../../scripts/deploy/markets.ts";
import { AlertDesk } from "../../scripts/keepers/alerts/desk.ts";
import { findIndex, findJobs, marginLevel, type Finding } from "../../scripts/keepers/alerts/findings.ts";
import { readWebhooks } from "../../scripts/keepers/alerts/webhooks.ts";
import { parseConfig, type AlertsConfig } from "../../scripts/keepers/config.ts";
import { createLiquidationKeeper } from "../../scripts/keepers/liquidation.ts";
import { createMetrics } from "../../scripts/keepers/metrics.ts";
import { createWatch } from "../../scripts/keepers/watch.ts";
import { CommandLine, ended, launch, privateKeyOf } from "../support/command-line.ts";
import { Exchange, FIRST } from "../support/exchange.ts";
import { Doorway } from "../support/doorway.ts";
import { Receiver } from "../support/receiver.ts";

const log = pino({ level: "silent" });
const retries = { firstPauseSeconds: 0.01, longestPauseSeconds: 0.05, lookSeconds: 0.01 };
const usd = (amount: string) => parseCollateral(amount);

const MAKER = 1;
const TRADER = 2;
const KEEPER = 3;

const folder = () => mkdtempSync(join(tmpdir(), "usance-"));

function deskOf(config: AlertsConfig, receiver: Receiver, over: Partial<typeof retries> = {}): AlertDesk {
  const [{ name = "", events } = {}] = config.webhooks;
  return new AlertDesk({
    config,
    webhooks: [{ name, url: receiver.url, secret: receiver.secret, events }],
    chainId: 31_337,
    log,
    metrics: createMetrics(),
    retries: { ...retries, ...over },
  });
}

function alertsConfig(stateFile: string, watch: object[] = []): AlertsConfig {
  const webhooks = [{ name: "operations", urlVariable: "HOOK_URL", secretVariable: "HOOK_SECRET" }];
  return parseConfig({ alerts: { stateFile, webhooks, watch } }).alerts as AlertsConfig;
}

const trouble = (level: number, subject = "balance"): Finding => ({
  subject,
  level,
  begins: "balanceLow",
  ends: "balanceRestored",
  severity: "warning",
  text: `level ${level}`,
  endText: "over",
  details: {},
});

describe("margin levels", () => {
  const terms = { levelsPercent: [200, 150, 120], hysteresisPercent: 10 };
  const at = (percent: bigint, before = 0) =>
    marginLevel({ equity: percent * 10n, maintenanceMargin: 1_000n }, terms, before);

  it("count what equity has fallen below; equality is above", () => {
    expect([201n, 200n, 199n, 150n, 149n, 119n, 0n, -50n].map((percent) => at(percent))).to.deep.equal([
      0, 0, 1, 1, 2, 3, 3, 3,
    ]);
    expect(marginLevel({ equity: 0n, maintenanceMargin: 0n }, terms, 3)).to.equal(0);
  });

  it("hold until equity is above them by the hysteresis", () => {
    expect([209n, 210n].map((percent) => at(percent, 1))).to.deep.equal([1, 0]);
    expect([155n, 160n, 129n, 130n, 205n, 210n].map((percent) => at(percent, 3))).to.deep.equal([
      2, 1, 3, 2, 1, 0,
    ]);
    expect(at(110n, 1)).to.equal(3);
  });
});

describe("findings", () => {
  it("tell of a job once it has been unwell for long enough, and of its recovery", () => {
    const since = new Map<string, number>();
    const health = (healthy: boolean) => ({
      healthy,
      head: { healthy: true },
      jobs: { sync: { healthy, rounds: 0, failures: 0, ...(healthy ? {} : { wrong: "it stands still" }) } },
    });
    const levels = (healthy: boolean, now: number) =>
      findJobs(health(healthy), since, { now, unhealthySeconds: 60 })
        .filter(({ subject }) => subject === "job:sync")
        .map(({ level }) => level);
    expect(levels(true, 0)).to.deep.equal([0]);
    expect(levels(false, 1_000)).to.deep.equal([]);
    expect(levels(false, 60_999)).to.deep.equal([]);
    expect(levels(false, 61_000)).to.deep.equal([1]);
    expect(levels(true, 62_000)).to.deep.equal([0]);
    expect(levels(false, 63_000)).to.deep.equal([]);
  });

  it("count the limits that a silent index has passed, the second of each included", () => {
    const index = {
      id: 1,
      name: "TU1D",
      staleAt: 10n,
      haltedAt: 20n,
      settledAt: 30n,
      newestDate: "2025-01-07",
    };
    expect([9, 10, 19, 20, 30].map((now) => findIndex({ ...index, now }).level)).to.deep.equal([
      0, 1, 1, 2, 3,
    ]);
  });
});

describe("the alert desk", () => {
  let receiver: Receiver;
  beforeEach(async () => {
    receiver = await Receiver.start("s3cret");
  });
  afterEach(() => receiver?.close());

  it("tells each trouble once, a worse one again, and its end", async () => {
    const desk = deskOf(alertsConfig(join(folder(), "alerts.json")), receiver);
    for (const level of [0, 1, 1, 2, 1, 2, 0, 0]) desk.take([trouble(level)], ["balance"]);
    await desk.deliver();
    expect(receiver.taken.map(({ text }) => text)).to.deep.equal(["level 1", "level 2", "level 2", "over"]);
    expect(receiver.forged).to.equal(0);
  });

  it("tries again, later each time, until the webhook takes it, and says so while it does not", async () => {
    const desk = deskOf(alertsConfig(join(folder(), "alerts.json")), receiver);
    receiver.refusals = 4;
    desk.take([trouble(1)], ["balance"]);
    const healths = new Set<boolean>();
    while (receiver.taken.length === 0) {
      await desk.deliver();
      healths.add(desk.health().healthy);
      await sleep(2);
    }
    expect(receiver.came).to.have.length(5);
    expect(new Set(receiver.came.map(({ id }) => id)).size).to.equal(1);
    expect([...healths]).to.deep.equal([true, false, true].slice(0, healths.size));
    expect(healths.has(false)).to.be.true;
    expect(desk.health()).to.include({ healthy: true, rounds: 1 });
  });

  it("loses nothing with the process: what was not taken is sent after a restart, what was told is not", async () => {
    const path = join(folder(), "alerts.json");
    receiver.refusals = 1;
    const first = deskOf(alertsConfig(path), receiver);
    first.take([trouble(1)], ["balance"]);
    await first.deliver();
    expect(receiver.taken).to.be.empty;

    const second = deskOf(alertsConfig(path), receiver);
    second.take([trouble(1)], ["balance"]);
    await second.deliver();
    expect(receiver.taken.map(({ text }) => text)).to.deep.equal(["level 1"]);

    const third = deskOf(alertsConfig(path), receiver);
    third.take([trouble(1)], ["balance"]);
    await third.deliver();
    expect(receiver.taken).to.have.length(1);
  });

  it("repeats an alert, by the same id, where it ended between answer and note", async () => {
    const path = join(folder(), "alerts.json");
    const first = deskOf(alertsConfig(path), receiver);
    first.take([trouble(1)], ["balance"]);
    copyFileSync(path, `${path}.before`);
    await first.deliver();
    copyFileSync(`${path}.before`, path);
    await deskOf(alertsConfig(path), receiver).deliver();
    const [one, two] = receiver.taken;
    expect(one).to.deep.equal(two);
  });

  it("notes an event once, however often its block is read", async () => {
    const path = join(folder(), "alerts.json");
    const event = { id: "0x01-3", block: 9n, event: "deleveraging", severity: "critical" } as const;
    const occurrences = [{ ...event, subject: "market:1", text: "a round", details: {} }];
    for (const block of [9n, 10n, 11n]) {
      const desk = deskOf(alertsConfig(path), receiver);
      desk.take([], [], { occurrences, block });
      await desk.deliver();
      // Twelve blocks are read again.
      expect(desk.nextBlock).to.equal(0n);
    }
    expect(receiver.taken.map(({ id }) => id)).to.deep.equal(["0x01-3"]);
    expect((JSON.parse(readFileSync(path, "utf8")) as { cursor: string }).cursor).to.equal("11");
  });

  it("tells a webhook only what it asked for", async () => {
    const config = alertsConfig(join(folder(), "alerts.json"));
    const [hook] = config.webhooks;
    if (hook) hook.events = ["balanceRestored"];
    const desk = deskOf(config, receiver);
    for (const level of [1, 0]) desk.take([trouble(level)], ["balance"]);
    desk.take([{ ...trouble(1, "margin:2048"), webhooks: ["somebody-else"] }], ["margin"]);
    await desk.deliver();
    expect(receiver.taken.map(({ event }) => event)).to.deep.equal(["balanceRestored"]);
  });

  it("refuses a file that is none of its own, and a webhook whose variables are not set", () => {
    const path = join(folder(), "alerts.json");
    writeFileSync(path, "{}");
    expect(() => deskOf(alertsConfig(path), receiver)).to.throw(
      /^The file of alerts .*alerts\.json is wrong/,
    );
    const config = alertsConfig(path);
    const said = (environment: NodeJS.ProcessEnv) => () => readWebhooks(config, environment);
    expect(said({})).to.throw(
      "The webhook operations needs its address: set the environment variable HOOK_URL.",
    );
    expect(said({ HOOK_URL: "https://x" })).to.throw(/HOOK_SECRET/);
    expect(said({ HOOK_URL: "ftp://secret", HOOK_SECRET: "s" }))
      .to.throw(/HOOK_URL does not hold an address/)
      .with.property("message")
      .that.does.not.include("secret");
  });
});

describe("alerts of an exchange", () => {
  // A process starts within it, and machines are slow at times.
  let exchange: Exchange;
  let line: CommandLine;
  let receiver: Receiver;
  let maker: number;
  let trader: number;
  let market: number;
  let config: AlertsConfig;
  let day = FIRST + 7;

  const state = () => getAccount(exchange.client, { deployment: exchange.deployment, accountId: trader });
  async function trade(wallet: number, accountId: number, order: Order): Promise<void> {
    const { deployment } = exchange;
    await exchange.mined(await placeOrder(exchange.wallet(wallet), { deployment, accountId, ...order }));
  }
  /** One look at the exchange by a process that has just started, and what it told since the last one. */
  async function look(): Promise<string[]> {
    const { deployment } = exchange;
    const before = receiver.taken.length;
    const desk = deskOf(config, receiver);
    const alerts = { desk, config };
    const watch = createWatch({
      client: exchange.wallet(KEEPER),
      deployment,
      log,
      metrics: createMetrics(),
      alerts,
    });
    await watch.init();
    await watch.runOnce();
    await desk.deliver();
    return receiver.taken.slice(before).map(({ event, subject }) => `${event} ${subject}`);
  }

  // A week of even usage, then days on which next to nothing is used: the followed index falls 8 % a day.
  before(async () => {
    exchange = await Exchange.start([...Array<number>(7).fill(1_000_000), ...Array<number>(9).fill(100_000)]);
    line = new CommandLine(exchange);
    receiver = await Receiver.start("s3cret-of-the-webhook");
    await exchange.postDays(FIRST, FIRST + 6);
    market = await exchange.list(perpetualListing({ feed: 1, index: 1_000n * 10n ** 18n }));
    maker = await exchange.fund(MAKER, usd("1000000"));
    trader = await exchange.fund(TRADER, usd("2600"));
    await exchange.fund(KEEPER, usd("10"));
    await trade(MAKER, maker, { market, lots: -10_000n, tick: 2_000n });
    await trade(TRADER, trader, { market, lots: 10_000n, tick: 2_000n });
    config = alertsConfig(join(folder(), "alerts.json"), [{ account: trader, label: "a customer" }]);
  });
  after(async () => {
    await receiver?.close();
    await exchange?.close();
  });

  it("are none while all is well", async () => {
    expect(await look()).to.deep.equal([]);
  });

  it("warn before liquidation, each level once, also over restarts", async () => {
    for (let { equity, maintenanceMargin } = await state(); equity >= 2n * maintenanceMargin;) {
      await exchange.postDay(day++);
      ({ equity, maintenanceMargin } = await state());
    }
    expect(await look()).to.deep.equal([`marginWarning margin:${trader}`]);
    const { equity, maintenanceMargin } = await state();
    const { text, details } = receiver.taken.at(-1)!;
    expect(details).to.include({ account: trader, label: "a customer", equity: `${equity}` });
    expect(details["percent"]).to.equal(Number((equity * 100n) / maintenanceMargin));
    expect(text).to.match(
      /^The equity of account \d+ \(a customer\) is below \d+ % of its maintenance margin/,
    );
    expect(await look()).to.deep.equal([]);
  });

  it("tell when the margin is well again", async () => {
    const { deployment } = exchange;
    const wallet = exchange.wallet(TRADER);
    await exchange.mint(TRADER, usd("2000"));
    await exchange.mined(await approveCollateral(wallet, { deployment, amount: usd("2000") }));
    await exchange.mined(await depositFor(wallet, { deployment, accountId: trader, amount: usd("2000") }));
    expect(await look()).to.deep.equal([`marginRecovered margin:${trader}`]);
  });

  it("tell of a liquidation", async () => {
    const { client, deployment } = exchange;
    for (let account = await state(); account.equity >= account.maintenanceMargin; account = await state())
      await exchange.postDay(day++);
    const { markX16 } = await getMarket(client, { deployment, market });
    await trade(MAKER, maker, { market, lots: 20_000n, tick: markX16 >> 16n });
    const keeper = createLiquidationKeeper({ client: exchange.wallet(KEEPER), deployment, log });
    await keeper.init();
    const { outcomes } = await keeper.runOnce();
    // What the keeper was paid is known from the receipt.
    expect(outcomes.find(({ action }) => action.kind === "liquidate"))
      .to.have.property("earned")
      .above(0n);
    expect(await look()).to.have.members([`marginWarning margin:${trader}`, `liquidation account:${trader}`]);
    expect(await look()).to.deep.equal([]);
  });

  it("tell of an index that falls silent, worse with each limit, and of a fund's end", async () => {
    const { client, deployment } = exchange;
    while (exchange.reporter.prints.has(day) && (await state()).equity > 0n) await exchange.postDay(day++);
    const keeper = createLiquidationKeeper({ client: exchange.wallet(KEEPER), deployment, log });
    await keeper.init();
    await keeper.runOnce();
    const { deficit } = await getFund(client, { deployment, market });
    const told = await look();
    if ((await state()).retired) expect(told).to.include(`liquidation account:${trader}`);
    expect(told.includes(`deficit deficit:${market}`)).to.equal(deficit > 0n);
    await exchange.warp((day + 2) * 86_400 + 8 * 3_600);
    expect(await look()).to.deep.equal(["indexStale index:1"]);
    expect(receiver.taken.at(-1)?.details).to.include({ index: "TU1D", limit: 1 });
    await exchange.warp((day + 3) * 86_400 + 8 * 3_600);
    expect(await look()).to.deep.equal(["indexStale index:1"]);
    expect(receiver.taken.at(-1)?.text).to.match(/limit 2 of 3/);
  });

  it("are checked and sent by a process, which tells no secret, whatever fails", async () => {
    const node = await Doorway.open(exchange.rpc);
    const hidden = {
      rpc: "k3y-0f-the-n0de-0123456789",
      webhook: "t0ken-0f-the-webh00k-0123",
      secret: receiver.secret,
      key: privateKeyOf(KEEPER).slice(2),
    };
    const path = join(folder(), "keeper.jsonc");
    const stateFile = join(folder(), "alerts.json");
    const webhooks = [{ name: "operations", urlVariable: "HOOK_URL", secretVariable: "HOOK_SECRET" }];
    const alerts = { stateFile, webhooks, unhealthySeconds: 0.1, watch: [{ account: maker }] };
    const pace = { everySeconds: 0.05 };
    writeFileSync(
      path,
      JSON.stringify({
        http: { port: 0 },
        logLevel: "debug",
        ...{ sync: pace, liquidation: pace, waterfall: pace, settlement: pace, purge: pace, watch: pace },
        supervision: { firstPauseSeconds: 0.05, longestPauseSeconds: 0.1 },
        alerts,
      }),
    );
    const environment = {
      ...line.environment(KEEPER),
      USANCE_RPC: `${node.url}/v2/${hidden.rpc}`,
      HOOK_URL: `${receiver.url}/${hidden.webhook}`,
      HOOK_SECRET: hidden.secret,
    };
    const checked = await line.usance(
      ["keeper", "check", "--config", path, "--test-alerts"],
      KEEPER,
      environment,
    );
    expect(checked.code, checked.err).to.equal(0);
    expect(checked.out).to.match(/test alert to operations +ok +taken/);
    expect(checked.out).to.match(/node +ok +chain 31337, block \d+/);
    await receiver.take(({ event }) => event === "test");

    receiver.refusals = 2;
    const child = launch(["keeper", "run", "--config", path], environment);
    let told = "";
    child.stderr.on("data", (text) => (told += String(text)));
    const end = ended(child);
    const said = async (pattern: RegExp) => {
      for (;;) {
        const [, found] = pattern.exec(told) ?? [];
        if (found !== undefined) return found;
        expect(child.exitCode, told).to.equal(null);
        await sleep(10);
      }
    };
    const url = await said(/"url":"(http:[^"]+)"/);
    // The fund's market is silent, so its index is told of, after two refusals.
    await receiver.take(({ event, id }) => event === "indexStale" && told.includes(id));
    await node.stop();
    await said(/(the node does not answer as it should)/);
    await receiver.take(({ event, subject }) => event === "jobUnhealthy" && subject === "job:watch");
    for (const place of ["health", "health/watch", "metrics"]) {
      const response = await fetch(`${url}/${place}`, { headers: { connection: "close" } });
      if (place !== "metrics") expect(response.status).to.equal(503);
      told += await response.text();
    }
    child.kill("SIGTERM");
    const { code, out } = await end;
    expect(code, told).to.equal(0);
    const everything = `${told}${out}${checked.out}${checked.err}${readFileSync(stateFile, "utf8")}`;
    for (const secret of Object.values(hidden)) expect(everything).not.to.include(secret);
    expect(everything).to.include('"msg":"ended"');
    expect(receiver.forged).to.equal(0);
  });
});
