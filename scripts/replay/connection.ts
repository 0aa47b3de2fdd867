import {
  createClient,
  custom,
  webSocket,
  type Chain,
  type Client,
  type CustomTransport,
  type Hash,
  type Hex,
  type LocalAccount,
} from "viem";
import { hardhat } from "viem/chains";
import { GasMeter } from "./meter.ts";

/** The connection that all participants of a replay share: one socket, metered. */
export interface Connection {
  readonly meter: GasMeter;
  /** Client that only reads and moves the clock. */
  readonly client: Client<CustomTransport, Chain, undefined>;
  /** Client of one participant. */
  readonly clientOf: (account: LocalAccount) => Client<CustomTransport, Chain, LocalAccount>;
  close(): Promise<void>;
}

/** Connects to a local node. A socket takes twice as many calls a second as HTTP. */
export function connect(url: string): Connection {
  const socket = webSocket(url.replace(/^http/, "ws"), { reconnect: false, keepAlive: false, retryCount: 0 })(
    {
      chain: hardhat,
    },
  );
  const meter = new GasMeter();
  const request = socket.request as (request: { method: string; params?: unknown }) => Promise<unknown>;
  const transport = custom(
    {
      async request({ method, params }: { method: string; params?: unknown }): Promise<unknown> {
        const result = await request({ method, params });
        if (method === "eth_sendRawTransaction") meter.sent(result as Hash, (params as [Hex])[0]);
        if (method === "eth_getTransactionReceipt" && result !== null)
          meter.received(result as Parameters<GasMeter["received"]>[0]);
        return result;
      },
    },
    { retryCount: 0 },
  );
  const options = { chain: hardhat, transport, pollingInterval: 50, cacheTime: 0 };
  return {
    meter,
    client: createClient(options),
    clientOf: (account) => createClient({ ...options, account }),
    async close() {
      const { getRpcClient } = socket.value as { getRpcClient: () => Promise<{ close(): void }> };
      (await getRpcClient()).close();
    },
  };
}
