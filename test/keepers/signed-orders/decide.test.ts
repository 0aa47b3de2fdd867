import { splitOrder, type SignedOrder } from "@usance/sdk";
import { expect } from "chai";
import { toHex, zeroAddress } from "viem";
import {
  decideSignedOrders,
  marketsOf,
  pauseAfter,
  type SignedOrdersState,
} from "../../../scripts/keepers/signed-orders/decide.ts";
import {
  OrderRefusedError,
  formatHandedOrder,
  parseHandedOrder,
} from "../../../scripts/keepers/signed-orders/order.ts";
import {
  CONFIRMATIONS,
  OrderStore,
  REMEMBERED,
  type KeptOrder,
} from "../../../scripts/keepers/signed-orders/store.ts";
import { follow, type Followed, type Trail } from "../../../scripts/keepers/signed-orders/trail.ts";

const domain = { chainId: 1, contract: zeroAddress } as const;

const order: SignedOrder = {
  owner: zeroAddress,
  subaccount: 0,
  signer: zeroAddress,
  market: 1,
  lots: -1_000n,
  tick: 1n,
  kind: "immediateOrCancel",
  reduceOnly: false,
  restUntil: 0n,
  maxFills: 50,
  clientOrderId: 0n,
  trigger: "none",
  triggerX16: 0n,
  start: 100n,
  expiry: 200n,
  nonce: 1n,
  group: 0n,
  oneCancelsOther: false,
  fee: 0n,
  executor: zeroAddress,
  signature: "0x12",
};

let number = 0;

function kept(terms: Partial<SignedOrder> = {}, over: Partial<KeptOrder> = {}): KeptOrder {
  number += 1;
  return {
    hash: toHex(number, { size: 32 }),
    order: { ...order, ...terms },
    account: 2_048,
    acceptedAt: number,
    followed: { fired: false },
    consumedLots: 0n,
    failures: 0,
    retryAt: 0,
    lookedAt: 0n,
    ...over,
  };
}

function decide(open: KeptOrder[], over: Partial<SignedOrdersState> = {}) {
  const marks = new Map([[1, 1_000n << 16n]]);
  const plan = { block: 10n, now: 150, clock: 5_000, marks, open, ended: [], most: 10, looks: 10, ...over };
  const { due, looks, ...rest } = decideSignedOrders(plan);
  return { due: due.map(({ hash }) => open.findIndex((each) => each.hash === hash)), looks, ...rest };
}

describe("decisions on signed orders", () => {
  it("are by time, both ends included", () => {
    for (const [now, due] of [
      [99, []],
      [100, [0]],
      [200, [0]],
      [201, []],
    ] as const)
      expect(decide([kept()], { now }).due, String(now)).to.deep.equal(due);
  });

  it("are by mark, equality included", () => {
    const mark = 1_000n << 16n;
    const open = [
      kept({ trigger: "atOrBelow", triggerX16: mark - 1n }),
      kept({ trigger: "atOrBelow", triggerX16: mark }),
      kept({ trigger: "atOrAbove", triggerX16: mark }),
      kept({ trigger: "atOrAbove", triggerX16: mark + 1n }),
      kept({ trigger: "atOrAbove", triggerX16: 0n, market: 2 }),
    ];
    expect(decide(open).due).to.deep.equal([1, 2]);
    expect(marketsOf(open)).to.deep.equal([1, 2]);
    expect(marketsOf([kept()])).to.deep.equal([]);
  });

  it("wait after a try that failed, longer each time", () => {
    const open = [kept({}, { retryAt: 5_001 }), kept({}, { retryAt: 5_000 })];
    expect(decide(open).due).to.deep.equal([1]);
    const pauses = { first: 10, longest: 70 };
    expect([1, 2, 3, 4, 100].map((failures) => pauseAfter(failures, pauses))).to.deep.equal([
      10, 20, 40, 70, 70,
    ]);
  });

  it("prefer the best fee, then who came first, up to as many as there is room for", () => {
    const open = [kept({ fee: 1n }), kept({ fee: 3n }), kept({ fee: 1n }), kept({ fee: 2n })];
    expect(decide(open).due).to.deep.equal([1, 3, 0, 2]);
    expect(decide(open, { most: 2 }).due).to.deep.equal([1, 3]);
  });

  it("look at some of the others, those first that are over or were unseen longest", () => {
    const open = [
      kept({ start: 180n }, { lookedAt: 5n }),
      kept({ start: 180n }, { lookedAt: 4n }),
      kept({ expiry: 149n }, { lookedAt: 9n }),
    ];
    expect(decide(open, { looks: 2 }).looks.map(({ hash }) => hash)).to.deep.equal([
      open[2]!.hash,
      open[1]!.hash,
    ]);
  });

  it("look again at what has ended, and forget it in the end", () => {
    const at = (block: bigint, isConfirmed: boolean) =>
      kept({}, { ended: { by: "consumed", block, isConfirmed } });
    const ended = [at(0n, false), at(1n, false), at(0n, true)];
    const early = decide([], { ended, block: CONFIRMATIONS });
    expect(early.confirm).to.deep.equal([ended[0]]);
    expect(early.forget).to.deep.equal([]);
    expect(decide([], { ended, block: REMEMBERED }).forget).to.deep.equal([ended[2]!.hash]);
  });

  it("follow a trail from the order's start on, and execute once it has fired", () => {
    const trail = { ticks: 10n };
    const early = kept({ start: 151n }, { trail });
    const fresh = kept({}, { trail });
    const turned = kept({}, { trail, followed: { extremeX16: 1_010n << 16n, fired: false } });
    const before = kept({}, { trail, followed: { extremeX16: 1_000n << 16n, fired: true } });
    const { due, followed } = decide([early, fresh, turned, before]);
    expect(due).to.deep.equal([2, 3]);
    expect(followed).to.deep.equal([
      { hash: fresh.hash, followed: { extremeX16: 1_000n << 16n, fired: false } },
      { hash: turned.hash, followed: { extremeX16: 1_010n << 16n, fired: true } },
    ]);
  });
});

describe("a trail", () => {
  /** Marks until it fires, in ticks. */
  function through(trail: Trail, lots: bigint, ticks: readonly bigint[]) {
    let followed: Followed = { fired: false };
    const fired = ticks.findIndex((tick) => {
      followed = follow(trail, lots, followed, tick << 16n);
      return followed.fired;
    });
    return { fired, extreme: followed.extremeX16 === undefined ? undefined : followed.extremeX16 >> 16n };
  }

  it("sells once mark has fallen from its highest, equality included", () => {
    expect(through({ ticks: 10n }, -1n, [100n, 120n, 111n, 130n, 121n, 120n])).to.deep.equal({
      fired: 5,
      extreme: 130n,
    });
    expect(through({ basisPoints: 1_000 }, -1n, [1_000n, 901n, 900n])).to.deep.equal({
      fired: 2,
      extreme: 1_000n,
    });
  });

  it("buys once mark has risen from its lowest", () => {
    expect(through({ ticks: 10n }, 1n, [100n, 90n, 99n, 80n, 89n, 90n])).to.deep.equal({
      fired: 5,
      extreme: 80n,
    });
    expect(through({ basisPoints: 1_000 }, 1n, [1_000n, 1_099n, 1_100n]).fired).to.equal(2);
  });

  it("follows only once mark has been where it begins", () => {
    const activationX16 = 150n << 16n;
    expect(through({ ticks: 10n, activationX16 }, -1n, [140n, 100n, 150n, 141n, 140n])).to.deep.equal({
      fired: 4,
      extreme: 150n,
    });
    expect(through({ ticks: 10n, activationX16 }, 1n, [160n, 300n, 150n, 160n])).to.deep.equal({
      fired: 3,
      extreme: 150n,
    });
  });

  it("stays fired when mark comes back", () => {
    const fired = { extremeX16: 100n, fired: true };
    expect(follow({ ticks: 1n }, -1n, fired, 1n << 30n)).to.equal(fired);
  });
});

describe("a split order", () => {
  it("adds up to the whole, lot by lot and unit by unit", () => {
    const { signature: _, ...terms } = { ...order, lots: 1_003n, fee: 10n, nonce: 7n };
    const slices = splitOrder(terms, { slices: 4, everySeconds: 20n, start: 100n });
    expect(slices.map(({ lots }) => lots)).to.deep.equal([250n, 251n, 251n, 251n]);
    expect(slices.reduce((sum, { fee = 0n }) => sum + fee, 0n)).to.equal(10n);
    expect(slices.map(({ start }) => start)).to.deep.equal([100n, 120n, 140n, 160n]);
    expect(slices.map(({ nonce }) => nonce)).to.deep.equal([7n, 8n, 9n, 10n]);
    expect(new Set(slices.map(({ group }) => group))).to.deep.equal(new Set([7n]));
  });

  it("refuses more parts than lots, and parts after its expiry", () => {
    expect(() => splitOrder({ ...order, lots: 2n }, { slices: 3, everySeconds: 1n, start: 0n })).to.throw(
      /slices is 3/,
    );
    expect(() => splitOrder(order, { slices: 3, everySeconds: 60n, start: 100n })).to.throw(/start is 220/);
  });
});

describe("a file of signed orders", () => {
  it("is of one exchange", () => {
    const text = JSON.parse(
      JSON.stringify(formatHandedOrder({ order, trail: { ticks: 5n } }, domain)),
    ) as object;
    expect(parseHandedOrder(text, domain)).to.deep.equal({ order, trail: { ticks: 5n } });
    expect(() => parseHandedOrder(text, { ...domain, chainId: 2 })).to.throw(
      OrderRefusedError,
      /serves chain 2/,
    );
    const limits = { perSigner: 1, most: 2 };
    const store = new OrderStore(":memory:", domain, limits);
    store.add("0x01", { order }, 2_048);
    expect(() => store.requireRoom(zeroAddress)).to.throw(
      OrderRefusedError,
      /keeps 1 orders of .* at most 1/,
    );
    store.close();
  });
});
