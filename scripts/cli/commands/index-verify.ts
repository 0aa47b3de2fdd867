import { formatIndex } from "@usance/sdk";
import { Command, InvalidArgumentError } from "commander";
import { stringToHex } from "viem";
import { getBlock } from "viem/actions";
import { dateOfPeriod, periodOfDate } from "../../lib/calendar.ts";
import { ArchiveReader } from "../../publication/archive.ts";
import { readPrint } from "../../publication/history.ts";
import { verifyDay, type Verification } from "../../publication/verify.ts";
import type { Calculation } from "../../calculator/calculate.ts";
import type { Fraction } from "../../calculator/fraction.ts";
import type { Answer, Table } from "../output.ts";
import { answer, openSession, type GlobalOptions } from "../session.ts";

interface VerifyOptions {
  archive: string;
  index: string;
  chain: boolean;
}

/** Logarithms of the calculator are in units of 1e-27. */
const LOGARITHM_DIGITS = 1e27;

/** `usance index verify`: recompute a print and compare it with what was published and with the chain. */
export function indexVerifyCommand(): Command {
  return new Command("verify")
    .description(
      "recompute a day's print from the published statements, check signatures and roots, compare with the chain",
    )
    .argument("<date>", "UTC day, such as 2025-01-31", parsePeriod)
    .requiredOption("--archive <place>", "folder or address of the published files")
    .option("--index <name>", "name of the index", "TU1D")
    .option("--no-chain", "verify the published files alone")
    .addHelpText(
      "after",
      "\nThe exit code is 1 where anything differs.\n\nExamples:\n  usance index verify 2025-01-31 --archive https://index.example/tu1d",
    )
    .action(async (period: number, options: VerifyOptions, command: Command) => {
      const found = await verify(period, options, command.optsWithGlobals<GlobalOptions>());
      answer(command, describe(found, options));
      const { length } = found.differences;
      if (length !== 0)
        throw new Error(
          `${dateOfPeriod(period)} does not verify: ${length === 1 ? "1 difference is" : `${length} differences are`} listed above.`,
        );
    });
}

async function verify(
  period: number,
  { archive, chain, index }: VerifyOptions,
  globals: GlobalOptions,
): Promise<Verification> {
  const reader = new ArchiveReader(archive);
  if (!chain) return verifyDay({ reader, period, now: Math.floor(Date.now() / 1_000) });
  const { client, deployment } = await openSession(globals);
  const { timestamp } = await getBlock(client);
  return verifyDay({
    reader,
    period,
    now: Number(timestamp),
    readChain: (day) =>
      readPrint(client, { deployment, index: stringToHex(index, { size: 32 }), period: day }),
  });
}

function describe(found: Verification, { index, chain }: VerifyOptions): Answer {
  const { calculation, differences, entry, days, statements } = found;
  const { print, status, stage, link, gate, excluded, unmatched, vintage } = calculation;
  const date = dateOfPeriod(entry.period);
  const points = print === undefined ? "no print" : `${formatIndex(print)} points`;
  const largest = calculation.largestShare;
  const json = {
    index,
    date,
    revision: entry.revision,
    stage,
    status,
    print,
    vintage,
    recomputed: { prints: days, statements },
    contributors: calculation.contributors,
    largestShare: largest === undefined ? null : percent(largest),
    parts: link?.contributors ?? [],
    gate: gate ?? null,
    excluded,
    unmatched,
    differences,
  };
  const against = chain ? "archive and chain" : "the archive";
  return {
    json,
    text: [
      `${index} of ${date}, revision ${entry.revision}, ${stage}: ${points} (${status})`,
      `recomputed from ${days} prints and ${statements} signed statements, vintage ${vintage}`,
      "",
      partsOf(calculation),
      ...(unmatched.length === 0
        ? []
        : ["", ...unmatched.map((each) => `${each.contributor}: ${each.reason}`)]),
      "",
      "Excluded",
      {
        columns: ["contributor", "model", "reasons", "tokens"],
        rows: excluded.map(({ contributor, model, reasons, tokens }) => [
          contributor,
          model,
          reasons.join(", "),
          tokens.toString(),
        ]),
      },
      "",
      "Differences",
      ...differences.map(
        ({ date: day, what, recomputed, stated, by }) =>
          `${day}, ${what}: recomputed ${recomputed}; by ${by} ${stated}`,
      ),
      ...(differences.length === 0
        ? [`none: ${against} hold${chain ? "" : "s"} what the statements give`]
        : []),
    ],
  };
}

function partsOf({ link, contributors }: Calculation): Table {
  return {
    columns: ["contributor", "tokens before", "tokens", "factor", "share", "growth"],
    rows: (link?.contributors ?? []).map(({ contributor, before, after, factor, share, growth }) => [
      contributor,
      before.toString(),
      after.toString(),
      decimal(factor, 4),
      percent(share),
      `${(100 * Math.expm1(Number(growth) / LOGARITHM_DIGITS)).toFixed(2)} %`,
    ]),
    empty: `base day: ${contributors} ${contributors === 1 ? "contributor" : "contributors"}, no growth yet`,
  };
}

/** Rounded down. */
function decimal({ numerator, denominator }: Fraction, digits: number): string {
  const scaled = ((numerator * 10n ** BigInt(digits)) / denominator).toString().padStart(digits + 1, "0");
  return `${scaled.slice(0, -digits)}.${scaled.slice(-digits)}`;
}

function percent({ numerator, denominator }: Fraction): string {
  return `${decimal({ numerator: numerator * 100n, denominator }, 2)} %`;
}

function parsePeriod(text: string): number {
  try {
    return periodOfDate(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}
