import {
  formatLots,
  formatPrice,
  formatRatio,
  getAccount,
  getPositions,
  type PositionReport,
} from "@usance/sdk";
import { Command } from "commander";
import { percent, readMoney } from "../money.ts";
import { accountOptions, examples } from "../options.ts";
import type { Answer } from "../output.ts";
import {
  action,
  markPrice,
  readMarkets,
  resolveAccount,
  type AccountOptions,
  type NamedMarket,
  type Session,
} from "../session.ts";

const BPS = 10_000n;

/** `usance positions`: what an account holds, what it has made, and where it would be liquidated. */
export function positionsCommand(): Command {
  return examples(
    accountOptions(
      new Command("positions").description(
        "positions with entry, mark, unrealised result, liquidation price and share of the margin",
      ),
    )
      .option("--quick", "do not search the past for what was paid: break-even in place of entry", false)
      .addHelpText(
        "after",
        `
Entry is the average price of what is held; at break-even a position would close
without a result, with its funding, maker fees and closed parts. An account is
liquidated at the mark shown while all other marks stay where they are.`,
      )
      .action(action(list)),
    "usance positions",
    "usance positions --account 2048 --quick --json",
  );
}

async function list(session: Session, options: AccountOptions & { quick: boolean }): Promise<Answer> {
  const { client, deployment } = session;
  const id = await resolveAccount(session, options);
  const history = !options.quick;
  const [account, found, money, markets] = await Promise.all([
    getAccount(client, { deployment, accountId: id }),
    getPositions(client, { deployment, accountId: id, history }),
    readMoney(session),
    readMarkets(session),
  ]);
  const held = found
    .filter(({ size }) => size !== 0n)
    .map((position) => {
      const market = markets.find((one) => one.id === position.market);
      if (market === undefined) throw new Error(`Market ${position.market} is not listed.`);
      return { position, market, margin: (position.notional * market.maintenanceMarginBps) / BPS };
    });
  const margins = held.reduce((sum, { margin }) => sum + margin, 0n);
  const amount = (units: bigint | null) => (units === null ? null : money.format(units));
  const rows = held.map(({ position, market, margin }) => ({
    market: market.id,
    symbol: market.symbol,
    size: formatLots(position.size),
    entryPrice: position.entryPrice && price(position.entryPrice, market),
    breakEvenPrice: price(position.breakEvenPrice, market),
    markPrice: markPrice(position.markX16, market),
    notional: money.format(position.notional),
    unrealised: amount(position.unrealised),
    realised: amount(position.realised),
    takerFees: amount(position.takerFees),
    pendingFunding: money.format(position.pendingFunding),
    liquidation: liquidationOf(position, market),
    marginShare: percent(margin, margins),
  }));
  const { equity, initialMargin, maintenanceMargin } = account;
  const { symbol } = money;
  return {
    json: {
      account: id,
      collateral: symbol,
      equity: money.format(equity),
      initialMargin: money.format(initialMargin),
      maintenanceMargin: money.format(maintenanceMargin),
      positions: rows,
    },
    text: [
      `account ${id}: equity ${money.say(equity)}, maintenance margin ${money.format(maintenanceMargin)} (${percent(maintenanceMargin, equity > 0n ? equity : 0n)})`,
      "",
      {
        columns: [
          "market",
          "size",
          history ? "entry" : "break-even",
          "mark",
          history ? `result, ${symbol}` : "",
          "liquidated at",
          "margin",
        ],
        rows: rows.map((row) => [
          row.symbol,
          row.size,
          row.entryPrice ?? row.breakEvenPrice,
          row.markPrice,
          row.unrealised ?? "",
          liquidationText(row.liquidation),
          row.marginShare,
        ]),
        empty: "no positions",
      },
    ],
  };
}

function price(ratio: Parameters<typeof formatRatio>[0], { tickSize }: NamedMarket): string {
  return formatRatio(ratio, { unit: tickSize, digits: tickSize.length - 1 });
}

/** Marks at which the account is liquidated; null where they cannot be told. */
function liquidationOf({ liquidation }: PositionReport, market: NamedMarket) {
  if (liquidation === undefined) return null;
  const at = (tick: bigint | null) => (tick === null ? null : formatPrice(tick, market));
  return { below: at(liquidation.below), above: at(liquidation.above) };
}

function liquidationText(liquidation: ReturnType<typeof liquidationOf>): string {
  if (liquidation === null) return "not known";
  return [liquidation.below, liquidation.above].filter((one) => one !== null).join(", ") || "-";
}
