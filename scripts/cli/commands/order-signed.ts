import { writeFileSync } from "node:fs";
import {
  cancelSignedOrders,
  executeSignedOrder,
  formatLots,
  formatPrice,
  getSignedOrderState,
  hashSignedOrder,
  parseCollateral,
  parsePrice,
  pointsOfMark,
  signOrder,
  splitOrder,
  triggerOf,
  type OrderTerms,
  type SignedOrder,
} from "@usance/sdk";
import { Argument, Command, Option } from "commander";
import type { Address } from "viem";
import { getBlock } from "viem/actions";
import { formatHandedOrder } from "../../keepers/signed-orders/order.ts";
import type { Trail } from "../../keepers/signed-orders/trail.ts";
import { parseAddress, parseDuration, parseMoment, parseWhole } from "../arguments.ts";
import { clock } from "../explain.ts";
import { readMoney, type Money } from "../money.ts";
import { accountOptions, dryRunOption, examples } from "../options.ts";
import { KINDS, orderOf } from "../orders.ts";
import type { Answer, Table } from "../output.ts";
import {
  action,
  findMarket,
  marketOf,
  readMarkets,
  type AccountOptions,
  type NamedMarket,
  type Session,
} from "../session.ts";
import {
  askFor,
  formatOrders,
  handOver,
  parseInbox,
  parseTrailText,
  readSignedOrders,
  trailText,
  type WrittenOrder,
} from "../signed-orders.ts";
import { confirm } from "../transactions.ts";

interface SignOptions extends AccountOptions {
  kind: string;
  reduceOnly: boolean;
  stop?: string;
  takeProfit?: string;
  from?: bigint;
  for: number;
  group?: number;
  oneCancelsOther: boolean;
  fee: string;
  nonce?: number;
  twap?: number;
  every?: number;
  trail?: Trail;
  executor?: Address;
  out?: string;
  to?: string;
}

/** Nonces and groups that a person gives. */
const parseNumber = parseWhole({ min: 1, max: Number.MAX_SAFE_INTEGER });

/** Parts that one order is split into at most. */
const MOST_PARTS = 1_000;
const parsePart = parseWhole({ min: 1, max: MOST_PARTS });

const FILE = "what `order sign` wrote; `-` is standard input";

/** `usance order sign`, `hand-over`, `signed`, `execute` and `cancel-signed`: orders that somebody else brings to the chain. */
export function signedCommands(): Command[] {
  return [signCommand(), handOverCommand(), stateCommand(), executeCommand(), cancelCommand()];
}

function signCommand(): Command {
  return examples(
    accountOptions(
      new Command("sign")
        .description("sign an order that anyone may execute for you: a limit, a stop or a take-profit")
        .argument("<market>", "number or name, such as TUX-PERP")
        .addArgument(new Argument("<side>").choices(["buy", "sell"]))
        .argument("<size>", "contracts, such as 1.5")
        .argument("<price>", "the worst that it may trade at")
        .addOption(
          new Option("--kind <kind>", "how it meets the book").choices(Object.keys(KINDS)).default("ioc"),
        )
        .option("--reduce-only", "only bring the position nearer to zero", false)
        .addOption(
          new Option("--stop <price>", "wait until mark has moved against the position this far").conflicts(
            "takeProfit",
          ),
        )
        .option("--take-profit <price>", "wait until mark has moved for the position this far")
        .option("--from <time>", "not before this moment", parseMoment)
        .option("--for <time>", "how long it may be executed, such as 12h or 30d", parseDuration, 86_400)
        .option("--group <number>", "orders that are cancelled together", parseNumber)
        .option("--one-cancels-other", "its first execution ends the others of its group", false)
        .option("--fee <amount>", "collateral that executing all of it pays", "0")
        .option(
          "--nonce <number>",
          "its number among your signed orders (default: the time in ms)",
          parseNumber,
        )
        .addOption(
          new Option("--twap <parts>", "split it into parts that start one after the other")
            .argParser(parsePart)
            .conflicts("oneCancelsOther"),
        )
        .option("--every <time>", "from the start of one part to that of the next", parseDuration)
        .option("--trail <distance>", "execute it once mark has turned by 200bps or 40ticks", parseTrailText)
        .option("--executor <address>", "who alone may execute it (default: anyone)", parseAddress)
        .option("--out <file>", "file to write it to (default: standard output)")
        .option("--to <url>", "hand it over to the executor there, too", parseInbox),
      { named: false },
    )
      .addHelpText(
        "after",
        `
Nothing is sent. The contract that executes it must be operator of the account:
\`account operator add\` with its address, signedOrders in the deployment file.

The parts of --twap are written as a list, in one group. A trail is not signed:
it is an instruction to the executor, who alone decides when.`,
      )
      .action(action(sign)),
    "usance order sign TUX-PERP sell 1.5 3780 --stop 3800 --reduce-only --out stop.json",
    "usance order sign TUX-PERP buy 1 3700 --for 30d --fee 0.5",
    "usance order sign TUX-PERP buy 12 3900 --twap 12 --every 10m --out parts.json",
    "usance order sign TUX-PERP sell 1 3700 --trail 200bps --executor 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --out trail.json --to https://keeper.example",
  );
}

function handOverCommand(): Command {
  return examples(
    new Command("hand-over")
      .description("hand signed orders over to an executor; one that it keeps already is no error")
      .argument("<file>", FILE)
      .requiredOption("--to <url>", "where the executor takes orders", parseInbox)
      .addHelpText("after", "\nThe exit code is 1 where an order is refused.")
      .action(
        action((_: Session, path: string, { to }: { to: string }) => {
          const orders = readSignedOrders(path);
          return handOver(
            to,
            orders.map(({ written }) => written),
            path,
          );
        }),
      ),
    "usance order hand-over stop.json --to https://keeper.example",
  );
}

function stateCommand(): Command {
  return examples(
    new Command("signed")
      .description("where signed orders stand")
      .argument("<file>", FILE)
      .option("--from <url>", "ask the executor there, too", parseInbox)
      .action(action(state)),
    "usance order signed stop.json",
    "usance order signed stop.json --from https://keeper.example",
  );
}

function executeCommand(): Command {
  return examples(
    dryRunOption(
      new Command("execute")
        .description("execute a signed order now, anybody's, and earn its fee")
        .argument("<file>", FILE)
        .option("--part <number>", "which one of a file of several, from 1", parsePart),
    ).action(action(execute)),
    "usance order execute stop.json --dry-run",
    "usance order execute stop.json",
  );
}

function cancelCommand(): Command {
  return examples(
    new Command("cancel-signed")
      .description("cancel signed orders of yours for good; those never shown to anybody too")
      .argument("<file>", FILE)
      .action(action(cancel)),
    "usance order cancel-signed stop.json",
  );
}

async function sign(
  session: Session,
  name: string,
  side: string,
  size: string,
  price: string,
  options: SignOptions,
): Promise<Answer> {
  const { client, deployment } = session;
  const market = await findMarket(session, name);
  const { decimals } = await readMoney(session);
  if (price === "market")
    throw new Error("A signed order needs a price of its own: the worst that it may trade at.");
  const { lots, tick, kind } = orderOf(market, { side, size, price, kind: options.kind });
  requireTogether(options);
  const trigger = options.stop ?? options.takeProfit;
  const { timestamp } = await getBlock(client);
  const start = options.from ?? timestamp;
  const expiry = start + BigInt(options.for);
  const { account } = await session.signer();
  const terms: OrderTerms = {
    owner: account.address,
    subaccount: options.subaccount,
    market: market.id,
    lots,
    tick,
    kind,
    reduceOnly: options.reduceOnly,
    ...(trigger !== undefined && {
      trigger: triggerOf(options.stop === undefined ? "takeProfit" : "stop", lots),
      triggerX16: parsePrice(trigger, market) << 16n,
    }),
    start: options.from,
    expiry,
    nonce: BigInt(options.nonce ?? Date.now()),
    group: options.group === undefined ? undefined : BigInt(options.group),
    oneCancelsOther: options.oneCancelsOther,
    fee: parseCollateral(options.fee, decimals),
    executor: options.executor,
  };
  const orders: object[] = [];
  for (const part of partsOf(terms, options, start)) {
    // Keys of this command line sign by themselves.
    const signer = account as Parameters<typeof signOrder>[0]["account"];
    const order = await signOrder({ account: signer, deployment, ...part });
    orders.push(formatHandedOrder({ order, trail: options.trail }));
  }
  const text = formatOrders(orders);
  const { out, to } = options;
  if (out === undefined) return { json: JSON.parse(text), text: [text] };
  // A signed order is as good as a key for what it says.
  writeFileSync(out, `${text}\n`, { mode: 0o600 });
  const parts = orders.length === 1 ? "" : ` in ${orders.length} parts`;
  const waits =
    trigger === undefined
      ? ""
      : `, once mark is ${terms.trigger === "atOrAbove" ? "at or above" : "at or below"} ${trigger}`;
  const trails = options.trail === undefined ? "" : `, trailing by ${trailText(options.trail)}`;
  const json = {
    file: out,
    nonce: terms.nonce,
    ...(orders.length > 1 && { parts: orders.length }),
    expiry,
  };
  const wrote = `wrote ${out}: ${side} ${size} ${market.symbol} at ${price}${parts}${waits}${trails}, until ${clock(expiry)}`;
  if (to === undefined) return { json, text: [wrote] };
  const handed = await handOver(to, orders, out);
  return { ...handed, json: { ...json, answers: handed.json }, text: [wrote, "", ...handed.text] };
}

/** Refuses options that say something together alone. */
function requireTogether({ twap, every, trail, executor, out, to }: SignOptions): void {
  if (trail !== undefined && BigInt(executor ?? 0) === 0n)
    throw new Error("An order with a --trail needs its --executor: anyone else may execute it at once.");
  if ((twap === undefined) !== (every === undefined))
    throw new Error("An order is split by both: --twap says into how many parts, --every how far apart.");
  if (to !== undefined && out === undefined)
    throw new Error("An order that is handed over needs --out, too: it is cancelled by its file.");
}

/** The order alone, or the parts that it is split into. */
function partsOf(terms: OrderTerms, { twap, every }: SignOptions, start: bigint): OrderTerms[] {
  if (twap === undefined || every === undefined) return [terms];
  const size = terms.lots < 0n ? -terms.lots : terms.lots;
  if (BigInt(twap) > size)
    throw new Error(`The order has ${size} lots, too few for ${twap} parts: split it into fewer.`);
  const last = BigInt(twap - 1) * BigInt(every);
  if (start + last > terms.expiry)
    throw new Error(
      `The last part starts ${last} seconds after the first, and the order is good for ${terms.expiry - start}: give it longer by --for.`,
    );
  return splitOrder(terms, { slices: twap, everySeconds: BigInt(every), start });
}

async function state(session: Session, path: string, { from }: { from?: string }): Promise<Answer> {
  const orders = readSignedOrders(path);
  const [markets, money] = await Promise.all([readMarkets(session), readMoney(session)]);
  const found = [];
  for (const { order } of orders)
    found.push(await stateOf(session, order, marketOf(markets, String(order.market)), money, from));
  const [only, ...others] = found;
  if (only !== undefined && others.length === 0)
    return { json: only, text: [stateTable(only, money.symbol)] };
  return {
    json: found,
    text: [
      {
        columns: ["part", "side", "size", "executed", "not before", "status", from ? "executor" : ""],
        rows: found.map((each, place) => [
          String(place + 1),
          each.side,
          each.size,
          each.executedSize,
          each.from?.slice(0, 19) ?? "",
          each.status,
          from ? (each.executor?.status ?? "unknown") : "",
        ]),
      },
    ],
  };
}

/** Where an order stands on the chain, and at an executor where one is named. */
async function stateOf(
  { client, deployment }: Session,
  order: SignedOrder,
  market: NamedMarket,
  money: Money,
  inbox?: string,
) {
  const [found, told] = await Promise.all([
    getSignedOrderState(client, { deployment, order }),
    inbox === undefined ? undefined : askFor(inbox, hashSignedOrder({ deployment, ...order })),
  ]);
  const points = (markX16: bigint) => pointsOfMark(markX16, { tickSize: market.tickSize });
  const time = (seconds: bigint) => new Date(Number(seconds) * 1_000).toISOString();
  return {
    status: found.status,
    account: found.account,
    market: order.market,
    symbol: market.symbol,
    side: order.lots < 0n ? "sell" : "buy",
    size: formatLots(order.lots < 0n ? -order.lots : order.lots),
    executedSize: formatLots(found.consumedLots),
    price: formatPrice(order.tick, market),
    trigger: order.trigger === "none" ? null : { mark: order.trigger, price: points(order.triggerX16) },
    from: order.start === 0n ? null : time(order.start),
    until: time(order.expiry),
    nonce: order.nonce,
    fee: money.format(order.fee),
    feePaid: money.format(found.feePaid),
    ...(inbox !== undefined && {
      executor: told
        ? {
            status: told.status,
            error: told.error ?? null,
            ...(told.fired !== undefined && {
              fired: told.fired,
              furthestMark: told.extremeX16 ? points(told.extremeX16) : null,
            }),
          }
        : null,
    }),
  };
}

function stateTable(order: Awaited<ReturnType<typeof stateOf>>, unit: string): Table {
  const { trigger, executor } = order;
  const untilText = `${order.until.slice(0, 19).replace("T", " ")} UTC`;
  return {
    columns: ["", order.symbol],
    rows: [
      ["status", order.status],
      ["side", order.side],
      ["size", order.size],
      ["executed", order.executedSize],
      ["price", order.price],
      ...(trigger === null
        ? []
        : [[trigger.mark === "atOrAbove" ? "once mark is at least" : "once mark is at most", trigger.price]]),
      ["until", untilText],
      [`fee, ${unit}`, order.fee],
      [`of it paid, ${unit}`, order.feePaid],
      ...(executor === undefined ? [] : [["at the executor", executor?.status ?? "unknown"]]),
      ...(executor?.error ? [["last failure", executor.error]] : []),
      ...(executor?.fired === undefined
        ? []
        : [
            ["furthest mark", executor.furthestMark ?? "none yet"],
            ["trail has fired", executor.fired ? "yes" : "no"],
          ]),
    ],
  };
}

/** The one order of a file, or the one of several that is named. */
function onlyOrder(orders: readonly WrittenOrder[], path: string, part?: number): SignedOrder {
  if (part === undefined && orders.length > 1)
    throw new Error(`${path} holds ${orders.length} signed orders: say which one by --part.`);
  const found = orders[(part ?? 1) - 1];
  if (found === undefined)
    throw new Error(`${path} holds ${orders.length} signed orders, and number ${part} was asked for.`);
  return found.order;
}

async function execute(
  session: Session,
  path: string,
  { dryRun, part }: { dryRun: boolean; part?: number },
): Promise<Answer> {
  const { client, deployment } = session;
  const order = onlyOrder(readSignedOrders(path), path, part);
  const money = await readMoney(session);
  const market = await findMarket(session, String(order.market));
  const sender = await session.sender();
  const would = await executeSignedOrder.simulate(client, { deployment, order, account: sender });
  const json = {
    symbol: market.symbol,
    filledSize: formatLots(would.filledLots),
    executedSize: formatLots(would.consumedLots),
    fee: money.format(would.fee),
  };
  const said = `trades ${json.filledSize} of ${json.executedSize} contracts of ${market.symbol}; its sender earns ${money.say(would.fee)}`;
  if (dryRun) return { json: { ...json, dryRun: true }, text: [said, "nothing was sent"] };
  session.say(said);
  const hash = await executeSignedOrder(await session.signer(), { deployment, order });
  await confirm(session, hash);
  const after = await getSignedOrderState(client, { deployment, order });
  return {
    json: { ...json, status: after.status, transaction: hash },
    text: [`executed; ${formatLots(after.consumedLots)} of it are done, it is ${after.status}`],
  };
}

async function cancel(session: Session, path: string): Promise<Answer> {
  const { deployment } = session;
  const orders = readSignedOrders(path).map(({ order }) => order);
  const [first] = orders;
  if (first === undefined) throw new Error(`${path} holds no signed order.`);
  const { owner, subaccount, signer } = first;
  if (
    orders.some(
      (order) => order.signer !== signer || order.owner !== owner || order.subaccount !== subaccount,
    )
  )
    throw new Error(
      `${path} holds orders of several accounts or signers: cancel each of them by its own file.`,
    );
  const client = await session.signer();
  const nonces = orders.map(({ nonce }) => nonce);
  const hash = await cancelSignedOrders(client, { deployment, owner, subaccount, signer, nonces });
  await confirm(session, hash);
  const said =
    nonces.length === 1
      ? `order ${nonces[0]} of ${signer}: it is`
      : `orders, ${nonces.length} from ${nonces[0]} on, of ${signer}: they are`;
  return {
    json: { owner, subaccount, signer, nonces, transaction: hash },
    text: [`cancelled the signed ${said} never executed again`],
  };
}
