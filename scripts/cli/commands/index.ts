import { formatIndex, getLatestPrint, getPrint, getPushed } from "@usance/sdk";
import { Command } from "commander";
import { hexToString, stringToHex } from "viem";
import { dateOfPeriod } from "../../lib/calendar.ts";
import { parseWhole } from "../arguments.ts";
import type { Answer } from "../output.ts";
import { action, type Session } from "../session.ts";
import { indexHistoryCommand } from "./index-history.ts";
import { indexVerifyCommand } from "./index-verify.ts";

/** `usance index`: what the panel has posted. */
export function indexCommand(): Command {
  const command = new Command("index").description("the index that markets settle on");
  command
    .command("show")
    .description("latest prints, and the trailing mean that was pushed to the markets")
    .argument("[name]", "name of the index", "TU1D")
    .option("--days <number>", "days to list", parseWhole({ min: 1, max: 366 }), 7)
    .addHelpText("after", "\nExamples:\n  usance index show\n  usance index show TPX --days 30")
    .action(action(show));
  command.addCommand(indexHistoryCommand());
  command.addCommand(indexVerifyCommand());
  return command;
}

async function show(session: Session, name: string, { days }: { days: number }): Promise<Answer> {
  const { client, deployment } = session;
  const index = stringToHex(name, { size: 32 });
  const [latest, pushed] = await Promise.all([
    getLatestPrint(client, { deployment, index }),
    getPushed(client, { deployment, index }),
  ]);
  const periods = Array.from({ length: days }, (_, offset) => latest.period - offset);
  const prints = await Promise.all(
    periods.map(async (period) => {
      const { value, revision, isFinal, filled, vintage } = await getPrint(client, {
        deployment,
        index,
        period,
      });
      const status = value === 0n ? "missing" : filled ? "filled" : isFinal ? "final" : "provisional";
      const date = dateOfPeriod(period);
      return { date, period, value: value === 0n ? null : formatIndex(value), revision, status, vintage };
    }),
  );
  const trailing = {
    value: formatIndex(pushed.value),
    sequence: pushed.sequence,
    newestDate: dateOfPeriod(pushed.newestPeriod),
    pushedAt: new Date(Number(pushed.pushedAt) * 1_000).toISOString(),
  };
  const id = hexToString(index, { size: 32 });
  return {
    json: { index: id, trailingMean: pushed.sequence === 0 ? null : trailing, prints },
    text: [
      pushed.sequence === 0
        ? `${id}: too few prints for a trailing mean yet`
        : `${id}: trailing mean ${formatIndex(pushed.value, { digits: 2 })} points on ${trailing.newestDate}, push ${pushed.sequence}`,
      "",
      {
        columns: ["date", "points", "revision", "status"],
        rows: prints.map((print, position) => [
          print.date,
          print.value === null ? "-" : shorten(print.value),
          String(prints[position]?.revision ?? 0),
          print.status,
        ]),
      },
    ],
  };
}

function shorten(points: string): string {
  const [whole = "", fraction = ""] = points.split(".");
  return `${whole}.${fraction.padEnd(2, "0").slice(0, 2)}`;
}
