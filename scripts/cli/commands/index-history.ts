import { Command, Option } from "commander";
import { stringToHex } from "viem";
import { ArchiveReader } from "../../publication/archive.ts";
import { historyAsCsv, readHistory } from "../../publication/history.ts";
import type { Answer } from "../output.ts";
import { action, type Session } from "../session.ts";

interface HistoryOptions {
  archive?: string;
  format: "csv" | "table";
}

/** `usance index history`: every day that the chain has, with corrections. */
export function indexHistoryCommand(): Command {
  return new Command("history")
    .description("every print of an index and every correction, from the chain")
    .argument("[name]", "name of the index", "TU1D")
    .option("--archive <place>", "folder or address of published files: adds licence, source and notices")
    .addOption(
      new Option("--format <format>", "csv holds the days alone; --json holds everything")
        .choices(["table", "csv"])
        .default("table"),
    )
    .addHelpText("after", "\nExamples:\n  usance index history --format csv > tu1d.csv")
    .action(action(history));
}

async function history(session: Session, name: string, options: HistoryOptions): Promise<Answer> {
  const { client, deployment } = session;
  const found = await readHistory(client, { deployment, index: stringToHex(name, { size: 32 }) });
  const head = options.archive === undefined ? undefined : await new ArchiveReader(options.archive).head();
  const { licence = null, source = null, notices = [] } = head ?? {};
  const json = { index: name, licence, source, notices, corrections: found.corrections, days: found.days };
  // Its last line has an end already.
  if (options.format === "csv") return { json, text: [historyAsCsv(found).trimEnd()] };
  const { days, corrections } = found;
  return {
    json,
    text: [
      `${name}: ${days.length} days${licence === null ? "" : `, ${licence}; source: ${source}`}`,
      "",
      {
        columns: ["date", "points", "revision", "status", "posted at"],
        rows: days.map(({ date, points, revision, status, postedAt = "" }) => [
          date,
          points,
          String(revision),
          status,
          postedAt,
        ]),
      },
      "",
      "Corrections",
      {
        columns: ["date", "revision", "from", "revision", "to"],
        rows: corrections.map(({ date, from, to }) => [
          date,
          String(from.revision),
          from.points,
          String(to.revision),
          to.points,
        ]),
      },
      ...notices.map(({ date, text }) => `Notice, ${date}: ${text}`),
    ],
  };
}
