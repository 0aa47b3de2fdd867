import { parseEventLogs, type Abi, type AbiEvent, type Client, type ContractEventName, type Log } from "viem";
import { getLogs } from "viem/actions";
import { decodeUsanceError } from "../errors/decodeUsanceError.ts";
import type { Named } from "./abi.ts";
import { addressOf, type Contract, type DeploymentParameter } from "./contracts.ts";
import { inParts, newestBlock, type BlockSpan } from "./logs.ts";
import { carrierOf, unpack, type PackedEvents } from "./packedEvents.ts";

/** Arguments of an event by name, without their packing. */
export type EventArgs<abi extends Abi, name extends string> = name extends keyof PackedEvents
  ? PackedEvents[name]
  : Named<Extract<abi[number], { type: "event"; name: name }>["inputs"]>;

/** Names of the events of a contract. */
export type EventName<abi extends Abi> =
  ContractEventName<abi> | ("OrderTaken" extends ContractEventName<abi> ? keyof PackedEvents : never);

/** Arguments of several kinds of events, by name. */
export type EventsByName<abi extends Abi, name extends string> = { [item in name]: EventArgs<abi, item>[] };

/** A decoded event of the chain. */
export type EventRecord<abi extends Abi, name extends string> = name extends string
  ? Log<bigint, number, false> & { eventName: name; args: EventArgs<abi, name> }
  : never;

/** Which past blocks a search covers. */
export type PastParameters = DeploymentParameter & {
  /** First block; the exchange's deployment when left out. */
  fromBlock?: bigint | undefined;
  /** Last block; the latest when left out. */
  toBlock?: bigint | undefined;
  /** Most blocks of one request; 10,000 when left out. Where a node still says that it is too much, it is halved. */
  blockRange?: bigint | undefined;
};

/** Narrows events to what concerns an account, a market, or both. */
export type EventFilter = {
  /** Account that the event names in any part. */
  accountId?: number | undefined;
  /** Market that the event names, also within an order id. */
  market?: number | undefined;
};

/** Arguments that name an account. */
const accountParts = ["account", "maker", "keeper", "from", "to"];

/** Decodes the named events among logs, by name. */
export function parseEvents<const abi extends Abi, const name extends EventName<abi>>(
  abi: abi,
  names: readonly name[],
  logs: readonly Log[],
): EventsByName<abi, name> {
  const events = Object.fromEntries(names.map((name): [string, unknown[]] => [name, []]));
  const decoded = parseEventLogs({ abi: items(abi, names), logs: [...logs] });
  for (const { eventName, args } of decoded.flatMap(unpack)) events[eventName]?.push(args);
  return events as EventsByName<abi, name>;
}

/** Finds past events, oldest first. */
export async function getEvents<const abi extends Abi, const name extends EventName<abi>>(
  client: Client,
  parameters: PastParameters,
  contract: Contract<abi>,
  names: readonly name[],
  filter: EventFilter = {},
): Promise<EventRecord<abi, name>[]> {
  const { deployment, fromBlock = BigInt(deployment.block), toBlock, blockRange } = parameters;
  const events: EventRecord<abi, name>[] = [];
  try {
    const whole = { fromBlock, toBlock: toBlock ?? (await newestBlock(client)) };
    const ask = (span: BlockSpan) => askEvents(client, { deployment, ...span }, contract, names, filter);
    for await (const { found } of inParts(ask, whole, blockRange)) events.push(...found);
  } catch (error) {
    throw decodeUsanceError(error);
  }
  return events;
}

/** Events of some blocks, in one request or in one for each kind. */
export async function askEvents<const abi extends Abi, const name extends EventName<abi>>(
  client: Client,
  { deployment, ...span }: DeploymentParameter & BlockSpan,
  { abi, name: contract }: Contract<abi>,
  names: readonly name[],
  filter: EventFilter,
): Promise<EventRecord<abi, name>[]> {
  const range = { address: addressOf(deployment, contract), strict: true, ...span } as const;
  const events = items(abi, names);
  const narrow = filter.accountId !== undefined || filter.market !== undefined;
  // With one kind of event in a request the node itself can look at indexed arguments.
  const logs = narrow
    ? await Promise.all(
        events.map((event) => getLogs(client, { ...range, event, args: indexedArgs(event, filter, names) })),
      )
    : [await getLogs(client, { ...range, events })];
  return matching<abi, name>(logs.flat(), names, filter).sort(inOrder);
}

/** What of a filter the indexed arguments of an event can decide. */
function indexedArgs(
  { name: event, inputs }: AbiEvent,
  { accountId, market }: EventFilter,
  names: readonly string[],
) {
  const indexed = inputs.flatMap(({ indexed, name, type }) =>
    // Addresses have some of the same names.
    indexed && name !== undefined && type !== "address" ? [name] : [],
  );
  const parts = accountParts.filter((part) => indexed.includes(part));
  const [part] = parts;
  return {
    // The event of who took carries those whose orders it filled.
    ...(part !== undefined &&
      parts.length === 1 &&
      names.every((name) => name === event || carrierOf(name) !== event) && { [part]: accountId }),
    ...(indexed.includes("market") && { market }),
  };
}

type Place = { blockNumber: bigint; logIndex: number };

function inOrder(a: Place, b: Place): number {
  if (a.blockNumber !== b.blockNumber) return a.blockNumber < b.blockNumber ? -1 : 1;
  return a.logIndex - b.logIndex;
}

function items(abi: Abi, names: readonly string[]): AbiEvent[] {
  const carriers = names.map(carrierOf);
  return abi.filter((item) => item.type === "event" && carriers.includes(item.name)) as AbiEvent[];
}

function matching<abi extends Abi, name extends string>(
  logs: readonly unknown[],
  names: readonly string[],
  filter: EventFilter,
): EventRecord<abi, name>[] {
  return (logs as EventRecord<abi, name>[])
    .flatMap(unpack)
    .filter(({ eventName, args }) => names.includes(eventName) && concerns(args, filter));
}

/** Whether the arguments of an event name the account and the market. */
export function concerns(args: unknown, { accountId, market }: EventFilter): boolean {
  const named = args as Record<string, unknown>;
  const id = named["id"];
  const itsMarket = named["market"] ?? (typeof id === "bigint" ? Number(id >> 104n) : undefined);
  return (
    (market === undefined || itsMarket === market) &&
    (accountId === undefined || accountParts.some((part) => named[part] === accountId))
  );
}
