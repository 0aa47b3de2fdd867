import { createReadStream } from "node:fs";
import { basename } from "node:path";
import { parse, type Info } from "csv-parse";
import type { UsageEntry } from "../log/entry.ts";
import { MeterError } from "./errors.ts";
import { csvFiles } from "./files.ts";
import { causeOf } from "./http.ts";
import { OutcomeSum, type Meter, type MeterContext, type MeterOutcome } from "./meter.ts";
import { REQUIRED_COLUMNS, spendEntry, type OwnAccounts } from "./spend-logs.ts";

/** Which exports are read. */
export interface LiteLlmCsvOptions {
  /** A file, or a folder of them. */
  readonly path: string;
  readonly own: OwnAccounts;
  /** Rows that are logged in one step. */
  readonly batch: number;
}

/**
 * Meter of exports of LiteLLM's spend logs. `request_id` is the key: files may overlap, and reading one again counts
 * nothing twice.
 */
export function createLiteLlmCsvMeter(context: MeterContext, options: LiteLlmCsvOptions): Meter {
  const { source, log } = context;
  const { path, own, batch } = options;
  return {
    source,
    async read(): Promise<MeterOutcome> {
      const sum = new OutcomeSum();
      let entries: UsageEntry[] = [];
      const write = async () => {
        sum.add(await log.append(source, { after: await log.position(source), entries }));
        entries = [];
      };
      for (const file of await csvFiles(source, path))
        for await (const { record, line } of rowsOfFile(source, file)) {
          const entry = sum.attempt(() => spendEntry(`${source}, ${basename(file)}:${line}`, record, own));
          if (entry !== undefined) entries.push(entry);
          if (entries.length >= batch) await write();
        }
      if (entries.length > 0) await write();
      return sum.outcome;
    },
  };
}

async function* rowsOfFile(source: string, file: string): AsyncGenerator<{ record: unknown; line: number }> {
  const place = `${source}, ${basename(file)}`;
  const rows = createReadStream(file).pipe(
    parse({
      bom: true,
      columns: (header: string[]) => {
        for (const column of REQUIRED_COLUMNS)
          if (!header.includes(column))
            throw new MeterError("MissingColumn", place, header.join(","), column);
        return header;
      },
      info: true,
    }),
  );
  try {
    for await (const { record, info } of rows as AsyncIterable<{ record: unknown; info: Info }>)
      yield { record, line: info.lines };
  } catch (error) {
    if (error instanceof MeterError) throw error;
    throw new MeterError("WrongFormat", place, causeOf(error), "CSV with a header");
  }
}
