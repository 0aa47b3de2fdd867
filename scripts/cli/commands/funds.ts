import {
  approveCollateral,
  deposit,
  depositFor,
  depositWithPermit,
  getAccount,
  getAccountId,
  isContractError,
  parseCollateral,
  signPermit,
  transfer,
  UsanceError,
  withdraw,
} from "@usance/sdk";
import { Command } from "commander";
import type { Account, Address, Chain, Client, Hash, Transport } from "viem";
import { parseAddress } from "../arguments.ts";
import { readMoney, type Money } from "../money.ts";
import { accountOptions, dryRunOption, examples, parseAccount } from "../options.ts";
import type { Answer } from "../output.ts";
import { action, readCollateral, resolveAccount, type AccountOptions, type Session } from "../session.ts";
import { confirm } from "../transactions.ts";

/** Options of the commands that move money. */
export interface MoneyOptions extends AccountOptions {
  dryRun: boolean;
}

/** `usance deposit`, `withdraw` and `transfer`: what goes in and out. */
export function fundsCommands(): Command[] {
  return [
    examples(
      dryRunOption(
        accountOptions(
          new Command("deposit")
            .description("deposit collateral into an account, anybody's by --account")
            .argument("<amount>", "collateral, such as 1000.50"),
        ),
      ).action(action(add)),
      "usance deposit 1000.50",
      "usance deposit 250 --account 2048 --dry-run",
    ),
    examples(
      dryRunOption(
        accountOptions(
          new Command("withdraw")
            .description("withdraw free equity of your account")
            .argument("<amount>", "collateral, or `all` for the most that may go")
            .option("--to <address>", "receiver (default: the sender)", parseAddress),
        ),
      ).action(action(take)),
      "usance withdraw 100",
      "usance withdraw all --to 0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
    ),
    examples(
      dryRunOption(
        accountOptions(
          new Command("transfer")
            .description("move cash between two of your accounts")
            .argument("<amount>", "collateral, or `all` for the most that may go")
            .argument("<to>", "number of the account that receives", parseAccount),
        ),
      ).action(action(move)),
      "usance transfer 250 2049",
      "usance transfer all 2048 --subaccount 1",
    ),
  ];
}

async function add(session: Session, amount: string, options: MoneyOptions): Promise<Answer> {
  const account = await resolveAccount(session, options);
  return credit(session, amount, { ...options, account });
}

/**
 * Deposits in one transaction, by a signed permit, where the account is the sender's own and the token knows permits; else after an approval of
 * just this amount.
 */
export async function credit(session: Session, text: string, options: MoneyOptions): Promise<Answer> {
  const { client: reader, deployment } = session;
  const sender = await session.sender();
  const [money, { balance, allowance }] = await Promise.all([
    readMoney(session),
    readCollateral(session, sender),
  ]);
  const amount = amountOf(text, money);
  if (balance < amount) throw new Error(`The sender holds ${money.say(balance)}, less than ${text}.`);
  const subaccount = await ownSubaccount(session, options, sender);
  const place = options.account === undefined ? "a new account" : `account ${options.account}`;
  const preview = `deposits ${money.say(amount)} of ${money.say(balance)} into ${place}`;
  const amounts = { account: options.account ?? null, deposited: money.format(amount) };
  if (options.dryRun) return rehearsed(preview, amounts);
  session.say(preview);
  const client = await session.signer();
  const permit =
    subaccount !== undefined && allowance < amount ? await permitOf(client, { deployment, amount }) : null;
  let hash: Hash;
  if (subaccount !== undefined && permit !== null)
    hash = await depositWithPermit(client, { deployment, subaccount, amount, permit });
  else {
    if (allowance < amount) await confirm(session, await approveCollateral(client, { deployment, amount }));
    hash =
      options.account === undefined || subaccount !== undefined
        ? await deposit(client, { deployment, subaccount: subaccount ?? options.subaccount, amount })
        : await depositFor(client, { deployment, accountId: options.account, amount });
  }
  const [opened] = deposit.extract(await confirm(session, hash)).AccountOpened;
  const id = options.account ?? opened?.account ?? 0;
  const { cash } = await getAccount(reader, { deployment, accountId: id });
  return {
    json: {
      ...amounts,
      account: id,
      opened: opened !== undefined,
      permit: permit !== null,
      cash: money.format(cash),
      transaction: hash,
    },
    text: [
      `${opened ? "opened" : "credited"} account ${id} with ${money.say(amount)}: its cash is ${money.say(cash)} now`,
    ],
  };
}

/** The subaccount that a deposit of the sender goes to; undefined for the account of somebody else. */
async function ownSubaccount(
  { client, deployment }: Session,
  { account, subaccount }: AccountOptions,
  sender: Address,
): Promise<number | undefined> {
  if (account === undefined) return subaccount;
  const found = await getAccount(client, { deployment, accountId: account });
  // A retired account takes nothing, and `depositFor` says so, while a deposit would open another account in its place.
  if (found.owner !== sender || found.retired) return undefined;
  const current = await getAccountId(client, { deployment, owner: sender, subaccount: found.subaccount });
  return current === account ? found.subaccount : undefined;
}

/** A signed permit; null where the token knows none. */
async function permitOf(
  client: Client<Transport, Chain, Account>,
  parameters: Pick<Parameters<typeof signPermit>[1], "deployment" | "amount">,
) {
  try {
    return await signPermit(client, parameters);
  } catch (error) {
    if (error instanceof UsanceError && !isContractError(error)) return null;
    throw error;
  }
}

async function take(
  session: Session,
  text: string,
  options: MoneyOptions & { to?: Address },
): Promise<Answer> {
  const { client: reader, deployment } = session;
  const sender = await session.sender();
  const { to = sender } = options;
  const accountId = await resolveAccount(session, options);
  const [money, before] = await Promise.all([
    readMoney(session),
    getAccount(reader, { deployment, accountId }),
  ]);
  const amount = text === "all" ? before.withdrawable : amountOf(text, money);
  const parameters = { deployment, accountId, amount, to, account: sender };
  await withdraw.simulate(reader, parameters);
  const left = money.format(before.equity - amount);
  const preview = `withdraws ${money.say(amount)} from account ${accountId} to ${to};\nequity is ${left} then, the initial margin ${money.say(before.initialMargin)}`;
  const json = { account: accountId, withdrawn: money.format(amount), to, equity: left };
  if (options.dryRun) return rehearsed(preview, json);
  session.say(preview);
  const client = await session.signer();
  const hash = await withdraw(client, { ...parameters, account: client.account });
  await confirm(session, hash);
  return {
    json: { ...json, transaction: hash },
    text: [`withdrew ${money.say(amount)} from account ${accountId} to ${to}`],
  };
}

async function move(session: Session, text: string, toId: number, options: MoneyOptions): Promise<Answer> {
  const { client: reader, deployment } = session;
  const sender = await session.sender();
  const fromId = await resolveAccount(session, options);
  const [money, before] = await Promise.all([
    readMoney(session),
    getAccount(reader, { deployment, accountId: fromId }),
  ]);
  const amount = text === "all" ? before.withdrawable : amountOf(text, money);
  const parameters = { deployment, fromId, toId, amount, account: sender };
  await transfer.simulate(reader, parameters);
  const preview = `moves ${money.say(amount)} from account ${fromId} to account ${toId}; leaves equity of ${money.say(before.equity - amount)}`;
  const json = { from: fromId, to: toId, moved: money.format(amount) };
  if (options.dryRun) return rehearsed(preview, json);
  session.say(preview);
  const client = await session.signer();
  const hash = await transfer(client, { ...parameters, account: client.account });
  await confirm(session, hash);
  return {
    json: { ...json, transaction: hash },
    text: [`moved ${money.say(amount)} from account ${fromId} to account ${toId}`],
  };
}

/** The answer of a rehearsal. */
export function rehearsed(preview: string, json: object): Answer {
  return { json: { ...json, dryRun: true }, text: [preview, "nothing was sent"] };
}

function amountOf(text: string, { decimals }: Money): bigint {
  const amount = parseCollateral(text, decimals);
  if (amount <= 0n) throw new Error("The amount must be above zero.");
  return amount;
}
