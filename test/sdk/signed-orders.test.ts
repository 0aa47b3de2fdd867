import {
  decodeUsanceError,
  formatSignedOrder,
  hashSignedOrder,
  InvalidSignedOrderError,
  orderTypedData,
  OutOfRangeError,
  parseCollateral,
  parseSignedOrder,
  signOrder,
  triggerOf,
  type SignedOrder,
  type SignOrderParameters,
} from "@usance/sdk";
import { expect } from "chai";
import { verifyTypedData, zeroAddress, type Address, type Hash } from "viem";
import { perpetualListing } from "../../scripts/deploy/markets.ts";
import { FIRST, key } from "../support/exchange.ts";
import { failure, refused } from "./expectations.ts";
import { openVenue, type Trader, type Venue } from "./venue.ts";

const usd = parseCollateral;
const WAD = 10n ** 18n;

describe("SDK signed orders on a node", () => {
  let venue: Venue;
  let alice: Trader;
  let bob: Trader;
  let executor: Trader;
  let aliceId: number;
  let spender: Address;
  let mark: bigint;
  let nonce = 0n;
  const owner = key(1);
  const session = key(5);

  before(async () => {
    venue = await openVenue([1000, 2000, 2000, 2000, 2000, 2000, 2000, 2000]);
    const { exchange, deployment, trader } = venue;
    [alice, bob, executor] = [trader(1), trader(2), trader(3)];
    await exchange.postDays(FIRST, FIRST + 7);
    await exchange.list(perpetualListing({ feed: 1, index: 2000n * WAD }));
    for (const seat of [1, 2]) await exchange.mint(seat, usd("100000"));
    for (const wallet of [alice, bob]) {
      await mined(wallet.approveCollateral({ amount: usd("50000") }));
      await mined(wallet.deposit({ amount: usd("50000") }));
    }
    aliceId = await alice.getAccountId({ owner: owner.address });
    const bobId = await bob.getAccountId({ owner: bob.account.address });
    spender = deployment.signedOrders ?? zeroAddress;
    await mined(alice.setOperator({ accountId: aliceId, operator: spender, expiry: 2n ** 40n - 1n }));
    mark = (await alice.getMarket({ market: 1 })).markX16 >> 16n;
    for (const [lots, tick] of [
      [-5_000n, mark + 4n],
      [5_000n, mark - 4n],
    ] as const)
      await mined(bob.placeOrder({ accountId: bobId, market: 1, lots, tick }));
  });
  after(() => venue?.exchange.close());

  const mined = (hash: Promise<Hash>) => venue.mined(hash);

  async function sign(terms: Partial<SignOrderParameters> = {}): Promise<SignedOrder> {
    nonce += 1n;
    return signOrder({
      account: owner,
      deployment: venue.deployment,
      market: 1,
      lots: 1_000n,
      tick: mark + 10n,
      expiry: (await venue.now()) + 3_600n,
      nonce,
      ...terms,
    });
  }

  const size = async () =>
    (await alice.getAccount({ accountId: aliceId })).positions.find(({ market }) => market === 1)?.size ?? 0n;

  it("hashes and signs as the contract does", async () => {
    const order = await sign({
      lots: -1_000n,
      trigger: "atOrBelow",
      triggerX16: mark << 16n,
      reduceOnly: true,
      group: 9n,
      oneCancelsOther: true,
      executor: executor.account.address,
      fee: 2n ** 127n,
      start: 5n,
      restUntil: 600n,
      clientOrderId: 2n ** 63n,
      kind: "limit",
      subaccount: 3,
    });
    const { orderHash } = await alice.getSignedOrderState({ order });
    expect(orderHash).to.equal(hashSignedOrder({ deployment: venue.deployment, ...order }));
    const { signature, ...terms } = order;
    const typedData = orderTypedData({ deployment: venue.deployment, ...terms });
    expect(await verifyTypedData({ ...typedData, address: owner.address, signature })).to.equal(true);
  });

  it("says what does not fit a field", async () => {
    const error = await failure(sign({ lots: 2n ** 39n }));
    expect(error).to.be.instanceOf(OutOfRangeError).with.property("field", "lots");
    for (const field of ["tick", "triggerX16", "nonce", "group", "fee", "start", "expiry"] as const)
      expect(await failure(sign({ [field]: 2n ** 128n }))).to.have.property("field", field);
  });

  it("goes through JSON unchanged, and says which field is wrong", async () => {
    const order = await sign({ lots: -1_000n });
    expect(parseSignedOrder(JSON.parse(formatSignedOrder(order)))).to.deep.equal(order);
    const json = JSON.parse(formatSignedOrder(order)) as Record<string, unknown>;
    for (const [field, value] of Object.entries({
      owner: "0x12",
      market: 1.5,
      lots: "1e3",
      kind: "market",
      reduceOnly: "no",
      trigger: 1,
      signature: undefined,
    })) {
      expect(() => parseSignedOrder({ ...json, [field]: value }))
        .to.throw(InvalidSignedOrderError)
        .with.property("field", field);
    }
    expect(() => parseSignedOrder({ ...json, tick: "-1" })).to.throw(OutOfRangeError);
    expect(() => parseSignedOrder(null)).to.throw(InvalidSignedOrderError);
  });

  it("waits for the trigger of stops and take-profits", async () => {
    expect([1n, -1n].map((lots) => triggerOf("stop", lots))).to.deep.equal(["atOrAbove", "atOrBelow"]);
    expect([1n, -1n].map((lots) => triggerOf("takeProfit", lots))).to.deep.equal(["atOrBelow", "atOrAbove"]);
    const trigger = triggerOf("stop", 1_000n);
    const order = await sign({ trigger, triggerX16: (mark + 1n) << 16n });
    const { status, markX16 } = await alice.getSignedOrderState({ order });
    expect(status).to.equal("waiting");
    await refused(executor.previewSignedOrder({ order }), "NotTriggered", {
      markX16,
      triggerX16: (mark + 1n) << 16n,
    });
    const reached = await sign({ trigger, triggerX16: mark << 16n });
    expect((await alice.getSignedOrderState({ order: reached })).status).to.equal("open");
    expect(await executor.previewSignedOrder({ order: reached })).to.include({ filledLots: 1_000n });
  });

  it("executes for the fee, which a permit lets the contract pay", async () => {
    const { exchange } = venue;
    const order = await sign({ fee: usd("0.5") });
    await refused(executor.previewSignedOrder({ order }), "ERC20InsufficientAllowance");
    const permit = await alice.signPermit({ spender, amount: usd("100") });
    await mined(executor.permitFees({ owner: owner.address, permit }));
    // Anybody may have used it before.
    await mined(executor.permitFees({ owner: owner.address, permit }));
    const preview = await executor.previewSignedOrder({ order });
    expect(preview).to.deep.include({ filledLots: 1_000n, consumedLots: 1_000n, fee: usd("0.5"), id: 0n });
    const before = await exchange.balanceOf(executor.account.address);
    const receipt = await mined(executor.executeSignedOrder({ order }));
    const { OrderExecuted } = executor.executeSignedOrder.extract(receipt);
    const hash = hashSignedOrder({ deployment: venue.deployment, ...order });
    expect(OrderExecuted[0]).to.include({
      orderHash: hash,
      account: aliceId,
      executor: executor.account.address,
      filledLots: 1_000n,
      fee: usd("0.5"),
    });
    expect(await exchange.balanceOf(executor.account.address)).to.equal(before + usd("0.5"));
    expect(await size()).to.equal(1_000n);
    expect(await alice.getSignedOrderState({ order })).to.include({
      status: "consumed",
      consumedLots: 1_000n,
      feePaid: usd("0.5"),
    });
    await refused(executor.executeSignedOrder({ order }), "AlreadyConsumed");
  });

  it("executes several, and tells why one was not", async () => {
    const good = await sign({ lots: 200n });
    const bad = await sign({ lots: 200n, tick: 1n });
    const orders = [bad, good];
    const attempts = await executor.executeSignedOrders.simulate({ orders });
    expect(attempts.map(({ success }) => success)).to.deep.equal([false, true]);
    expect(decodeUsanceError({ data: attempts[0]?.failure }).name).to.equal("NothingConsumed");
    const receipt = await mined(executor.executeSignedOrders({ orders }));
    const { OrderExecuted, ExecutionFailed } = executor.executeSignedOrders.extract(receipt);
    expect(OrderExecuted).to.have.length(1);
    expect(decodeUsanceError({ data: ExecutionFailed[0]?.reason }).name).to.equal("NothingConsumed");
    expect(await size()).to.equal(1_200n);
    const gas = executor.executeSignedOrders({
      orders: [await sign()],
      gasEach: 10_000_000n,
      gas: 1_000_000n,
    });
    await refused(gas, "NotEnoughGasToExecute");
  });

  it("takes a session key's orders, and fees out of its budget alone", async () => {
    const signed = await sign({ account: session, owner: owner.address, lots: 200n, fee: usd("1") });
    expect((await alice.getSignedOrderState({ order: signed })).status).to.equal("unauthorised");
    await refused(executor.previewSignedOrder({ order: signed }), "SignerNotAuthorised");
    await mined(alice.setOperator({ accountId: aliceId, operator: session.address, expiry: 2n ** 40n - 1n }));
    await refused(executor.previewSignedOrder({ order: signed }), "FeeBudgetExceeded", { budget: 0n });
    await mined(alice.setFeeBudget({ signer: session.address, budget: usd("1") }));
    await mined(executor.executeSignedOrder({ order: signed }));
    expect(await size()).to.equal(1_400n);
    await mined(alice.setOperator({ accountId: aliceId, operator: session.address, expiry: 0n }));
  });

  it("cancels one, several, all before, and a group", async () => {
    const of = { owner: owner.address };
    const status = async (order: SignedOrder) => (await alice.getSignedOrderState({ order })).status;
    const [one, two, three] = [await sign(), await sign(), await sign()];
    await refused(bob.cancelSignedOrder({ ...of, orderNonce: one.nonce }), "NotSignerOrOwner");
    const receipt = await mined(alice.cancelSignedOrder({ ...of, orderNonce: one.nonce }));
    expect(alice.cancelSignedOrder.extract(receipt).NonceCancelled[0]?.nonce).to.equal(one.nonce);
    await mined(alice.cancelSignedOrders({ ...of, nonces: [two.nonce, three.nonce] }));
    for (const order of [one, two, three]) expect(await status(order)).to.equal("cancelled");
    await refused(executor.executeSignedOrder({ order: one }), "NonceIsCancelled", { nonce: one.nonce });

    const grouped = await sign({ group: 4n });
    const other = await sign({ group: 5n, oneCancelsOther: true, lots: 200n });
    const rest = await sign({ group: 5n });
    await mined(alice.cancelSignedOrderGroups({ ...of, groups: [4n] }));
    expect(await status(grouped)).to.equal("cancelled");
    await mined(executor.executeSignedOrder({ order: other }));
    expect(await status(rest)).to.equal("replaced");

    const old = await sign();
    const next = await sign();
    await mined(alice.cancelSignedOrdersBefore({ ...of, least: next.nonce }));
    expect([await status(old), await status(next)]).to.deep.equal(["cancelled", "open"]);
    await refused(alice.cancelSignedOrdersBefore({ ...of, least: next.nonce }), "NonceNotHigher");

    const expired = await sign({ expiry: (await venue.now()) - 1n });
    const later = await sign({ start: (await venue.now()) + 1_000n });
    expect([await status(expired), await status(later)]).to.deep.equal(["expired", "waiting"]);
  });
});
