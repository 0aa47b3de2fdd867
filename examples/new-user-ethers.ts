// The same first day with ethers alone: deposit, buy a perpetual and a dated future, roll, close, withdraw.
// Run: npx tsx examples/new-user-ethers.ts, with USANCE_RPC, USANCE_DEPLOYMENT and USANCE_PRIVATE_KEY set
import { readFileSync } from "node:fs";
import * as sdk from "@usance/sdk/ethers";
import { JsonRpcProvider, Wallet } from "ethers";

const deployment = sdk.loadDeployment(JSON.parse(readFileSync(process.env.USANCE_DEPLOYMENT!, "utf8")));
// Without this, ethers repeats what it read for a quarter of a second.
const provider = new JsonRpcProvider(process.env.USANCE_RPC, undefined, { cacheTimeout: -1 });
const wallet = new Wallet(process.env.USANCE_PRIVATE_KEY!, provider);
const { clearinghouse, collateral } = sdk.usance(deployment, wallet);
const at = async (market: number, lots: bigint) => sdk.marketOrder(await clearinghouse.market(market), lots);

const amount = sdk.parseCollateral("5000");
await sdk.mined(collateral.approve(clearinghouse, amount));
await sdk.mined(clearinghouse.deposit(0, amount));
const accountId = await clearinghouse.accountOf(wallet, 0);
const trade = async (...orders: Promise<sdk.Order>[]) =>
  sdk.mined(clearinghouse.batch(accountId, [], (await Promise.all(orders)).map(sdk.encodeOrder)));
await trade(at(1, 1_000n), at(2, 1_000n)); // a contract of the perpetual and one of the front month
await trade(at(2, -1_000n), at(3, 1_000n)); // roll into the next month: both legs or neither
await trade(at(1, -1_000n), at(3, -1_000n)); // close
const { withdrawable } = await clearinghouse.account(accountId);
await sdk.mined(clearinghouse.withdraw(accountId, withdrawable, wallet));
