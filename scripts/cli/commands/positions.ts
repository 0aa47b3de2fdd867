import { formatLots, getAccount } from "@usance/sdk";
import { Command } from "commander";
import { percent, readHoldings, readMoney } from "../money.ts";
import { accountOptions, examples } from "../options.ts";
import type { Answer } from "../output.ts";
import { action, readMarkets, resolveAccount, type AccountOptions, type Session } from "../session.ts";

/** `usance positions`: what an account holds, what it has made, and where it would be liquidated. */
export function positionsCommand(): Command {
  return examples(
    accountOptions(
      new Command("positions").description(
        "positions with entry, mark, unrealised result, liquidation price and share of the margin",
      ),
    )
      .addHelpText(
        "after",
        `
Entry is what the fills cost on average, funding and maker fees included. The
liquidation price is the mark at which equity meets maintenance margin while no
other mark moves and no calendar credit changes.`,
      )
      .action(action(list)),
    "usance positions",
    "usance positions --account 2048 --json",
  );
}

async function list(session: Session, options: AccountOptions): Promise<Answer> {
  const { client, deployment } = session;
  const id = await resolveAccount(session, options);
  const [account, money, markets] = await Promise.all([
    getAccount(client, { deployment, accountId: id }),
    readMoney(session),
    readMarkets(session),
  ]);
  const holdings = await readHoldings(session, account, markets, money);
  const margins = holdings.reduce((sum, { maintenance }) => sum + maintenance, 0n);
  const unrealised = holdings.reduce((sum, holding) => sum + holding.unrealised, 0n);
  const rows = holdings.map(({ market, position, ...holding }) => ({
    market: market.id,
    symbol: market.symbol,
    size: formatLots(position.size),
    entryPrice: holding.entry,
    markPrice: holding.mark,
    notional: money.format(holding.notional),
    unrealised: money.format(holding.unrealised),
    liquidationPrice: holding.liquidation,
    maintenanceMargin: money.format(holding.maintenance),
    marginShare: percent(holding.maintenance, margins),
    toBeClosedByRounds: formatLots(position.pendingLots),
  }));
  const { equity, initialMargin, maintenanceMargin } = account;
  const health = {
    equity: money.format(equity),
    initialMargin: money.format(initialMargin),
    maintenanceMargin: money.format(maintenanceMargin),
    unrealised: money.format(unrealised),
  };
  const { symbol } = money;
  return {
    json: { account: id, collateral: symbol, ...health, positions: rows },
    text: [
      `account ${id}: equity ${money.say(equity)}, maintenance margin ${health.maintenanceMargin} (${percent(maintenanceMargin, equity > 0n ? equity : 0n)})`,
      "",
      {
        columns: ["market", "size", "entry", "mark", `result, ${symbol}`, "liquidated at", "margin"],
        rows: rows.map((row) => [
          row.symbol,
          row.size,
          row.entryPrice ?? "-",
          row.markPrice,
          row.unrealised,
          row.liquidationPrice ?? "-",
          row.marginShare,
        ]),
        empty: "no positions",
      },
    ],
  };
}
