import { z } from "zod";
import { dateOfPeriod, periodOfDate, SECONDS_PER_DAY } from "../../lib/calendar.ts";
import { logDays, parseDailyCsv, periodOf, wholeAmount, type DailyDefaults, type DailyRow } from "./daily.ts";
import { MeterError } from "./errors.ts";
import { fetchText } from "./http.ts";
import {
  marksOf,
  noAmounts,
  OutcomeSum,
  type Marks,
  type Meter,
  type MeterContext,
  type MeterOutcome,
} from "./meter.ts";

/** Where a series is published, and how it is read. */
export interface PublishedOptions extends DailyDefaults {
  readonly url: URL;
  /** JSON of OpenRouter's dataset of daily rankings, or CSV. */
  readonly format: "rankings" | "csv";
  readonly token?: string;
  /** First UTC day number that counts. */
  readonly from: number;
  /** Days that are read again each time, since the latest are corrected. */
  readonly days: number;
  /** Does usage count that rankings give for all remaining models together? It has no model and so no label otherwise. */
  readonly countOther: boolean;
  readonly timeoutSeconds: number;
  readonly maxBytes: number;
}

const rankings = z.looseObject({
  data: z.array(
    z.looseObject({
      date: z.string(),
      model_permaslug: z.string(),
      total_tokens: z.union([z.string(), z.number()]),
    }),
  ),
});

/** Name of the checkpoint with the last day that was asked for. */
const ASKED_TO = "asked to";
/** Most days that are asked for at once. */
const MAX_DAYS = 200;

/** Meter of a series of days that somebody publishes. Corrections of the latest days are taken over. */
export function createPublishedMeter(context: MeterContext, options: PublishedOptions): Meter {
  const { source, log, clock } = context;
  const { url, format, from, days } = options;
  return {
    source,
    async read(): Promise<MeterOutcome> {
      const sum = new OutcomeSum();
      const yesterday = Math.floor(clock() / (SECONDS_PER_DAY * 1_000)) - 1;
      const askedTo = (await log.checkpoints(source)).get(ASKED_TO);
      let first = from;
      // Everything since the last reading, and the latest days again.
      if (askedTo !== undefined)
        first = Math.max(from, Math.min(periodOfDate(askedTo), yesterday) + 1 - days);
      while (first <= yesterday) {
        const last = format === "csv" ? yesterday : Math.min(yesterday, first + MAX_DAYS - 1);
        const address = new URL(url);
        if (format === "rankings") {
          address.searchParams.set("start_date", dateOfPeriod(first));
          address.searchParams.set("end_date", dateOfPeriod(last));
        }
        const accept = format === "csv" ? "text/csv" : "application/json";
        const text = await fetchText({ ...options, source, url: address, accept });
        const rows =
          format === "csv" ? parseDailyCsv(source, text, options) : parseRankings(source, text, options);
        const wanted = rows.filter(({ period }) => period >= first && period <= last);
        sum.add(await logDays(context, wanted, new Map([[ASKED_TO, dateOfPeriod(last)]])));
        first = last + 1;
      }
      return sum.outcome;
    },
  };
}

/**
 * Reads OpenRouter's dataset of daily rankings. Totals are not divided and count as input. Variants that end in `:free`
 * have no price.
 * @throws MeterError WrongFormat, WrongDate, WrongAmount.
 */
export function parseRankings(
  source: string,
  text: string,
  { marks, countOther }: { marks: Marks; countOther: boolean },
): DailyRow[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new MeterError("WrongFormat", source, text.slice(0, 40), "JSON");
  }
  const { data, error } = rankings.safeParse(json);
  if (data === undefined) {
    const [issue] = error.issues;
    const place = [source, ...(issue?.path ?? [])].join(", ");
    throw new MeterError("WrongFormat", place, issue?.message ?? "", "a dataset of daily rankings");
  }
  return data.data.map(({ date, model_permaslug: model, total_tokens: total }, index) => {
    const place = `${source}, row ${index}`;
    const made = marksOf(model, marks);
    return {
      period: periodOf(place, date),
      ...made,
      labelled: made.labelled && (model !== "other" || countOther),
      priced: made.priced && !model.endsWith(":free"),
      ...noAmounts(),
      input: wholeAmount(place, String(total), 0),
    };
  });
}
