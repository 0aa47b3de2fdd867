import { mkdtempSync, readFileSync } from "node:fs";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { getPrint, signReport } from "@usance/sdk";
import { pino } from "pino";
import {
  createTestClient,
  http,
  keccak256,
  toHex,
  type Hex,
  type HDAccount,
  type PrivateKeyAccount,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { getBlock } from "viem/actions";
import { TU1D_RULES } from "../../../scripts/calculator/rules.ts";
import type { Statement } from "../../../scripts/calculator/statement.ts";
import { SECONDS_PER_DAY } from "../../../scripts/lib/calendar.ts";
import { withAccount } from "../../../scripts/lib/client.ts";
import { parseUsage, TU1D } from "../../../scripts/reporter/calculation.ts";
import { IndexChain } from "../../../scripts/reporter/node/chain.ts";
import { publishDay } from "../../../scripts/reporter/contributor/publish.ts";
import type { UsageLog } from "../../../scripts/reporter/log/log.ts";
import { openLog } from "../../../scripts/reporter/log/sqlite.ts";
import { createCsvFolderMeter } from "../../../scripts/reporter/meters/csv-folder.ts";
import { readPrint } from "../../../scripts/publication/history.ts";
import { ReporterNode, type NodeOptions } from "../../../scripts/reporter/node/node.ts";
import { sittingsOf, TAKEOVER_SECONDS } from "../../../scripts/reporter/node/protocol.ts";
import { reportToJson, type FullReport } from "../../../scripts/reporter/node/reports.ts";
import { servedBy } from "../../../scripts/reporter/node/run.ts";
import { answerTo } from "../../../scripts/reporter/node/server.ts";
import { DATA_FILE } from "../../../scripts/reporter/reporter.ts";
import { localPanel } from "../../../scripts/reporter/panel.ts";
import { serveStatements } from "../../../scripts/statements/exchange.ts";
import { signStatement, type Admission } from "../../../scripts/statements/signed.ts";
import { StatementStore } from "../../../scripts/statements/store.ts";
import type { Exchange } from "../../support/exchange.ts";

/** Seconds for which a slow reporter lets others wait, where they wait for half of that. */
const SLOWNESS = 1.2;
const HASTE = SLOWNESS / 2;
/** Seconds that a node waits where none is slow: so that a busy machine is not taken for a dead peer. */
const PATIENCE = 10;

const usage = parseUsage(readFileSync(DATA_FILE, "utf8"));

/** Days of the real series that have a figure. */
export const DAYS_STATED = [...usage.keys()].sort((a, b) => a - b);

/** The whole series as a meter reads it from its file: one model, labelled and paid for. */
export async function metered(contributor: string): Promise<UsageLog> {
  const clock = () => ((DAYS_STATED.at(-1) ?? 0) + 2) * SECONDS_PER_DAY * 1_000;
  const log = openLog(":memory:", { contributor, clock });
  const marks = { labelled: true, priced: true, ownAccount: false, freeModels: [] };
  const context = { source: "series", log, clock };
  await createCsvFolderMeter(context, { path: fileURLToPath(DATA_FILE), model: "all", marks }).read();
  return log;
}

/** What one contributor with one model says of a day of the real series. */
export function stated(period: number, tokens = (usage.get(period) ?? 0n) * 1_000_000n): Statement {
  const row = { model: "all", labelled: true, priced: true, ownAccount: false, cached: 0n, reasoning: 0n };
  return { contributor: "router", period, rows: [{ ...row, input: tokens, output: 0n, requests: 0n }] };
}

export type Manner = "honest" | "slow" | "dead" | "lying";

/** A contributor as a process of its own: it signs statements and publishes them. */
export class Contributor {
  readonly id: string;
  readonly account: PrivateKeyAccount;
  readonly store: StatementStore;
  readonly #server: Server;

  constructor(id: string) {
    this.id = id;
    this.account = privateKeyToAccount(keccak256(toHex(`contributor ${id}`)));
    this.store = new StatementStore(":memory:", { contributors: [{ id, address: this.account.address }] });
    this.#server = createServer((request, response) => {
      if (!serveStatements(this.store, request.url ?? "", response)) response.writeHead(404).end();
    }).listen(0, "127.0.0.1");
  }

  get admission(): Admission & { url: string } {
    return { id: this.id, address: this.account.address, url: urlOf(this.#server) };
  }

  /** Publishes a statement; a number above 1 corrects an earlier one. */
  async state(statement: Statement, now: number, number = 1): Promise<void> {
    const signed = await signStatement(statement, number, this.account);
    await this.store.add(signed, { now, source: "own meter" });
  }

  /** Publishes what its meter has logged of a day. */
  async publish(log: UsageLog, period: number, now: number): Promise<void> {
    await publishDay({ log, store: this.store, account: this.account, clock: () => now * 1_000 }, period);
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
    this.store.close();
  }
}

/** One seat of the panel: its address on the network stays the same while its node comes and goes. */
export interface Seat {
  account: HDAccount;
  manner: Manner;
  server: Server;
  url: string;
  handler: RequestListener | undefined;
  folder: string;
  node: ReporterNode | undefined;
}

/** Seven reporters as HTTP servers on loopback, with a clock of their own that is also the chain's. */
export class TestPanel {
  /** Unix seconds. */
  now = 0;
  readonly seats: Seat[] = [];
  readonly #exchange: Exchange;
  readonly #contributors: readonly Contributor[];

  private constructor(exchange: Exchange, contributors: readonly Contributor[]) {
    this.#exchange = exchange;
    this.#contributors = contributors;
  }

  static async start(exchange: Exchange, contributors: readonly Contributor[], manners: readonly Manner[]) {
    const panel = new TestPanel(exchange, contributors);
    const chain = exchange.client.chain;
    const test = createTestClient({ mode: "hardhat", chain, transport: http(exchange.rpc) });
    for (const [i, account] of localPanel().entries()) {
      await test.setBalance({ address: account.address, value: 10n ** 20n });
      const manner = manners[i] ?? "honest";
      const folder = mkdtempSync(join(tmpdir(), "usance-node-"));
      const server = createServer((request, response) => {
        if (seat.handler === undefined) return void response.destroy();
        if (seat.manner !== "slow") return seat.handler(request, response);
        void sleep(SLOWNESS * 1_000).then(() => seat.handler?.(request, response));
      }).listen(0, "127.0.0.1");
      await once(server, "listening");
      const seat: Seat = {
        account,
        manner,
        server,
        url: urlOf(server),
        handler: undefined,
        folder,
        node: undefined,
      };
      panel.seats.push(seat);
    }
    for (const seat of panel.seats) {
      if (seat.manner === "dead") seat.server.close();
      else if (seat.manner === "lying") seat.handler = panel.#lie(seat);
      else panel.startNode(seat);
    }
    return panel;
  }

  /** Starts the node of a seat, or starts it again on its files. */
  startNode(seat: Seat, options: Partial<NodeOptions> = {}): ReporterNode {
    const { client, deployment } = this.#exchange;
    const { account, folder } = seat;
    const node = new ReporterNode({
      account,
      chain: new IndexChain({ client: withAccount(client, account), deployment, index: TU1D }),
      contributors: this.#contributors.map(({ admission }) => admission),
      peers: this.seats.map((each) => ({ address: each.account.address, url: each.url })),
      folder,
      log: pino({ level: process.env["TEST_LOG"] ?? "silent", name: account.address.slice(0, 6) }),
      timeoutSeconds: this.seats.some(({ manner }) => manner === "slow") ? HASTE : PATIENCE,
      clock: () => this.now,
      ...options,
    });
    seat.node = node;
    seat.handler = answerTo(servedBy(node));
    return node;
  }

  /** Ends the node of a seat without a word. */
  stopNode(seat: Seat): void {
    seat.node?.close();
    seat.node = undefined;
    seat.handler = undefined;
  }

  /** Sets clock and chain to a moment and lets nodes, all when left out, do a round. */
  async at(now: number, seats: readonly Seat[] = this.seats): Promise<void> {
    this.now = now;
    const { timestamp } = await getBlock(this.#exchange.client);
    if (timestamp < BigInt(now)) await this.#exchange.warp(now);
    await Promise.all(seats.map(({ node }) => node?.tick() ?? Promise.resolve()));
  }

  /**
   * Goes through a sitting: before the cut-off, in the exchange, at the opening, then turn by turn until the print stands.
   * @returns Turns that it took; undefined where the print does not stand in the end.
   */
  async sit(period: number, revision: 1 | 2, turns = this.seats.length): Promise<number | undefined> {
    const sitting = sittingsOf(period, TU1D_RULES)[revision - 1]!;
    await this.at(sitting.cutoff - 60);
    await this.at(sitting.cutoff + 60);
    for (let turn = 0; turn < turns; turn++) {
      await this.at(sitting.opens + turn * TAKEOVER_SECONDS);
      if ((await this.print(period)).revision >= revision) return turn + 1;
    }
    return undefined;
  }

  /** Reports of a day that a seat's node holds, by their signer. */
  reportsAt({ node }: Seat, period: number, revision: number): Map<string, FullReport> {
    const reports = node?.reports.reportsOf(TU1D, period, revision) ?? [];
    return new Map(reports.map((report) => [report.signer, report]));
  }

  /** The print of a day on chain. */
  async print(period: number) {
    const { client, deployment } = this.#exchange;
    const about = { deployment, index: TU1D, period };
    return { ...(await getPrint(client, about)), ...(await readPrint(client, about)) };
  }

  /** A reporter that tells everybody another value, and half of them yet another one. */
  #lie({ account }: Seat): RequestListener {
    const { chainId, usageIndex } = this.#exchange.deployment;
    const lieAbout = async (
      index: Hex,
      period: number,
      revision: number,
      value: bigint,
    ): Promise<FullReport> => {
      const deadline = BigInt((period + 30) * SECONDS_PER_DAY);
      const report = { index, period, revision, value, vintage: keccak256(toHex("lie")), deadline };
      return { ...report, ...(await signReport({ account, chainId, usageIndex, ...report })) };
    };
    let asked = 0;
    return (request, response) => {
      const [, what, index, period, revision] = (request.url ?? "").split("/");
      const answer = (value: unknown) => response.end(JSON.stringify(value));
      if (what === "reports" && request.method === "GET") {
        // Near enough to pass for a report of the panel, and far enough off to spoil a post.
        const lie = 10n ** 21n + BigInt(asked++ % 2) * 10n ** 24n;
        return void lieAbout(index as Hex, Number(period), Number(revision), lie).then((report) =>
          answer({ reports: [reportToJson(report)] }),
        );
      }
      answer({ statements: [] });
    };
  }

  close(): void {
    for (const seat of this.seats) {
      seat.node?.close();
      seat.server.closeAllConnections();
      seat.server.close();
    }
  }
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
