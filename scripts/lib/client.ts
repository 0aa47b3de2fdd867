import {
  createClient,
  createTransport,
  defineChain,
  http,
  type Account,
  type Chain,
  type Client,
  type Transport,
} from "viem";
import { getChainId } from "viem/actions";
import { Endpoints, type EndpointsOptions } from "./endpoints.ts";

export { accountFromEnvironment, KEY_VARIABLE } from "./keys.ts";

const LOCAL_CHAIN = 31_337;

/**
 * Connects to a node, or to several that are used as one, and learns their chain.
 * @throws Error where nodes serve different chains.
 */
export async function connect(
  rpc: string | readonly string[],
  options: EndpointsOptions = {},
): Promise<Client<Transport, Chain>> {
  const urls = typeof rpc === "string" ? [rpc] : rpc;
  const endpoints = urls.length > 1 ? new Endpoints(urls, options) : undefined;
  const transport = endpoints === undefined ? http(urls[0]) : severalOf(endpoints);
  const id =
    endpoints === undefined ? await getChainId(createClient({ transport })) : await endpoints.chainId();
  const chain = defineChain({
    id,
    name: `chain ${id}`,
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: urls } },
  });
  // A local node has every transaction in a block at once; waiting seconds for it would be idle.
  return createClient({ transport, chain, ...(id === LOCAL_CHAIN && { pollingInterval: 50 }) });
}

/** The same connection with an account that signs. */
export function withAccount(
  client: Client<Transport, Chain>,
  account: Account,
): Client<Transport, Chain, Account> {
  const { chain, pollingInterval } = client;
  const endpoints = endpointsOf(client);
  const transport = endpoints === undefined ? http() : severalOf(endpoints);
  return createClient({ account, chain, transport, pollingInterval });
}

/** The nodes that a client uses as one; nothing where there is only one. */
export function endpointsOf({ transport }: Pick<Client, "transport">): Endpoints | undefined {
  return (transport as { endpoints?: Endpoints }).endpoints;
}

/** They try one after the other themselves: viem need not. */
function severalOf(endpoints: Endpoints): Transport {
  const config = { key: "endpoints", name: "Several nodes", type: "endpoints", retryCount: 0 };
  const request = (asked: { method: string; params?: unknown }) => endpoints.request(asked);
  return () => createTransport({ ...config, request: request as never }, { endpoints });
}
