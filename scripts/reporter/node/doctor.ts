import { existsSync } from "node:fs";
import { join } from "node:path";
import { formatCollateral, getBond } from "@usance/sdk";
import { formatEther, type Account, type Chain, type Client, type LocalAccount, type Transport } from "viem";
import { getBalance, getGasPrice } from "viem/actions";
import { dateOfPeriod, SECONDS_PER_DAY } from "../../lib/calendar.ts";
import { sentenceOf } from "../../lib/errors.ts";
import { fetchStatements } from "../../statements/exchange.ts";
import { admissionOf, verifyStatement } from "../../statements/signed.ts";
import type { IndexChain } from "./chain.ts";
import { rulesOf, type ReporterConfig } from "./config.ts";
import { SigningGuard } from "./guard.ts";
import { PeerClient } from "./peers.ts";
import { sittingsOf } from "./protocol.ts";

/** What one examination found. */
export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  /** What is so, and, where it is not well, what to do. */
  readonly sentence: string;
}

/** What is examined. */
export interface DoctorOptions {
  readonly config: ReporterConfig;
  readonly account: LocalAccount;
  readonly client: Client<Transport, Chain, Account | undefined>;
  readonly chain: IndexChain;
  /** Unix seconds; the clock of the machine when left out. */
  readonly clock?: () => number;
}

/** Seconds by which the newest block may be ahead of the clock, and behind it. */
const MOST_AHEAD = 15;
const MOST_BEHIND = 900;
/** Posts that the balance should be enough for, and gas of one. */
const POSTS = 30n;
const POST_GAS = 200_000n;
/** Days that are looked at for missed prints. */
const DAYS = 7;
const MAX_BYTES = 32 * 1024 * 1024;

/** Examines a reporter without signing or sending anything. */
export async function examine(options: DoctorOptions): Promise<Finding[]> {
  const now = (options.clock ?? (() => Math.floor(Date.now() / 1_000)))();
  const checks: [string, () => Promise<Finding[]>][] = [
    ["key", () => Promise.resolve([well("key", `The key signs as ${options.account.address}.`)])],
    ["index", () => index(options)],
    ["seat", () => seat(options)],
    ["bond", () => bond(options)],
    ["clock", () => clock(options, now)],
    ["balance", () => balance(options)],
    ["contributors", () => contributors(options, now)],
    ["peers", () => peers(options, now)],
    ["periods", () => periods(options, now)],
  ];
  const findings: Finding[] = [];
  for (const [check, examination] of checks) {
    try {
      findings.push(...(await examination()));
    } catch (error) {
      findings.push(ill(check, `This could not be examined: ${sentenceOf(error)}`));
    }
  }
  return findings;
}

async function index({ config, chain }: DoctorOptions): Promise<Finding[]> {
  const { quorum } = await chain.terms();
  const panel = config.peers.length + 1;
  return [
    panel >= quorum
      ? well("index", `${config.index} needs ${quorum} reports; the configuration names ${panel} reporters.`)
      : ill(
          "index",
          `${config.index} needs ${quorum} reports and the configuration names ${panel} reporters: add the other peers.`,
        ),
  ];
}

async function seat({ account, chain, config }: DoctorOptions): Promise<Finding[]> {
  const own = (await chain.isActive(account.address))
    ? well("seat", `${account.address} holds a seat on the panel.`)
    : ill(
        "seat",
        `${account.address} holds no seat on the panel, so its reports do not count: ask for one, or use the key that has it.`,
      );
  const findings = [own];
  for (const { address } of config.peers)
    if (!(await chain.isActive(address)))
      findings.push(
        ill("seat", `Peer ${address} holds no seat on the panel: take it out of the configuration.`),
      );
  return findings;
}

async function bond({ account, chain, client }: DoctorOptions): Promise<Finding[]> {
  const { deployment } = chain;
  const reporter = account.address;
  const { isBonded, payee, withdrawableAt, amount } = await getBond(client, { deployment, reporter });
  if (isBonded)
    return [well("bond", `A bond stands behind the reports of ${reporter}; ${payee} gets it back.`)];
  if (withdrawableAt !== 0n)
    return [
      ill(
        "bond",
        `${reporter} has announced that it leaves: its bond goes back from ${new Date(Number(withdrawableAt) * 1_000).toISOString()} on, and it signs nothing that counts.`,
      ),
    ];
  const dueAt = await chain.bondsDueAt();
  const due =
    dueAt <= (await chain.time())
      ? "anyone may take its seat away"
      : `it must have one by ${new Date(dueAt * 1_000).toISOString()}`;
  return [
    ill(
      "bond",
      `${reporter} has no bond, so ${due}: put ${formatCollateral(amount)} of collateral behind it with usance report bond.`,
    ),
  ];
}

async function clock({ chain }: DoctorOptions, now: number): Promise<Finding[]> {
  const ahead = (await chain.time()) - now;
  if (ahead > MOST_AHEAD)
    return [
      ill("clock", `The newest block is ${ahead} s ahead of this machine's clock: set the clock (NTP).`),
    ];
  if (-ahead > MOST_BEHIND)
    return [
      ill(
        "clock",
        `The newest block is ${-ahead} s old: either the clock is fast (set it by NTP) or the chain's node has stopped (use another).`,
      ),
    ];
  return [
    well("clock", `The newest block is ${Math.abs(ahead)} s ${ahead > 0 ? "ahead of" : "behind"} the clock.`),
  ];
}

async function balance({ account, client, config }: DoctorOptions): Promise<Finding[]> {
  const [has, suggested] = await Promise.all([
    getBalance(client, { address: account.address }),
    getGasPrice(client),
  ]);
  const needed = POSTS * POST_GAS * suggested;
  const enough = `${formatEther(has)} of the chain's currency`;
  const findings =
    has >= needed
      ? [well("balance", `${enough} is enough for ${POSTS} posts at today's price of gas.`)]
      : [
          ill(
            "balance",
            `${enough} is too little for ${POSTS} posts: send at least ${formatEther(needed - has)} to ${account.address}.`,
          ),
        ];
  const { maxFeePerGasGwei } = config;
  if (maxFeePerGasGwei !== undefined && suggested > BigInt(Math.ceil(maxFeePerGasGwei * 1e9)))
    findings.push(
      ill(
        "balance",
        `Gas costs ${suggested} wei now, more than maxFeePerGasGwei allows: posts would wait. Raise it.`,
      ),
    );
  return findings;
}

/** The newest day whose statements must be there. */
function dueDay(now: number, config: ReporterConfig): number {
  const today = Math.floor(now / SECONDS_PER_DAY);
  const [provisional] = sittingsOf(today - 1, rulesOf(config));
  return now >= provisional.cutoff ? today - 1 : today - 2;
}

async function contributors({ config }: DoctorOptions, now: number): Promise<Finding[]> {
  const period = dueDay(now, config);
  const date = dateOfPeriod(period);
  const rules = rulesOf(config);
  const limits = { timeoutSeconds: config.timeoutSeconds, maxBytes: MAX_BYTES };
  return Promise.all(
    config.contributors
      .filter((each) => admissionOf([each], { contributor: each.id, period }) !== undefined)
      .map(async ({ id, url }): Promise<Finding> => {
        try {
          const all = await fetchStatements(url, period, limits);
          const own = all.filter(({ signed }) => signed.statement.contributor === id);
          if (own.length === 0)
            return ill("contributors", `${id} answers, but has no statement of ${date}: ask it why.`);
          for (const { signed } of own)
            await verifyStatement(signed, { contributors: config.contributors, rules }, now);
          return well("contributors", `${id} has a sound statement of ${date}.`);
        } catch (error) {
          return ill(
            "contributors",
            `${id} has no usable statement of ${date} (${sentenceOf(error)}): check its url and address, or ask it.`,
          );
        }
      }),
  );
}

async function peers({ config }: DoctorOptions, now: number): Promise<Finding[]> {
  const period = dueDay(now, config);
  return Promise.all(
    config.peers.map(async (peer): Promise<Finding> => {
      try {
        await new PeerClient(peer, config.timeoutSeconds).statements(period);
        return well("peers", `${peer.address} answers.`);
      } catch (error) {
        return ill(
          "peers",
          `${peer.address} does not answer (${sentenceOf(error)}): check its url, or ask its operator.`,
        );
      }
    }),
  );
}

/** Days whose prints are due: without a print, or without this node's signature since it began to sign. */
async function periods({ account, chain, config }: DoctorOptions, now: number): Promise<Finding[]> {
  const { firstPeriod } = await chain.terms();
  const last = dueDay(now - 2 * 3_600, config);
  const first = Math.max(firstPeriod, config.baseDate, last - DAYS + 1);
  const findings: Finding[] = [];
  const path = join(config.folder, "guard.sqlite");
  const { chainId, usageIndex } = chain.deployment;
  // Opening would make an empty one.
  const guard = existsSync(path) ? new SigningGuard(path, { chainId, usageIndex }) : undefined;
  try {
    const began = guard?.span(account.address, chain.index)?.first;
    if (guard === undefined)
      findings.push(
        well(
          "periods",
          `There is no signing guard in ${config.folder} yet: fine for a key that has never signed.`,
        ),
      );
    for (let period = first; period <= last; period++) {
      const date = dateOfPeriod(period);
      const { value } = await chain.print(period);
      if (value === 0n)
        findings.push(
          ill("periods", `${date} has no print though it is due: look at the peers' /health and at the log.`),
        );
      const signed = [1, 2].some((revision) =>
        guard?.find(account.address, { index: chain.index, period, revision }),
      );
      if (began !== undefined && period > began && !signed)
        findings.push(ill("periods", `This node signed nothing for ${date}: look at its log of that day.`));
    }
  } finally {
    guard?.close();
  }
  const isWell = findings.every(({ ok }) => ok);
  if (isWell && first <= last)
    findings.push(
      well("periods", `Every day from ${dateOfPeriod(first)} to ${dateOfPeriod(last)} has a print.`),
    );
  return findings;
}

function well(check: string, sentence: string): Finding {
  return { check, ok: true, sentence };
}

function ill(check: string, sentence: string): Finding {
  return { check, ok: false, sentence };
}
