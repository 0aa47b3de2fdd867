import { readFileSync, writeFileSync } from "node:fs";
import {
  cancelSignedOrder,
  executeSignedOrder,
  formatLots,
  formatPrice,
  formatSignedOrder,
  getSignedOrderState,
  parseCollateral,
  parsePrice,
  parseSignedOrder,
  pointsOfMark,
  signOrder,
  triggerOf,
  type SignedOrder,
} from "@usance/sdk";
import { Argument, Command, Option } from "commander";
import { getBlock } from "viem/actions";
import { sentenceOf } from "../../lib/errors.ts";
import { parseDuration, parseMoment, parseWhole } from "../arguments.ts";
import { clock } from "../explain.ts";
import { readMoney } from "../money.ts";
import { accountOptions, dryRunOption, examples } from "../options.ts";
import { KINDS, orderOf } from "../orders.ts";
import type { Answer } from "../output.ts";
import { action, findMarket, type AccountOptions, type Session } from "../session.ts";
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
  out?: string;
}

/** Nonces and groups that a person gives. */
const parseNumber = parseWhole({ min: 1, max: Number.MAX_SAFE_INTEGER });

/** `usance order sign`, `signed`, `execute` and `cancel-signed`: orders that somebody else brings to the chain. */
export function signedCommands(): Command[] {
  return [signCommand(), stateCommand(), executeCommand(), cancelCommand()];
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
        .option("--out <file>", "file to write it to (default: standard output)"),
      { named: false },
    )
      .addHelpText(
        "after",
        `
Nothing is sent. The contract that executes it must be operator of the account:
\`account operator add\` with its address, signedOrders in the deployment file.`,
      )
      .action(action(sign)),
    "usance order sign TUX-PERP sell 1.5 3780 --stop 3800 --reduce-only --out stop.json",
    "usance order sign TUX-PERP buy 1 3700 --for 30d --fee 0.5",
  );
}

function stateCommand(): Command {
  return examples(
    new Command("signed")
      .description("where a signed order stands")
      .argument("<file>", "what `order sign` wrote; `-` is standard input")
      .action(action(state)),
    "usance order signed stop.json",
  );
}

function executeCommand(): Command {
  return examples(
    dryRunOption(
      new Command("execute")
        .description("execute a signed order now, anybody's, and earn its fee")
        .argument("<file>", "what `order sign` wrote; `-` is standard input"),
    ).action(action(execute)),
    "usance order execute stop.json --dry-run",
    "usance order execute stop.json",
  );
}

function cancelCommand(): Command {
  return examples(
    new Command("cancel-signed")
      .description("cancel a signed order of yours for good; one that has never been shown to anybody too")
      .argument("<file>", "what `order sign` wrote; `-` is standard input")
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
  const trigger = options.stop ?? options.takeProfit;
  const { timestamp } = await getBlock(client);
  const expiry = (options.from ?? timestamp) + BigInt(options.for);
  const { account } = await session.signer();
  const signed = await signOrder({
    // Keys of this command line sign by themselves.
    account: account as Parameters<typeof signOrder>[0]["account"],
    deployment,
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
  });
  const text = formatSignedOrder(signed);
  if (options.out === undefined) return { json: JSON.parse(text), text: [text] };
  // A signed order is as good as a key for what it says.
  writeFileSync(options.out, `${text}\n`, { mode: 0o600 });
  return {
    json: { file: options.out, nonce: signed.nonce, expiry: signed.expiry },
    text: [
      `wrote ${options.out}: ${side} ${size} ${market.symbol} at ${price}${trigger === undefined ? "" : `, once mark is ${signed.trigger === "atOrAbove" ? "at or above" : "at or below"} ${trigger}`}, until ${clock(expiry)}`,
    ],
  };
}

/** Reads what `order sign` wrote. */
function readSigned(path: string): SignedOrder {
  try {
    return parseSignedOrder(JSON.parse(readFileSync(path === "-" ? 0 : path, "utf8")));
  } catch (error) {
    throw new Error(`${path === "-" ? "Standard input" : path} holds no signed order: ${sentenceOf(error)}`, {
      cause: error,
    });
  }
}

async function state(session: Session, path: string): Promise<Answer> {
  const { client, deployment } = session;
  const order = readSigned(path);
  const [found, money, market] = await Promise.all([
    getSignedOrderState(client, { deployment, order }),
    readMoney(session),
    findMarket(session, String(order.market)),
  ]);
  const lots = order.lots < 0n ? -order.lots : order.lots;
  const json = {
    status: found.status,
    account: found.account,
    market: order.market,
    symbol: market.symbol,
    side: order.lots < 0n ? "sell" : "buy",
    size: formatLots(lots),
    executedSize: formatLots(found.consumedLots),
    price: formatPrice(order.tick, market),
    trigger:
      order.trigger === "none"
        ? null
        : { mark: order.trigger, price: pointsOfMark(order.triggerX16, { tickSize: market.tickSize }) },
    until: new Date(Number(order.expiry) * 1_000).toISOString(),
    nonce: order.nonce,
    fee: money.format(order.fee),
    feePaid: money.format(found.feePaid),
  };
  return {
    json,
    text: [
      {
        columns: ["", market.symbol],
        rows: [
          ["status", json.status],
          ["side", json.side],
          ["size", json.size],
          ["executed", json.executedSize],
          ["price", json.price],
          ...(json.trigger === null
            ? []
            : [
                [
                  json.trigger.mark === "atOrAbove" ? "once mark is at least" : "once mark is at most",
                  json.trigger.price,
                ],
              ]),
          ["until", clock(order.expiry)],
          [`fee, ${money.symbol}`, json.fee],
          [`of it paid, ${money.symbol}`, json.feePaid],
        ],
      },
    ],
  };
}

async function execute(session: Session, path: string, { dryRun }: { dryRun: boolean }): Promise<Answer> {
  const { client, deployment } = session;
  const order = readSigned(path);
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
  const { owner, subaccount, signer, nonce } = readSigned(path);
  const client = await session.signer();
  const source = { owner, subaccount, signer };
  const hash = await cancelSignedOrder(client, { deployment, ...source, orderNonce: nonce });
  await confirm(session, hash);
  return {
    json: { owner, subaccount, signer, nonce, transaction: hash },
    text: [`cancelled the signed order ${nonce} of ${signer}: it is never executed again`],
  };
}
