import {
  approveCollateral,
  deposit,
  depositFor,
  formatCollateral,
  formatLots,
  formatPrice,
  getAccount,
  getAccountId,
  parseCollateral,
  withdraw,
} from "@usance/sdk";
import { Command } from "commander";
import { getAddress, isAddress } from "viem";
import { accountOptions } from "../options.ts";
import type { Answer } from "../output.ts";
import {
  action,
  readCollateral,
  readMarkets,
  resolveAccount,
  type AccountOptions,
  type Session,
} from "../session.ts";
import { confirm } from "../transactions.ts";

/** `usance account`: cash, health and positions, and what goes in and out. */
export function accountCommand(): Command {
  const command = new Command("account").description("cash, health and positions; what goes in and out");
  accountOptions(command.command("show").description("cash, equity, margins and positions")).action(
    action(show),
  );
  accountOptions(
    command
      .command("open")
      .description("open a subaccount by its first deposit")
      .argument("<amount>", "collateral, such as 1000.50"),
    { named: false },
  ).action(action(open));
  accountOptions(
    command.command("deposit").description("deposit into an account").argument("<amount>", "collateral"),
  ).action(action(add));
  accountOptions(
    command
      .command("withdraw")
      .description("withdraw free equity")
      .argument("<amount>", "collateral, or `all` for the most that may go")
      .option("--to <address>", "receiver (default: the sender)"),
  ).action(action(take));
  return command;
}

async function show(session: Session, options: AccountOptions): Promise<Answer> {
  const { client, deployment } = session;
  const id = await resolveAccount(session, options);
  const [account, { decimals, symbol }, markets] = await Promise.all([
    getAccount(client, { deployment, accountId: id }),
    readCollateral(session),
    readMarkets(session),
  ]);
  const named = new Map(markets.map((market) => [market.id, market]));
  const money = (amount: bigint) => formatCollateral(amount, decimals);
  const positions = account.positions.map(({ market, size, quote, bidLots, askLots, openOrders }) => ({
    market,
    symbol: named.get(market)?.symbol ?? String(market),
    size: formatLots(size),
    // What the fills cost on average, funding and maker fees included.
    entryPrice: size === 0n ? null : formatPrice(-quote / size, named.get(market)),
    bids: formatLots(bidLots),
    asks: formatLots(askLots),
    openOrders: Number(openOrders),
  }));
  const amounts = {
    cash: money(account.cash),
    equity: money(account.equity),
    initialMargin: money(account.initialMargin),
    maintenanceMargin: money(account.maintenanceMargin),
    withdrawable: money(account.withdrawable),
  };
  const { owner, subaccount, retired } = account;
  return {
    json: { account: id, owner, subaccount, retired, collateral: symbol, ...amounts, positions },
    text: [
      `account ${id} of ${owner}, subaccount ${subaccount}${retired ? ", retired" : ""}`,
      "",
      {
        columns: ["", symbol],
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
        columns: ["market", "size", "entry", "bids", "asks", "orders"],
        rows: positions.map((position) => [
          position.symbol,
          position.size,
          position.entryPrice ?? "-",
          position.bids,
          position.asks,
          String(position.openOrders),
        ]),
        empty: "no positions",
      },
    ],
  };
}

async function open(session: Session, amount: string, options: AccountOptions): Promise<Answer> {
  const { client, deployment } = session;
  const owner = session.signer().account.address;
  const { subaccount } = options;
  const existing = await getAccountId(client, { deployment, owner, subaccount });
  if (existing !== 0)
    throw new Error(
      `Subaccount ${subaccount} is open as account ${existing}: use \`usance account deposit\`.`,
    );
  return credit(session, amount, { subaccount });
}

async function add(session: Session, amount: string, options: AccountOptions): Promise<Answer> {
  const account = await resolveAccount(session, options);
  return credit(session, amount, { ...options, account });
}

/** Deposits, with an approval of just this amount where the allowance does not cover it. */
async function credit(
  session: Session,
  text: string,
  { account, subaccount }: AccountOptions,
): Promise<Answer> {
  const { deployment } = session;
  const client = session.signer();
  const { decimals, symbol, balance, allowance } = await readCollateral(session, client.account.address);
  const amount = parseCollateral(text, decimals);
  if (amount <= 0n) throw new Error("The amount to deposit must be above zero.");
  if (balance < amount)
    throw new Error(`The sender holds ${formatCollateral(balance, decimals)} ${symbol}, less than ${text}.`);
  if (allowance < amount) await confirm(session, await approveCollateral(client, { deployment, amount }));
  const hash =
    account === undefined
      ? await deposit(client, { deployment, subaccount, amount })
      : await depositFor(client, { deployment, accountId: account, amount });
  const receipt = await confirm(session, hash);
  const [opened] = deposit.extract(receipt).AccountOpened;
  const id = account ?? opened?.account ?? 0;
  const credited = formatCollateral(amount, decimals);
  return {
    json: { account: id, deposited: credited, opened: opened !== undefined, transaction: hash },
    text: [`${opened ? "opened" : "credited"} account ${id} with ${credited} ${symbol}`],
  };
}

async function take(
  session: Session,
  text: string,
  options: AccountOptions & { to?: string },
): Promise<Answer> {
  const { deployment } = session;
  const client = session.signer();
  const { to = client.account.address } = options;
  if (!isAddress(to)) throw new Error(`${to} is not an address.`);
  const accountId = await resolveAccount(session, options);
  const { decimals, symbol } = await readCollateral(session);
  const amount =
    text === "all"
      ? (await getAccount(client, { deployment, accountId })).withdrawable
      : parseCollateral(text, decimals);
  const hash = await withdraw(client, { deployment, accountId, amount, to: getAddress(to) });
  await confirm(session, hash);
  const withdrawn = formatCollateral(amount, decimals);
  return {
    json: { account: accountId, withdrawn, to: getAddress(to), transaction: hash },
    text: [`withdrew ${withdrawn} ${symbol} from account ${accountId} to ${getAddress(to)}`],
  };
}
