import {
  formatCollateral,
  formatLots,
  formatPrice,
  isContractError,
  type ContractErrorArgs,
  type ContractErrorName,
} from "@usance/sdk";

/** Units of what a command is about, as far as it has read them. */
export interface Units {
  /** Decimals and symbol of the collateral token. */
  collateral?: { decimals: number; symbol: string };
  /** Price step of the market, or of all markets, that it is about. */
  tickSize?: string | undefined;
}

/** Writes operands of errors in the units that people use. */
interface Writer {
  money: (units: bigint) => string;
  price: (tick: bigint | number) => string;
  size: (lots: bigint | number) => string;
  time: (seconds: bigint | number) => string;
}

type Sentences = { [name in ContractErrorName]?: (args: ContractErrorArgs<name>, write: Writer) => string };

/** Errors that a trader meets, in contracts, prices and tokens, with the commands that help. The SDK says the others well. */
const SENTENCES: Sentences = {
  UnknownAccount: ({ account }) => `There is no account ${account}: \`usance account list\` shows yours.`,
  NotOwner: ({ sender, owner }) =>
    `The account belongs to ${owner} and not to ${sender}, and only its owner may do this: use the owner's key.`,
  NotAuthorised: ({ sender, account }) =>
    `${sender} may not trade for account ${account}: its owner allows it by \`usance account operator add\`.`,
  InsufficientMargin: ({ equity, required }, { money }) =>
    `Equity would be ${money(equity)} and the margin requirement is ${money(required)}: deposit more, or make it smaller.`,
  InsufficientCash: ({ cash, amount }, { money }) =>
    `Cash is ${money(cash)} and ${money(amount)} was asked for: results that are not realised cannot go, so ask for less or close positions.`,
  SwitchFired: ({ account, deadline }, { time }) =>
    `The dead-man switch of account ${account} fired after ${time(deadline)}: take its orders out by \`usance order cancel-all\`, then set it again or off by \`usance account switch\`.`,
  BuilderFeeTooHigh: ({ fee, cap }) =>
    `A builder may be allowed at most ${tenths(cap)} basis points, and ${tenths(fee)} was asked for.`,
  OrderTooSmall: ({ lots, minLots }, { size }) =>
    `The order is for ${size(lots)} contracts and the market's minimum is ${size(minLots)}: make it larger.`,
  OrderTooLarge: ({ lots, maxLots }, { size }) =>
    `The order is for ${size(lots)} contracts and one order may have ${size(maxLots)}: split it.`,
  TickOutsideBand: ({ tick, lowest, highest }, { price }) =>
    `${price(tick)} is outside the fill band from ${price(lowest)} to ${price(highest)}: bid at or below its top, ask at or above its bottom.`,
  ExpiryNotAligned: ({ expiry, unit }, { time }) =>
    `${time(expiry)} is not on a step of ${Number(unit) / 60} minutes: round it.`,
  ExpiryInPast: ({ expiry, timestamp }, { time }) =>
    `${time(expiry)} is not after the present ${time(timestamp)}: choose a later time.`,
  ExpiryNotUsed: () => "An order that never rests takes no --until: leave it out.",
  WouldCross: ({ tick, bestOpposite }, { price }) =>
    `A post-only order at ${price(tick)} would meet one at ${price(bestOpposite)}: move it back from there, or use another --kind.`,
  NotFilled: ({ filled, lots }, { size }) =>
    `Only ${size(filled)} of ${size(lots)} contracts would fill: make it smaller, its limit wider or --max-fills larger.`,
  WouldNotReduce: ({ lots, size: held }, { size }) =>
    `${size(lots)} contracts do not reduce a position of ${size(held)}: change the side, make it smaller or drop --reduce-only.`,
  PositionLimit: ({ exposure, limit }, { size }) =>
    `Position and orders would reach ${size(exposure)} contracts and the limit is ${size(limit)}: make the order smaller.`,
  OpenInterestLimit: ({ openInterest, limit }, { size }) =>
    `Open interest would be ${size(openInterest)} contracts and the limit is ${size(limit)}: only orders that do not raise it can fill.`,
  OrderNotFound: ({ id }) =>
    `Order ${id} is not in the book: it was filled, cancelled or dropped; \`usance order list\` shows those that rest.`,
};

function tenths(fee: number | bigint): string {
  const text = String(fee).padStart(2, "0");
  return `${text.slice(0, -1)}.${text.slice(-1)}`;
}

/** The same error, its sentence in the units that people use where a contract refused; its name stays. */
export function inUnits(error: unknown, { collateral, tickSize }: Units): unknown {
  if (!isContractError(error)) return error;
  const sentence = SENTENCES[error.name] as ((args: unknown, write: Writer) => string) | undefined;
  if (sentence === undefined) return error;
  const message = sentence(error.args, {
    money: (units) =>
      collateral === undefined
        ? `${units} collateral units`
        : `${formatCollateral(units, collateral.decimals)} ${collateral.symbol}`,
    price: (tick) => (tickSize === undefined ? `tick ${tick}` : formatPrice(BigInt(tick), { tickSize })),
    size: (lots) => formatLots(BigInt(lots)),
    time: (seconds) => clock(BigInt(seconds)),
  });
  return Object.assign(new Error(message, { cause: error }), { name: error.name });
}

/** A moment as people read it. */
export function clock(seconds: bigint): string {
  return `${new Date(Number(seconds) * 1_000).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
