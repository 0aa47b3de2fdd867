import { getListing } from "@usance/sdk";
import { Command } from "commander";
import { formatPercent } from "../money.ts";
import { examples } from "../options.ts";
import type { Answer } from "../output.ts";
import { action, markPrice, readMarkets, type NamedMarket, type Session } from "../session.ts";

/** Digits behind the point of a rate in per cent. */
const DIGITS = 4;
const BPS = 10_000n;
const SECONDS_PER_DAY = 86_400n;

/** `usance funding`: what holding a perpetual costs now. */
export function fundingCommand(): Command {
  return examples(
    new Command("funding")
      .description("funding of every perpetual as it accrues now: what a long pays and a short gets")
      .addHelpText(
        "after",
        `
A rate is in per cent of the index: above zero longs pay shorts, below zero
shorts pay longs. It follows the mean price of each minute. \`history funding\`
has what an account has paid and got.`,
      )
      .action(action(list)),
    "usance funding",
    "usance funding --json",
  );
}

async function list(session: Session): Promise<Answer> {
  const markets = (await readMarkets(session)).filter(
    ({ kind, phase }) => kind === "perpetual" && phase !== "settled",
  );
  const rows = await Promise.all(markets.map((market) => rateOf(session, market)));
  return {
    json: rows,
    text: [
      {
        columns: ["market", "mark", "index", "period", "rate %", "a day %", "at most %", ""],
        rows: rows.map((row) => [
          row.symbol,
          row.mark,
          row.index,
          `${row.periodHours} h`,
          row.ratePercent,
          row.dayPercent,
          row.capPercent,
          row.frozen ? "stands still: the index is stale" : "",
        ]),
        empty: "no perpetual is listed",
      },
    ],
  };
}

async function rateOf({ client, deployment }: Session, market: NamedMarket) {
  const { fundingPeriod, fundingCapBps, fundingInterestBps, clampBps } = await getListing(client, {
    deployment,
    market: market.id,
  });
  const { anchorX16: index, meanX16: mean } = market;
  // As the contracts accrue it: the mean counts as far as the mark's clamp goes, and its distance with interest as far as the cap.
  const width = (index * BigInt(clampBps)) / BPS;
  const cap = (index * BigInt(fundingCapBps)) / BPS;
  const interest = (index * BigInt(fundingInterestBps)) / BPS;
  const rate = market.stale ? 0n : within(within(mean - index, -width, width) + interest, -cap, cap);
  const period = BigInt(fundingPeriod);
  return {
    market: market.id,
    symbol: market.symbol,
    mark: markPrice(market.markX16, market),
    index: markPrice(index, market),
    periodHours: hours(period),
    ratePercent: formatPercent(rate, index, DIGITS),
    dayPercent: formatPercent(rate * SECONDS_PER_DAY, index * period, DIGITS),
    capPercent: formatPercent(cap, index, DIGITS),
    frozen: market.stale,
  };
}

function within(value: bigint, low: bigint, high: bigint): bigint {
  return value < low ? low : value > high ? high : value;
}

function hours(seconds: bigint): string {
  return seconds % 3_600n === 0n ? String(seconds / 3_600n) : `${seconds / 60n}/60`;
}
