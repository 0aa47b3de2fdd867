import {
  getAccountId,
  getCollateral,
  getMarkets,
  pointsOfMark,
  type Deployment,
  type GetCollateralReturnType,
} from "@usance/sdk";
import type { Command } from "commander";
import {
  HttpRequestError,
  isAddress,
  zeroAddress,
  type Account,
  type Address,
  type Chain,
  type Client,
  type Transport,
} from "viem";
import { deploymentPath, readDeployment } from "../deploy/deployment.ts";
import { symbolOf, tickSizeOf } from "../deploy/markets.ts";
import { SECONDS_PER_DAY } from "../lib/calendar.ts";
import { connect, withAccount } from "../lib/client.ts";
import { KEY_VARIABLE, KEYSTORE_VARIABLE, loadAccount, statedAddress, type KeySource } from "../lib/keys.ts";
import type { EndpointsOptions } from "../lib/endpoints.ts";
import { inUnits, type Units } from "./explain.ts";
import { formatAnswer, type Answer } from "./output.ts";

/** Options of every command. */
export interface GlobalOptions extends Pick<KeySource, "keystore" | "passphraseFile"> {
  /** Nodes; several are used as one. */
  rpc: readonly string[];
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
  /** The connection with the account of the sender's key, which a keystore may have to be opened for. */
  signer: () => Promise<Client<Transport, Chain, Account>>;
  /** Address of the sender, without opening a keystore that states it. */
  sender: () => Promise<Address>;
  /** Units of what the command has read, for its errors. */
  units: Units;
  /** Tells a person what comes next; programs get the answer alone. */
  say: (line: string) => void;
}

/** State of a market together with its name and what a tick is in its price. */
export type NamedMarket = Awaited<ReturnType<typeof getMarkets>>[number] & {
  symbol: string;
  tickSize: string;
};

/** Connects as the global options say. */
export async function openSession(
  { rpc, deployment: path, ...keys }: GlobalOptions,
  say: Session["say"] = () => {},
  endpoints: EndpointsOptions = {},
): Promise<Session> {
  const client = await connect(rpc, endpoints).catch((error: unknown) => {
    throw error instanceof HttpRequestError ? unanswered(error) : error;
  });
  const deployment = readDeployment(path ?? deploymentPath(client.chain.id));
  if (deployment.chainId !== client.chain.id)
    throw new Error(
      `The node serves chain ${client.chain.id}, the deployment is on chain ${deployment.chainId}.`,
    );
  let opened: Promise<Client<Transport, Chain, Account>> | undefined;
  const signer = () => (opened ??= loadAccount(keys).then((account) => withAccount(client, account)));
  const sender = async () => statedSender(keys) ?? (await signer()).account.address;
  return { client, deployment, signer, sender, units: {}, say };
}

/** Says which node is silent, by its host alone: the rest of an address may hold a key. */
function unanswered(error: HttpRequestError): Error {
  return new Error(
    `The node at ${new URL(error.url).host} does not answer: start it, or name another by --rpc.`,
    { cause: error },
  );
}

/** What the keystore in use states, where one is named and nothing else could be meant. */
function statedSender({ keystore }: KeySource): Address | undefined {
  const path = keystore ?? (process.env[KEY_VARIABLE] ? undefined : process.env[KEYSTORE_VARIABLE]);
  const address = path ? statedAddress(path) : undefined;
  return address !== undefined && isAddress(address, { strict: false }) ? address : undefined;
}

/** Makes the function that commander calls: connect, do it, print the answer. */
export function action<args extends unknown[]>(run: (session: Session, ...args: args) => Promise<Answer>) {
  return async (...given: unknown[]): Promise<void> => {
    const command = given.at(-1) as Command;
    const globals = command.optsWithGlobals<GlobalOptions>();
    const say = (line: string): void => {
      if (!globals.json) command.configureOutput().writeOut?.(`${line}\n`);
    };
    const session = await openSession(globals, say);
    try {
      const found = await run(session, ...(given.slice(0, -1) as args));
      answer(command, found);
      if (found.failure !== undefined) throw new Error(found.failure);
    } catch (error) {
      throw inUnits(error, session.units);
    }
  };
}

/** Writes a command's answer where it writes, as its options want it. */
export function answer(command: Command, content: Answer): void {
  const { json } = command.optsWithGlobals<GlobalOptions>();
  command.configureOutput().writeOut?.(formatAnswer(content, json));
}

/** Every market with its name. */
export async function readMarkets({ client, deployment, units }: Session): Promise<NamedMarket[]> {
  const markets = await getMarkets(client, { deployment });
  const named = markets.map((market) => {
    // A perpetual that ends has an expiry too.
    const lastPeriod = market.kind === "perpetual" ? 0 : Number(market.expiry) / SECONDS_PER_DAY - 1;
    return { ...market, symbol: symbolOf({ lastPeriod }, market.index), tickSize: tickSizeOf(market.index) };
  });
  const sizes = new Set(named.map(({ tickSize }) => tickSize));
  if (sizes.size === 1) [units.tickSize] = sizes;
  return named;
}

/** Mark or anchor of a market, to one decimal more than its ticks have. */
export function markPrice(markX16: bigint, { tickSize }: Pick<NamedMarket, "tickSize">): string {
  return pointsOfMark(markX16, { tickSize, digits: tickSize.length - 1 });
}

/** Finds a market by number or name. */
export async function findMarket(session: Session, text: string): Promise<NamedMarket> {
  const found = marketOf(await readMarkets(session), text);
  session.units.tickSize = found.tickSize;
  return found;
}

/** The market of a number or name among those that are listed. */
export function marketOf(markets: readonly NamedMarket[], text: string): NamedMarket {
  const wanted = text.toUpperCase();
  const found = markets.find(({ id, symbol }) => String(id) === text || symbol === wanted);
  if (found !== undefined) return found;
  const names = markets.map(({ symbol }) => symbol).join(", ");
  throw new Error(`There is no market ${text}; there ${names ? `are ${names}` : "is none yet"}.`);
}

/**
 * Number of the account that a command is about: the one that is named, else the sender's subaccount.
 * @throws Error where the subaccount has not been opened.
 */
export async function resolveAccount(
  session: Session,
  { account, subaccount }: AccountOptions,
): Promise<number> {
  if (account !== undefined) return account;
  const owner = await session.sender();
  const id = await getAccountId(session.client, { deployment: session.deployment, owner, subaccount });
  if (id === 0)
    throw new Error(`${owner} has no subaccount ${subaccount} yet: open it with \`usance account open\`.`);
  return id;
}

/** Decimals and symbol of the collateral token. */
export async function readCollateral(
  { client, deployment, units }: Session,
  owner: Address = zeroAddress,
): Promise<GetCollateralReturnType> {
  const found = await getCollateral(client, { deployment, owner });
  units.collateral = { decimals: found.decimals, symbol: found.symbol };
  return found;
}
