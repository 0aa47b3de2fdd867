import { readFileSync } from "node:fs";
import { batchOrders, type Order } from "@usance/sdk";
import { Command } from "commander";
import { z } from "zod";
import { parseWith } from "../../lib/jsonc.ts";
import { sentenceOf } from "../../lib/errors.ts";
import { parseMoment } from "../arguments.ts";
import { readMoney } from "../money.ts";
import { accountOptions, dryRunOption, examples } from "../options.ts";
import { KINDS, orderOf, tradesOf, tradesText } from "../orders.ts";
import type { Answer } from "../output.ts";
import {
  action,
  marketOf,
  readMarkets,
  resolveAccount,
  type AccountOptions,
  type NamedMarket,
  type Session,
} from "../session.ts";
import { confirm } from "../transactions.ts";

const cancelSchema = z.strictObject({
  cancel: z.string().regex(/^\d+$/, "must be an order's id, as a text"),
});
const orderSchema = z.strictObject({
  market: z.string(),
  side: z.enum(["buy", "sell"]),
  size: z.string(),
  price: z.string(),
  kind: z.enum(Object.keys(KINDS)).optional(),
  reduceOnly: z.boolean().optional(),
  until: z.string().transform(parseMoment).optional(),
  maxFills: z.int().min(1).max(65_535).optional(),
  clientId: z.int().nonnegative().optional(),
});

/** What a batch does: first cancel, then place. */
export interface Batch {
  cancels: bigint[];
  orders: Order[];
}

/** `usance order batch`: many steps in one transaction, all or none. */
export function batchCommand(): Command {
  return examples(
    dryRunOption(
      accountOptions(
        new Command("batch")
          .description("cancel and place many orders in one transaction: all of them, or none")
          .argument("<file>", "JSON, one step a line; `-` is standard input"),
      ),
    )
      .addHelpText(
        "after",
        `
A line cancels an order, or has the words of \`order place\`; margin is checked
once, after the last step:
  {"cancel": "20282409603651670423947251286016"}
  {"market": "TUX-PERP", "side": "buy", "size": "1.5", "price": "3841.5"}
More words: kind, reduceOnly, until, maxFills, clientId. What is cancelled is
cancelled first.`,
      )
      .action(action(batch)),
    "usance order batch quotes.jsonl",
    "usance order batch - --dry-run",
  );
}

/**
 * Reads the steps of a batch.
 * @throws Error that names the first line that is wrong.
 */
function parseBatch(text: string, markets: readonly NamedMarket[]): Batch {
  const found: Batch = { cancels: [], orders: [] };
  for (const [position, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    try {
      const step: unknown = JSON.parse(line);
      if (typeof step === "object" && step !== null && "cancel" in step)
        found.cancels.push(BigInt(parseWith(cancelSchema, step, "step").cancel));
      else {
        const { market, ...written } = parseWith(orderSchema, step, "step");
        found.orders.push(orderOf(marketOf(markets, market), written));
      }
    } catch (error) {
      throw new Error(`Line ${position + 1} of the batch: ${sentenceOf(error)}`, { cause: error });
    }
  }
  if (found.cancels.length + found.orders.length === 0) throw new Error("The batch has no step.");
  return found;
}

async function batch(
  session: Session,
  path: string,
  options: AccountOptions & { dryRun: boolean },
): Promise<Answer> {
  const { client: reader, deployment } = session;
  let text: string;
  try {
    text = readFileSync(path === "-" ? 0 : path, "utf8");
  } catch {
    throw new Error(`${path === "-" ? "Standard input" : path} cannot be read.`);
  }
  const [markets, money] = await Promise.all([readMarkets(session), readMoney(session)]);
  const steps = parseBatch(text, markets);
  const accountId = await resolveAccount(session, options);
  const preview = `account ${accountId}: cancels ${steps.cancels.length} and places ${steps.orders.length} orders, all or none`;
  const parameters = { deployment, accountId, ...steps };
  await batchOrders.simulate(reader, { ...parameters, account: await session.sender() });
  if (options.dryRun)
    return {
      json: {
        account: accountId,
        cancels: steps.cancels.length,
        orders: steps.orders.length,
        accepted: true,
        dryRun: true,
      },
      text: [preview, "it would be accepted; nothing was sent"],
    };
  session.say(preview);
  const hash = await batchOrders(await session.signer(), parameters);
  const trades = tradesOf(accountId, batchOrders.extract(await confirm(session, hash)), { markets, money });
  return { json: { account: accountId, ...trades, transaction: hash }, text: tradesText(trades, money) };
}
