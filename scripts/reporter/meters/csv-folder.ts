import { basename } from "node:path";
import { logDays, parseDailyCsv, type DailyDefaults, type DailyRow } from "./daily.ts";
import { csvFiles, readText } from "./files.ts";
import { OutcomeSum, type Meter, type MeterContext, type MeterOutcome } from "./meter.ts";

/** Which files are read. */
export interface CsvFolderOptions extends DailyDefaults {
  /** A folder, or one file. */
  readonly path: string;
}

/**
 * Meter of a folder of CSV files with the usage of days. Together they say what a day's usage is: a file that is changed
 * corrects, and a row that two files have is refused.
 */
export function createCsvFolderMeter(context: MeterContext, options: CsvFolderOptions): Meter {
  const { source } = context;
  return {
    source,
    async read(): Promise<MeterOutcome> {
      const rows: DailyRow[] = [];
      for (const file of await csvFiles(source, options.path))
        for (const row of parseDailyCsv(
          `${source}, ${basename(file)}`,
          await readText(source, file),
          options,
        ))
          rows.push(row);
      return new OutcomeSum().add(await logDays(context, rows)).outcome;
    },
  };
}
