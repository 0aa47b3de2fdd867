// Opens a subaccount and lets a session key trade for it until a moment. The key can never withdraw.
// Run: npx tsx examples/05-session-operator.ts
import { decodeUsanceError, formatLots, parseLots } from "@usance/sdk";
import { parseEther } from "viem";
import { generatePrivateKey } from "viem/accounts";
import { sendTransaction } from "viem/actions";
import { fundedAccount, trader } from "./connect.ts";

const me = await trader();
const { usance, mined, owner, account } = me;
const accountId = await fundedAccount(me, "2000", 1);

// In a real program the session key stays with the bot; here it lives as long as the process.
const session = await trader(generatePrivateKey());
await mined(sendTransaction(usance, { account, chain: null, to: session.owner, value: parseEther("0.1") }));

const { timestamp } = await usance.getBlock();
const expiry = timestamp + 3_600n;
await mined(usance.setOperator({ accountId, operator: session.owner, expiry }));
console.log(`${session.owner} may trade for account ${accountId} until ${expiry}`);

const { bestBid } = await usance.getMarket({ market: 1 });
const order = { accountId, market: 1, lots: parseLots("0.1"), tick: bestBid - 2n, kind: "postOnly" } as const;
const receipt = await session.mined(session.usance.placeOrder(order));
const placed = session.usance.placeOrder.extract(receipt).OrderPlaced[0]!;
console.log(`the session placed ${placed.id} of ${formatLots(placed.lots)}`);

await session.usance
  .withdraw({ accountId, amount: 1n, to: session.owner })
  .catch((error: unknown) => console.log(decodeUsanceError(error).message));

await session.mined(session.usance.cancelOrder({ id: placed.id }));
await mined(usance.setOperator({ accountId, operator: session.owner, expiry: 0n }));
await session.usance
  .placeOrder(order)
  .catch((error: unknown) => console.log(decodeUsanceError(error).message));
console.log(`the session is over, ${owner} owns the account as before`);
