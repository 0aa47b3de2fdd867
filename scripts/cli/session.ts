import { getAccountId, getMarkets, getCollateral, pointsOfMark, type Deployment } from "@usance/sdk";
import type { Command } from "commander";
import { zeroAddress, type Account, type Address, type Chain, type Client, type Transport } from "viem";
import { deploymentPath, readDeployment } from "../deploy/deployment.ts";
import { symbolOf, tickSizeOf } from "../deploy/markets.ts";
import { SECONDS_PER_DAY } from "../lib/calendar.ts";
import { accountFromEnvironment, connect, withAccount } from "../lib/client.ts";
import { formatAnswer, type Answer } from "./output.ts";

/** Options of every command. */
export interface GlobalOptions {
  rpc: string;
  deployment?: string;
  json: boolean;
}

/** Which account a command is about. */
export interface AccountOptions {
  account?: number;
  subaccount: number;
}

/** What a command works with once it is connected. */
export interface Session {
  client: Client<Transport, Chain>;
  deployment: Deployment;
  /** The connection with the account of the key in the environment. */
  signer: () => Client<Transport, Chain, Account>;
}

/** State of a market together with its name and what a tick is in its price. */
export type NamedMarket = Awaited<ReturnType<typeof getMarkets>>[number] & {
  symbol: string;
  tickSize: string;
};

/** Connects as the global options say. */
export async function openSession({ rpc, deployment: path }: GlobalOptions): Promise<Session> {
  const client = await connect(rpc);
  const deployment = readDeployment(path ?? deploymentPath(client.chain.id));
  if (deployment.chainId !== client.chain.id)
    throw new Error(
      `The node serves chain ${client.chain.id}, the deployment is on chain ${deployment.chainId}.`,
    );
  return { client, deployment, signer: () => withAccount(client, accountFromEnvironment()) };
}

/** Makes the function that commander calls: connect, do it, print the answer. */
export function action<args extends unknown[]>(run: (session: Session, ...args: args) => Promise<Answer>) {
  return async (...given: unknown[]): Promise<void> => {
    const command = given.at(-1) as Command;
    const globals = command.optsWithGlobals<GlobalOptions>();
    const session = await openSession(globals);
    answer(command, await run(session, ...(given.slice(0, -1) as args)));
  };
}

/** Writes a command's answer where it writes, as its options want it. */
export function answer(command: Command, content: Answer): void {
  const { json } = command.optsWithGlobals<GlobalOptions>();
  command.configureOutput().writeOut?.(formatAnswer(content, json));
}

/** Every market with its name. */
export async function readMarkets({ client, deployment }: Session): Promise<NamedMarket[]> {
  const markets = await getMarkets(client, { deployment });
  return markets.map((market) => {
    const lastPeriod = market.expiry === 0n ? 0 : Number(market.expiry) / SECONDS_PER_DAY - 1;
    return { ...market, symbol: symbolOf({ lastPeriod }, market.index), tickSize: tickSizeOf(market.index) };
  });
}

/** Mark or anchor of a market, to one decimal more than its ticks have. */
export function markPrice(markX16: bigint, { tickSize }: Pick<NamedMarket, "tickSize">): string {
  return pointsOfMark(markX16, { tickSize, digits: tickSize.length - 1 });
}

/** Finds a market by number or name. */
export async function findMarket(session: Session, text: string): Promise<NamedMarket> {
  const markets = await readMarkets(session);
  const wanted = text.toUpperCase();
  const found = markets.find(({ id, symbol }) => String(id) === text || symbol === wanted);
  if (found !== undefined) return found;
  const names = markets.map(({ symbol }) => symbol).join(", ");
  throw new Error(`There is no market ${text}; there ${names ? `are ${names}` : "is none yet"}.`);
}

/**
 * Number of the account that a command is about: the one that is named, else the signer's subaccount.
 * @throws Error where the subaccount has not been opened.
 */
export async function resolveAccount(
  session: Session,
  { account, subaccount }: AccountOptions,
): Promise<number> {
  if (account !== undefined) return account;
  const owner = session.signer().account.address;
  const id = await getAccountId(session.client, { deployment: session.deployment, owner, subaccount });
  if (id === 0)
    throw new Error(`${owner} has no subaccount ${subaccount} yet: open it with \`usance account open\`.`);
  return id;
}

/** Decimals and symbol of the collateral token. */
export function readCollateral({ client, deployment }: Session, owner: Address = zeroAddress) {
  return getCollateral(client, { deployment, owner });
}
