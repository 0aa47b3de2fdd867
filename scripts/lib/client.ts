import { createClient, defineChain, http, type Account, type Chain, type Client, type Transport } from "viem";
import { getChainId } from "viem/actions";

export { accountFromEnvironment, KEY_VARIABLE } from "./keys.ts";

const LOCAL_CHAIN = 31_337;

/** Connects to a node and learns its chain. */
export async function connect(rpc: string): Promise<Client<Transport, Chain>> {
  const transport = http(rpc);
  const id = await getChainId(createClient({ transport }));
  const chain = defineChain({
    id,
    name: `chain ${id}`,
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [rpc] } },
  });
  // A local node has every transaction in a block at once; waiting seconds for it would be idle.
  return createClient({ transport, chain, ...(id === LOCAL_CHAIN && { pollingInterval: 50 }) });
}

/** The same connection with an account that signs. */
export function withAccount(
  { chain, pollingInterval }: Client<Transport, Chain>,
  account: Account,
): Client<Transport, Chain, Account> {
  return createClient({ account, chain, transport: http(), pollingInterval });
}
