import { readFileSync } from "node:fs";
import {
  announceLeave,
  approveCollateral,
  bondReporter,
  formatCollateral,
  getBond,
  getCollateral,
  slashReporter,
  withdrawBond,
} from "@usance/sdk";
import { Command, InvalidArgumentError } from "commander";
import { getAddress, isAddress, type Address } from "viem";
import { dateOfPeriod } from "../../lib/calendar.ts";
import { withAccount } from "../../lib/client.ts";
import { fetchJson } from "../../lib/http.ts";
import { readReporterConfig } from "../../reporter/node/config.ts";
import { loadReporter } from "../../reporter/node/key.ts";
import { evidenceOf } from "../../reporter/node/evidence.ts";
import { action, readCollateral, type Session } from "../session.ts";
import type { Answer } from "../output.ts";
import { confirm } from "../transactions.ts";

const LIMITS = { timeoutSeconds: 30, maxBytes: 32 * 1024 * 1024 };

/** `usance report bond`, `leave`, `withdraw` and `prove`: what stands behind a signature, and how it is lost. */
export function bondCommands(): Command[] {
  return [
    new Command("bond")
      .description("put a bond behind the reporter's key; approves the collateral first")
      .requiredOption("--config <file>", "configuration of the reporter")
      .requiredOption("--payee <address>", "who gets the bond back; fixed with it", parseAddress)
      .addHelpText(
        "after",
        "\nExamples:\n  usance report bond --config reporter.jsonc --payee 0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
      )
      .action(action(bond)),
    new Command("leave")
      .description("give up the reporter's seat at once, and its bond 14 days later")
      .requiredOption("--config <file>", "configuration of the reporter")
      .addHelpText("after", "\nExamples:\n  usance report leave --config reporter.jsonc")
      .action(action(leave)),
    new Command("withdraw")
      .description("pay the bond of a reporter that has left back to its payee")
      .argument("<reporter>", "address of its key", parseAddress)
      .addHelpText(
        "after",
        "\nExamples:\n  usance report withdraw 0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
      )
      .action(action(takeBack)),
    new Command("prove")
      .description(
        "prove that reporters signed two values, with what a node shows at /evidence: they lose bond and seat",
      )
      .argument("<source>", "address of a node, or a file with its answer")
      .option("--to <address>", "who gets the prover's share (default: the sender)", parseAddress)
      .addHelpText("after", "\nExamples:\n  usance report prove https://reporter.example")
      .action(action(prove)),
  ];
}

async function bond(
  session: Session,
  { config: path, payee }: { config: string; payee: Address },
): Promise<Answer> {
  const { client: reader, deployment } = session;
  const client = withAccount(reader, await loadReporter(readReporterConfig(path).keystore));
  const reporter = client.account.address;
  const { amount } = await getBond(client, { deployment, reporter });
  const { decimals, symbol } = await readCollateral(session);
  const { balance } = await getCollateral(client, { deployment, owner: reporter });
  const money = (units: bigint) => `${formatCollateral(units, decimals)} ${symbol}`;
  if (balance < amount)
    throw new Error(`A bond is ${money(amount)} and ${reporter} has ${money(balance)}: send it the rest.`);
  await confirm(
    session,
    await approveCollateral(client, { deployment, spender: deployment.reporterBonds, amount }),
  );
  const receipt = await confirm(session, await bondReporter(client, { deployment, payee }));
  return {
    json: {
      reporter,
      payee,
      amount: formatCollateral(amount, decimals),
      transaction: receipt.transactionHash,
    },
    text: [`${money(amount)} stand behind the reports of ${reporter}; ${payee} gets them back.`],
  };
}

async function leave(session: Session, { config: path }: { config: string }): Promise<Answer> {
  const { client: reader, deployment } = session;
  const client = withAccount(reader, await loadReporter(readReporterConfig(path).keystore));
  const reporter = client.account.address;
  const receipt = await confirm(session, await announceLeave(client, { deployment, reporter }));
  const { withdrawableAt } = await getBond(client, { deployment, reporter });
  const from = new Date(Number(withdrawableAt) * 1_000).toISOString();
  return {
    json: { reporter, withdrawableAt: Number(withdrawableAt), transaction: receipt.transactionHash },
    text: [`${reporter} has left the panel; its bond may be paid back from ${from} on.`],
  };
}

async function takeBack(session: Session, reporter: Address): Promise<Answer> {
  const { deployment } = session;
  const client = await session.signer();
  const { payee } = await getBond(client, { deployment, reporter });
  const receipt = await confirm(session, await withdrawBond(client, { deployment, reporter }));
  return {
    json: { reporter, payee, transaction: receipt.transactionHash },
    text: [`The bond of ${reporter} is with ${payee} again.`],
  };
}

async function prove(session: Session, source: string, { to }: { to?: Address }): Promise<Answer> {
  const { deployment } = session;
  const client = await session.signer();
  const answered = /^https?:/.test(source)
    ? await fetchJson(`${source.replace(/\/$/, "")}/evidence`, LIMITS)
    : (JSON.parse(readFileSync(source, "utf8")) as unknown);
  const slashed: { reporter: Address; date: string; transaction: string }[] = [];
  const kept: string[] = [];
  for (const { signer: reporter, index, period, revision, first, second } of evidenceOf(answered)) {
    const proof = { deployment, index, period, revision, first, second, to: to ?? client.account.address };
    // A reporter that has lost everything stays named in the evidence.
    if (slashed.some((done) => done.reporter === reporter)) continue;
    const date = dateOfPeriod(period);
    try {
      await slashReporter.simulate(client, proof);
    } catch (error) {
      kept.push(`${reporter}, ${date}: ${error instanceof Error ? error.message : String(error)}`);
      continue;
    }
    const receipt = await confirm(session, await slashReporter(client, proof));
    slashed.push({ reporter, date, transaction: receipt.transactionHash });
  }
  return {
    json: { slashed, kept },
    text: [
      slashed.length === 0 && kept.length === 0
        ? "No reporter has contradicted itself there."
        : {
            columns: ["reporter", "of", "transaction"],
            rows: slashed.map((row) => [row.reporter, row.date, row.transaction]),
          },
      ...kept,
    ],
  };
}

function parseAddress(text: string): Address {
  if (!isAddress(text)) throw new InvalidArgumentError("It must be an address.");
  return getAddress(text);
}
