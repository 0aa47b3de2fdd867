import { rulesHash, TU1D_RULES, type Rules } from "../../calculator/rules.ts";
import { SECONDS_PER_DAY } from "../../lib/calendar.ts";
import {
  contentOf,
  signStatement,
  type SignedStatement,
  type StatementSigner,
} from "../../statements/signed.ts";
import type { StatementStore } from "../../statements/store.ts";
import { closeDay, type Closing, type UsageLog } from "../log/log.ts";

/** What a contributor publishes with. */
export interface Publisher {
  readonly log: UsageLog;
  /** Its own statements. Without it two could be signed under one number, so it is to be kept like the log. */
  readonly store: StatementStore;
  readonly account: StatementSigner;
  readonly rules?: Rules;
  /** When log and store were restored from a backup, Unix seconds: what was said of days before that may be lost. */
  readonly restoredAt?: number;
  /** Unix milliseconds. */
  readonly clock: () => number;
}

/** A day as it stands published. */
export interface Published {
  readonly signed: SignedStatement;
  readonly closing: Closing;
  /** Was there something new to say? */
  readonly isNew: boolean;
}

/**
 * Closes a day, signs what it comes to and stores it for whoever asks. Where that has been said already, nothing is
 * signed: a correction takes the number after the newest. A process that dies on the way has published the statement
 * or has shown it to nobody.
 * @returns Undefined for a day of which the log knows nothing: it may have begun later, or have been lost, and a statement
 * without rows would take back what was said before. Likewise for what would be new of a day before a restoration.
 */
export async function publishDay(publisher: Publisher, period: number): Promise<Published | undefined> {
  const { log, store, account, rules = TU1D_RULES, restoredAt = 0, clock } = publisher;
  if (!(await log.knows(period))) return undefined;
  const { statement, closing } = await closeDay(log, period);
  const [newest] = store
    .statementsOf(period)
    .map(({ signed }) => signed)
    .filter((signed) => signed.statement.contributor === log.contributor)
    .sort((a, b) => b.number - a.number);
  const hash = rulesHash(rules);
  if (newest !== undefined && contentOf(newest.statement, newest.rules) === contentOf(statement, hash))
    return { signed: newest, closing, isNew: false };
  // A number that was given since the backup must not be given twice.
  if ((period + 1) * SECONDS_PER_DAY <= restoredAt) return undefined;
  const signed = await signStatement(statement, (newest?.number ?? 0) + 1, account, rules);
  await store.add(signed, { now: Math.floor(clock() / 1_000), source: "own" });
  return { signed, closing, isNew: true };
}

/** When days are published. Seconds. */
export interface PublishingTimes {
  /** After a day's end, before its first statement: for what sources write late. */
  readonly settleSeconds: number;
  /** After a day's end, until which a source that is away is waited for. */
  readonly latestSeconds: number;
  /** Between two statements of a day at least. */
  readonly againSeconds: number;
}

/**
 * Says which days are to be published now: each that is over and whose final calculation is still to come.
 * @param now Unix milliseconds.
 * @param tried When a day was last published, Unix milliseconds.
 * @param unreadSince Sources that were not read since a moment.
 */
export function dueDays(
  now: number,
  { settleSeconds, latestSeconds, againSeconds }: PublishingTimes,
  tried: ReadonlyMap<number, number>,
  unreadSince: (time: number) => readonly string[],
  { finalCutoff }: Rules = TU1D_RULES,
): number[] {
  const day = SECONDS_PER_DAY * 1_000;
  const today = Math.floor(now / day);
  const due: number[] = [];
  for (let period = today - Math.ceil(finalCutoff / SECONDS_PER_DAY) - 1; period < today; period++) {
    const end = (period + 1) * day;
    if (now >= end + finalCutoff * 1_000 || now < end + settleSeconds * 1_000) continue;
    if (unreadSince(end).length > 0 && now < end + latestSeconds * 1_000) continue;
    const last = tried.get(period);
    if (last === undefined || now >= last + againSeconds * 1_000) due.push(period);
  }
  return due;
}
