// A first day in under 20 lines: deposit, buy a perpetual and a dated future, roll, close, withdraw.
// Run: npx tsx examples/new-user.ts, with USANCE_RPC, USANCE_DEPLOYMENT and USANCE_PRIVATE_KEY set
import { readFileSync } from "node:fs";
import { loadDeployment, marketOrder, parseCollateral, usanceActions, type Order } from "@usance/sdk";
import { createWalletClient, http, publicActions, type Hash } from "viem";
import { privateKeyToAccount } from "viem/accounts";

const account = privateKeyToAccount(process.env.USANCE_PRIVATE_KEY as Hash);
const deployment = loadDeployment(JSON.parse(readFileSync(process.env.USANCE_DEPLOYMENT!, "utf8")));
const wallet = createWalletClient({ account, transport: http(process.env.USANCE_RPC) }).extend(publicActions);
const usance = wallet.extend(usanceActions(deployment));
const mined = async (hash: Promise<Hash>) => usance.waitForTransactionReceipt({ hash: await hash });
const at = async (market: number, lots: bigint) => marketOrder(await usance.getMarket({ market }), lots);

await mined(usance.depositWithPermit({ amount: parseCollateral("5000") }));
const accountId = await usance.getAccountId({ owner: account.address });
const trade = async (...orders: Promise<Order>[]) =>
  mined(usance.batchOrders({ accountId, orders: await Promise.all(orders) }));
await trade(at(1, 1_000n), at(2, 1_000n)); // a contract of the perpetual and one of the front month
await trade(at(2, -1_000n), at(3, 1_000n)); // roll into the next month: both legs or neither
await trade(at(1, -1_000n), at(3, -1_000n)); // close
const { withdrawable: amount } = await usance.getAccount({ accountId });
await mined(usance.withdraw({ accountId, amount, to: account.address }));
