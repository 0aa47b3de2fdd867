import { Argument, Command } from "commander";
import { parseMoment } from "../arguments.ts";
import { HISTORIES } from "../history.ts";
import { readMoney } from "../money.ts";
import { accountOptions, examples } from "../options.ts";
import type { Answer } from "../output.ts";
import { blockFrom, blockTimes, wholeRange } from "../past.ts";
import {
  action,
  marketOf,
  readMarkets,
  resolveAccount,
  type AccountOptions,
  type Session,
} from "../session.ts";

interface HistoryOptions extends AccountOptions {
  market?: string;
  since?: bigint;
  until?: bigint;
  csv: boolean;
}

/** `usance history`: what an account has done, for people, for programs and for a spreadsheet. */
export function historyCommand(): Command {
  return examples(
    accountOptions(
      new Command("history")
        .description("what an account has done, oldest first, from the events of the chain")
        .addArgument(new Argument("<kind>", "which history").choices(Object.keys(HISTORIES)))
        .option("--market <market>", "in this market alone, number or name")
        .option("--since <time>", "from this moment on, such as 2025-01-31", parseMoment)
        .option("--until <time>", "before this moment", parseMoment)
        .option("--csv", "comma-separated values, with every column", false),
    ).action(action(history)),
    "usance history fills",
    "usance history fills --csv --since 2025-01-01 --until 2026-01-01",
    "usance history transfers --account 2048 --json",
    "usance history orders --market TUX-PERP",
  );
}

async function history(session: Session, kind: string, options: HistoryOptions): Promise<Answer> {
  const { columns, search } = HISTORIES[kind] ?? { columns: {}, search: () => Promise.resolve([]) };
  const [account, markets, money, whole] = await Promise.all([
    resolveAccount(session, options),
    readMarkets(session),
    readMoney(session),
    wholeRange(session),
  ]);
  const { since, until } = options;
  const range = {
    fromBlock: since === undefined ? whole.fromBlock : await blockFrom(session, since, whole),
    toBlock: until === undefined ? whole.toBlock : (await blockFrom(session, until, whole)) - 1n,
  };
  const market = options.market === undefined ? undefined : marketOf(markets, options.market).id;
  const found = await search({ session, account, range, markets, money, market });
  found.sort((a, b) =>
    a.blockNumber === b.blockNumber ? a.logIndex - b.logIndex : a.blockNumber < b.blockNumber ? -1 : 1,
  );
  const timeOf = blockTimes(session);
  const rows: Record<string, string>[] = [];
  for (const { blockNumber, transaction, cells } of found) {
    const time = new Date((await timeOf(blockNumber)) * 1_000).toISOString();
    rows.push({ time, ...cells, transaction });
  }
  const names = ["time", ...Object.keys(columns), "transaction"];
  const json = { account, kind, collateral: money.symbol, rows };
  if (options.csv) return { json, text: [names.join(","), ...rows.map((row) => csvLine(row, names))] };
  const shown = Object.entries(columns).filter(([, title]) => title !== null);
  return {
    json,
    text: [
      {
        columns: [
          "time",
          ...shown.map(([, title]) => (isMoney(title) ? `${title}, ${money.symbol}` : (title ?? ""))),
        ],
        rows: rows.map((row) => [
          (row["time"] ?? "").slice(0, 16).replace("T", " "),
          ...shown.map(([name]) => (name === "clientId" && row[name] === "0" ? "" : (row[name] ?? ""))),
        ]),
        empty: `account ${account} has no ${kind} in this time`,
      },
    ],
  };
}

const isMoney = (title: string | null) => title !== null && ["fee", "amount", "result"].includes(title);

function csvLine(row: Readonly<Record<string, string>>, names: readonly string[]): string {
  return names.map((name) => quoted(row[name] ?? "")).join(",");
}

/** No value begins like a formula of a spreadsheet: they are numbers, words of this program, and addresses. */
function quoted(value: string): string {
  return /[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
