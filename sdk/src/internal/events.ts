import {
  parseEventLogs,
  type Abi,
  type AbiEvent,
  type Address,
  type Client,
  type ContractEventName,
  type Log,
} from "viem";
import { getLogs, watchEvent } from "viem/actions";
import { decodeUsanceError } from "../errors/decodeUsanceError.ts";
import type { Named } from "./abi.ts";
import type { DeploymentParameter } from "./contracts.ts";

/** Arguments of an event by name. */
export type EventArgs<abi extends Abi, name extends string> = Named<
  Extract<abi[number], { type: "event"; name: name }>["inputs"]
>;

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
};

/** How a watcher asks for news. */
export type WatchParameters = DeploymentParameter & {
  /** Block to start from; the present when left out. */
  fromBlock?: bigint | undefined;
  /** Takes errors of the connection; the watch goes on. */
  onError?: ((error: Error) => void) | undefined;
  /** Milliseconds between two questions to an HTTP node; the client's when left out. */
  pollingInterval?: number | undefined;
};

/** Narrows events to what concerns an account, a market, or both. */
export type EventFilter = {
  /** Account that the event names in any part. */
  accountId?: number | undefined;
  /** Market that the event names, also within an order id. */
  market?: number | undefined;
};

type Contract<abi extends Abi> = { abi: abi; address: Address };

/** Decodes the named events among logs, by name. */
export function parseEvents<const abi extends Abi, const name extends ContractEventName<abi>>(
  abi: abi,
  names: readonly name[],
  logs: readonly Log[],
): EventsByName<abi, name> {
  const events = Object.fromEntries(names.map((name): [string, unknown[]] => [name, []]));
  const decoded = parseEventLogs({ abi: items(abi, names), logs: [...logs] });
  for (const { eventName, args } of decoded) events[eventName]?.push(args);
  return events as EventsByName<abi, name>;
}

/** Finds past events, oldest first. */
export async function getEvents<const abi extends Abi, const name extends ContractEventName<abi>>(
  client: Client,
  { deployment, fromBlock = BigInt(deployment.block), toBlock }: PastParameters,
  { abi, address }: Contract<abi>,
  names: readonly name[],
  filter: EventFilter = {},
): Promise<EventRecord<abi, name>[]> {
  try {
    const logs = await getLogs(client, {
      address,
      events: items(abi, names),
      strict: true,
      fromBlock,
      toBlock,
    });
    return matching<abi, name>(logs, filter);
  } catch (error) {
    throw decodeUsanceError(error);
  }
}

/** Passes on events as they come; the returned function ends the watch. */
export function watchEvents<const abi extends Abi, const name extends ContractEventName<abi>>(
  client: Client,
  { fromBlock, onError, pollingInterval }: WatchParameters,
  { abi, address }: Contract<abi>,
  names: readonly name[],
  onEvents: (events: EventRecord<abi, name>[]) => void,
  filter: EventFilter = {},
): () => void {
  return watchEvent(client, {
    address,
    events: items(abi, names),
    strict: true,
    fromBlock,
    onError,
    pollingInterval,
    onLogs(logs) {
      const events = matching<abi, name>(logs, filter);
      if (events.length > 0) onEvents(events);
    },
  });
}

function items(abi: Abi, names: readonly string[]): AbiEvent[] {
  return abi.filter((item) => item.type === "event" && names.includes(item.name)) as AbiEvent[];
}

function matching<abi extends Abi, name extends string>(
  logs: readonly unknown[],
  filter: EventFilter,
): EventRecord<abi, name>[] {
  return (logs as EventRecord<abi, name>[]).filter(({ args }) => concerns(args, filter));
}

/** Whether the arguments of an event name the account and the market. */
export function concerns(args: unknown, { accountId, market }: EventFilter): boolean {
  const named = args as Record<string, unknown>;
  const id = named["id"];
  const itsMarket = named["market"] ?? (typeof id === "bigint" ? Number(id >> 104n) : undefined);
  return (
    (market === undefined || itsMarket === market) &&
    (accountId === undefined || ["account", "maker", "keeper"].some((part) => named[part] === accountId))
  );
}
