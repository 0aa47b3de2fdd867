import {
  createClient,
  defineChain,
  http,
  isHex,
  type Account,
  type Chain,
  type Client,
  type LocalAccount,
  type Transport,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { getChainId } from "viem/actions";

/** Environment variable that holds the sender's key. Keys come from nowhere else: arguments and files are seen by others. */
export const KEY_VARIABLE = "USANCE_PRIVATE_KEY";

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

/**
 * The account of the key in the environment.
 * @throws Error in one sentence, without the key, where there is none or it is not one.
 */
export function accountFromEnvironment(environment: NodeJS.ProcessEnv = process.env): LocalAccount {
  const key = environment[KEY_VARIABLE];
  if (key === undefined || key === "")
    throw new Error(`This needs a key to sign with: set the environment variable ${KEY_VARIABLE}.`);
  if (!isHex(key) || key.length !== 66)
    throw new Error(`${KEY_VARIABLE} does not hold a private key of 32 bytes in hex.`);
  return privateKeyToAccount(key);
}
