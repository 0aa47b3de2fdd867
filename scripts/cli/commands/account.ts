import { formatLots, formatRatio, getAccount, getAccountId, getAccounts, getPositions } from "@usance/sdk";
import { Command } from "commander";
import type { Address } from "viem";
import { parseAddress } from "../arguments.ts";
import { readMoney } from "../money.ts";
import { accountOptions, dryRunOption, examples } from "../options.ts";
import type { Answer } from "../output.ts";
import { pastEvents } from "../past.ts";
import {
  action,
  markPrice,
  readMarkets,
  resolveAccount,
  type AccountOptions,
  type Session,
} from "../session.ts";
import { accountRights } from "./account-rights.ts";
import { credit, type MoneyOptions } from "./funds.ts";

/** `usance account`: cash, health and positions, and who else may do what. */
export function accountCommand(): Command {
  const command = new Command("account").description("accounts: cash, health, positions, and who may trade");
  examples(
    command
      .command("list")
      .description("every account of an owner, with its health")
      .option("--owner <address>", "whose (default: the sender's)", parseAddress)
      .action(action(list)),
    "usance account list",
    "usance account list --owner 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
  );
  examples(
    accountOptions(command.command("show").description("cash, equity, margins and positions")).action(
      action(show),
    ),
    "usance account show",
    "usance account show --account 2048 --json",
  );
  examples(
    dryRunOption(
      accountOptions(
        command
          .command("open")
          .description("open a subaccount by its first deposit")
          .argument("<amount>", "collateral, such as 1000.50"),
        { named: false },
      ),
    ).action(action(open)),
    "usance account open 1000",
    "usance account open 250.50 --subaccount 1",
  );
  for (const one of accountRights()) command.addCommand(one);
  return command;
}

async function list(session: Session, { owner }: { owner?: Address }): Promise<Answer> {
  const { client, deployment } = session;
  const whose = owner ?? (await session.sender());
  const opened = await pastEvents(session, "AccountOpened", { owner: whose });
  const accounts = await getAccounts(client, {
    deployment,
    accountIds: opened.map(({ args }) => args.account),
  });
  const money = await readMoney(session);
  const rows = accounts.map((account) => ({
    account: account.id,
    subaccount: account.subaccount,
    retired: account.retired,
    cash: money.format(account.cash),
    equity: money.format(account.equity),
    initialMargin: money.format(account.initialMargin),
    maintenanceMargin: money.format(account.maintenanceMargin),
    withdrawable: money.format(account.withdrawable),
    positions: account.positions.filter(({ size }) => size !== 0n).length,
  }));
  return {
    json: { owner: whose, collateral: money.symbol, accounts: rows },
    text: [
      `accounts of ${whose}, in ${money.symbol}`,
      "",
      {
        columns: ["account", "sub", "equity", "IM", "MM", "withdrawable", "positions", ""],
        rows: rows.map((row) => [
          String(row.account),
          String(row.subaccount),
          row.equity,
          row.initialMargin,
          row.maintenanceMargin,
          row.withdrawable,
          String(row.positions),
          row.retired ? "retired" : "",
        ]),
        empty: "none is open yet: `usance account open` opens one",
      },
    ],
  };
}

async function show(session: Session, options: AccountOptions): Promise<Answer> {
  const { client, deployment } = session;
  const id = await resolveAccount(session, options);
  const [account, held, money, markets] = await Promise.all([
    getAccount(client, { deployment, accountId: id }),
    getPositions(client, { deployment, accountId: id, history: false }),
    readMoney(session),
    readMarkets(session),
  ]);
  const positions = account.positions.map(({ market, size, bidLots, askLots, openOrders }) => {
    const named = markets.find((one) => one.id === market);
    const position = held.find((one) => one.market === market && one.size !== 0n);
    return {
      market,
      symbol: named?.symbol ?? String(market),
      size: formatLots(size),
      // Where it would close without a result: fills, funding and maker fees are in it.
      breakEvenPrice:
        position && named
          ? formatRatio(position.breakEvenPrice, { unit: named.tickSize, digits: named.tickSize.length - 1 })
          : null,
      markPrice: named ? markPrice(named.markX16, named) : null,
      bids: formatLots(bidLots),
      asks: formatLots(askLots),
      openOrders: Number(openOrders),
    };
  });
  const amounts = {
    cash: money.format(account.cash),
    equity: money.format(account.equity),
    initialMargin: money.format(account.initialMargin),
    maintenanceMargin: money.format(account.maintenanceMargin),
    withdrawable: money.format(account.withdrawable),
  };
  const { owner, subaccount, retired } = account;
  return {
    json: { account: id, owner, subaccount, retired, collateral: money.symbol, ...amounts, positions },
    text: [
      `account ${id} of ${owner}, subaccount ${subaccount}${retired ? ", retired" : ""}`,
      "",
      {
        columns: ["", money.symbol],
        rows: [
          ["cash", amounts.cash],
          ["equity", amounts.equity],
          ["initial margin", amounts.initialMargin],
          ["maintenance margin", amounts.maintenanceMargin],
          ["withdrawable", amounts.withdrawable],
        ],
      },
      "",
      {
        columns: ["market", "size", "break-even", "mark", "bids", "asks", "orders"],
        rows: positions.map((position) => [
          position.symbol,
          position.size,
          position.breakEvenPrice ?? "-",
          position.markPrice ?? "-",
          position.bids,
          position.asks,
          String(position.openOrders),
        ]),
        empty: "no positions",
      },
    ],
  };
}

async function open(session: Session, amount: string, options: MoneyOptions): Promise<Answer> {
  const { client, deployment } = session;
  const owner = await session.sender();
  const { subaccount } = options;
  const existing = await getAccountId(client, { deployment, owner, subaccount });
  if (existing !== 0)
    throw new Error(`Subaccount ${subaccount} is open as account ${existing}: use \`usance deposit\`.`);
  return credit(session, amount, options);
}
