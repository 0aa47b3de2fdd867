// What every example begins with: a connection from the environment.
//   USANCE_RPC          address of the node, http://127.0.0.1:8545 when not set
//   USANCE_DEPLOYMENT   file with the addresses, deployments/<chainId>.json when not set
//   USANCE_PRIVATE_KEY  key that signs; reading needs none
import { readFileSync } from "node:fs";
import { loadDeployment, parseCollateral, usanceActions } from "@usance/sdk";
import { createClient, http, publicActions, type Client, type Hash } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { getChainId } from "viem/actions";

const transport = http(process.env.USANCE_RPC ?? "http://127.0.0.1:8545");

async function addresses(client: Client) {
  const file = process.env.USANCE_DEPLOYMENT ?? `deployments/${await getChainId(client)}.json`;
  return loadDeployment(JSON.parse(readFileSync(file, "utf8")));
}

/** A connection that reads. */
export async function reader() {
  const client = createClient({ transport, pollingInterval: 200 });
  return client.extend(publicActions).extend(usanceActions(await addresses(client)));
}

/** A connection that signs with a key, that of the environment when left out. */
export async function trader(key = process.env.USANCE_PRIVATE_KEY) {
  if (key === undefined) throw new Error("Set USANCE_PRIVATE_KEY to the key that signs.");
  const account = privateKeyToAccount(key as Hash);
  const client = createClient({ account, transport, pollingInterval: 200 });
  const deployment = await addresses(client);
  const usance = client.extend(publicActions).extend(usanceActions(deployment));
  return {
    usance,
    deployment,
    account,
    owner: account.address,
    /** Waits until a transaction is in a block and gives its receipt. */
    mined: async (hash: Promise<Hash>) => {
      const receipt = await usance.waitForTransactionReceipt({ hash: await hash });
      if (receipt.status !== "success")
        throw new Error(`transaction ${receipt.transactionHash} was reverted`);
      return receipt;
    },
  };
}

export type Trader = Awaited<ReturnType<typeof trader>>;

/** Number of the signer's account, which is opened by a first deposit and holds at least this much collateral. */
export async function fundedAccount({ usance, owner, mined }: Trader, least = "10000", subaccount = 0) {
  // 0 is nobody's: the first deposit gives the account its number.
  const accountId = await usance.getAccountId({ owner, subaccount });
  const cash = accountId === 0 ? 0n : (await usance.getAccount({ accountId })).cash;
  const missing = parseCollateral(least) - cash;
  if (missing > 0n) await mined(usance.depositWithPermit({ amount: missing, subaccount }));
  return usance.getAccountId({ owner, subaccount });
}

/** Name of a market, which the chain does not store: perpetual, or the month of delivery. */
export function nameOf({ kind, expiry }: { kind: string; expiry: bigint }): string {
  return kind === "perpetual" ? kind : new Date(Number(expiry - 1n) * 1000).toISOString().slice(0, 7);
}
