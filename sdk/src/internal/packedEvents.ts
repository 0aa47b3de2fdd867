/** An order rests in the book. */
export type OrderPlacedArgs = {
  account: number;
  id: bigint;
  /** Signed lots that rest: bids above zero. */
  lots: bigint;
  /** Unix time of its last second; 0 for never. */
  expiry: bigint;
  reduceOnly: boolean;
  clientOrderId: bigint;
};

/** An account took liquidity: the sum of the fills. */
export type OrderTakenArgs = {
  account: number;
  market: number;
  /** Signed lots: buys above zero. */
  lots: bigint;
  /** Tick·lots, signed as in a position. */
  quote: bigint;
  /** Taker fees, collateral units. */
  fee: bigint;
  clientOrderId: bigint;
};

/** A resting order was filled, wholly or in part, at its own tick. The contract tells it within `OrderTaken`. */
export type OrderFilledArgs = {
  maker: number;
  id: bigint;
  lots: bigint;
  /** Tick·lots that the maker paid (below zero: earned). */
  makerFee: bigint;
};

/** A market reached a new minute. */
export type MarketAdvancedArgs = {
  market: number;
  /** Unix time in minutes. */
  minute: number;
  /** Moving average before clamping, ticks × 2^16. */
  meanX16: bigint;
  /** Index (perpetual) or daily settlement price (dated), ticks × 2^16. */
  anchorX16: bigint;
  /** What one long lot has paid since listing, ticks × 2^20. */
  cumulativeFunding: bigint;
};

/** Events by the names and arguments that this package gives them; the chain packs them into words. */
export type PackedEvents = {
  MarketAdvanced: MarketAdvancedArgs;
  OrderPlaced: OrderPlacedArgs;
  OrderTaken: OrderTakenArgs;
  OrderFilled: OrderFilledArgs;
};

type Decoded = { readonly eventName: string; readonly args: unknown };

/** Name of the contract's event that carries one of this package's. */
export function carrierOf(name: string): string {
  return name === "OrderFilled" ? "OrderTaken" : name;
}

/** Takes the words of packed events apart: an order that took becomes its fills, in their order, and then its sum. */
export function unpack<log extends Decoded>(log: log): log[] {
  if (log.eventName === "OrderPlaced")
    return [{ ...log, args: unpackPlaced(log.args as { account: number; id: bigint; terms: bigint }) }];
  if (log.eventName === "MarketAdvanced")
    return [{ ...log, args: unpackAdvanced(log.args as { market: number; state: bigint }) }];
  if (log.eventName !== "OrderTaken") return [log];
  const { account, market, terms, fills } = log.args as Taken;
  const filled = fills.map(unpackFill);
  const lots = BigInt.asIntN(64, terms);
  const notional = filled.reduce((sum, fill) => sum + fill.lots * BigInt.asUintN(24, fill.id >> 80n), 0n);
  const args: OrderTakenArgs = {
    account,
    market,
    lots,
    quote: lots > 0n ? -notional : notional,
    fee: terms >> 128n,
    clientOrderId: BigInt.asUintN(64, terms >> 64n),
  };
  return [...filled.map((fill) => ({ ...log, eventName: "OrderFilled", args: fill })), { ...log, args }];
}

type Taken = { account: number; market: number; terms: bigint; fills: readonly bigint[] };

function unpackPlaced({
  account,
  id,
  terms,
}: {
  account: number;
  id: bigint;
  terms: bigint;
}): OrderPlacedArgs {
  return {
    account,
    id,
    lots: BigInt.asIntN(64, terms),
    expiry: BigInt.asUintN(40, terms >> 128n),
    reduceOnly: (terms >> 168n) % 2n === 1n,
    clientOrderId: BigInt.asUintN(64, terms >> 64n),
  };
}

function unpackAdvanced({ market, state }: { market: number; state: bigint }): MarketAdvancedArgs {
  return {
    market,
    minute: Number(BigInt.asUintN(28, state >> 96n)),
    meanX16: BigInt.asUintN(40, state),
    anchorX16: BigInt.asUintN(40, state >> 124n),
    cumulativeFunding: BigInt.asIntN(56, state >> 40n),
  };
}

function unpackFill(word: bigint): OrderFilledArgs {
  return {
    maker: Number(BigInt.asUintN(28, word >> 152n)),
    id: BigInt.asUintN(120, word),
    lots: BigInt.asUintN(32, word >> 120n),
    makerFee: BigInt.asIntN(76, word >> 180n),
  };
}
