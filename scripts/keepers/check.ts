import { getAccountId, getAccounts, getMarkets, type Deployment } from "@usance/sdk";
import { formatEther, parseEther, type Account, type Chain, type Client, type Transport } from "viem";
import { getBalance, getBlock } from "viem/actions";
import { sentenceOf } from "../lib/errors.ts";
import { readWebhooks } from "./alerts/webhooks.ts";
import type { KeeperConfig } from "./config.ts";
import { checkDeployment, contextOf } from "./context.ts";
import type { KeeperLog } from "./keeper.ts";

/** What a check found. */
export interface CheckResult {
  check: string;
  ok: boolean;
  /** One sentence or figure. */
  detail: string;
}

/** Tries everything that a configuration relies on, and sends nothing. One that fails keeps none of the others back. */
export async function checkKeeper(
  {
    client,
    deployment,
    log,
    sender,
  }: {
    client: Client<Transport, Chain>;
    deployment: Deployment;
    log: KeeperLog;
    /** Gives the client that signs. */
    sender: () => Promise<Client<Transport, Chain, Account>>;
  },
  config: KeeperConfig,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<CheckResult[]> {
  const attempt = async (check: string, run: () => Promise<string> | string): Promise<CheckResult> => {
    try {
      return { check, ok: true, detail: await run() };
    } catch (error) {
      return { check, ok: false, detail: sentenceOf(error) };
    }
  };
  const { alerts, liquidation, keepers } = config;
  const checks = [
    attempt("node", async () => {
      const { number, timestamp } = await getBlock(client, { blockTag: "latest" });
      const age = Math.floor(Date.now() / 1_000) - Number(timestamp);
      const { maxAgeSeconds } = config.head;
      if (maxAgeSeconds !== undefined && Math.abs(age) > maxAgeSeconds)
        throw new Error(
          `Its newest block ${number} is ${age} s old, at most ${maxAgeSeconds} s are allowed.`,
        );
      return `chain ${client.chain.id}, block ${number}, ${age} s old`;
    }),
    attempt("deployment", async () => {
      await checkDeployment(contextOf({ client: await sender(), deployment, log }));
      const markets = await getMarkets(client, { deployment });
      return `${deployment.clearinghouse}, ${markets.length} markets`;
    }),
    attempt("sender", async () => {
      const { address } = (await sender()).account;
      const balance = await getBalance(client, { address });
      const least = alerts === undefined ? 1n : parseEther(alerts.signerBalanceBelowEther);
      if (balance < least)
        throw new Error(
          `${address} has ${formatEther(balance)} ether, at least ${formatEther(least)} is wanted.`,
        );
      return `${address}, ${formatEther(balance)} ether`;
    }),
  ];
  if (keepers.includes("liquidation"))
    checks.push(
      attempt("keeper's account", async () => {
        const owner = (await sender()).account.address;
        const id = liquidation.keeperAccount ?? (await getAccountId(client, { deployment, owner }));
        if (id === 0)
          throw new Error(`${owner} has no account to earn into: open one with \`usance account open\`.`);
        const [account] = await getAccounts(client, { deployment, accountIds: [id] });
        if (account?.retired) throw new Error(`Account ${id} is retired: open another one.`);
        if (liquidation.takeOverLots > 0 && account?.owner !== owner)
          return `${id}, of ${account?.owner}: it takes over only where the sender is its operator`;
        return `${id}, of ${account?.owner}`;
      }),
    );
  for (const { account, label } of alerts?.watch ?? [])
    checks.push(
      attempt(`watched account ${account}`, async () => {
        const [found] = await getAccounts(client, { deployment, accountIds: [account] });
        if (found === undefined || found.retired) throw new Error("It is retired: take it off the list.");
        const { equity, maintenanceMargin } = found;
        const ratio =
          maintenanceMargin === 0n
            ? "no position"
            : `equity is ${(equity * 100n) / maintenanceMargin} % of its maintenance margin`;
        return label === undefined ? ratio : `${label}, ${ratio}`;
      }),
    );
  for (const webhook of alerts?.webhooks ?? [])
    checks.push(
      attempt(`webhook ${webhook.name}`, () => {
        readWebhooks({ webhooks: [webhook] }, environment);
        return "address and secret are there";
      }),
    );
  return Promise.all(checks);
}
