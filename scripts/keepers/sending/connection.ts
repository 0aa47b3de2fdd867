import type { Account, Chain, Client, Transport } from "viem";
import type { EndpointStatus } from "../../lib/endpoints.ts";
import { endpointsOf } from "../../lib/client.ts";
import type { KeeperLog } from "../keeper.ts";
import { Head } from "./head.ts";
import { SENDER_DEFAULTS, Sender, type SenderSettings } from "./sender.ts";

/** A client with what all keepers that use it share: one sender, since an account has one row of nonces, and one view of the head. */
export interface KeeperConnection {
  readonly head: Head;
  readonly sender: Sender;
  /** How the connection stands, for metrics and health. */
  status(): ConnectionStatus;
}

/** State of a connection. */
export interface ConnectionStatus {
  /** Each node; one that is put aside says why. Empty where there is only one. */
  endpoints: EndpointStatus[];
  /** Seconds that this machine's clock is ahead of the newest block. */
  skewSeconds?: number;
  /** Times that blocks which had been seen were replaced. */
  reorganisations: number;
  /** Transactions that a reorganisation has undone. */
  undone: number;
  /** Transactions on their way. */
  pending: number;
}

type SigningClient = Client<Transport, Chain | undefined, Account>;

const connections = new WeakMap<SigningClient, KeeperConnection>();

/** The connection of a client: the same one for every keeper that is created with it. */
export function connectionOf(
  client: SigningClient,
  settings: Partial<SenderSettings>,
  log: KeeperLog,
): KeeperConnection {
  const known = connections.get(client);
  if (known !== undefined) return known;
  const sender = new Sender(client, { ...SENDER_DEFAULTS, ...settings }, log);
  const head = new Head(client, sender, log);
  const endpoints = endpointsOf(client);
  endpoints?.report(log);
  const connection: KeeperConnection = {
    head,
    sender,
    status: () => ({
      endpoints: endpoints?.status() ?? [],
      ...(head.skewSeconds !== undefined && { skewSeconds: head.skewSeconds }),
      reorganisations: head.reorganisations,
      undone: sender.undone,
      pending: sender.pending,
    }),
  };
  connections.set(client, connection);
  return connection;
}
