import { batchOrders, decodeOrderId, formatLots, formatPrice, getOpenOrders } from "@usance/sdk";
import { Command, Option } from "commander";
import { accountOptions, dryRunOption, examples } from "../options.ts";
import type { Answer } from "../output.ts";
import {
  action,
  marketOf,
  readMarkets,
  resolveAccount,
  type AccountOptions,
  type Session,
} from "../session.ts";
import { confirm } from "../transactions.ts";

/** Orders that one transaction cancels: far below the gas of a block. */
const AT_ONCE = 100;

interface CancelAllOptions extends AccountOptions {
  market?: string;
  side?: string;
  dryRun: boolean;
}

/** `usance order cancel-all`: everything that rests. */
export function cancelAllCommand(): Command {
  return examples(
    dryRunOption(
      accountOptions(
        new Command("cancel-all")
          .description("cancel every resting order of an account")
          .option("--market <market>", "in this market alone, number or name")
          .addOption(new Option("--side <side>", "of this side alone").choices(["buy", "sell"])),
      ),
    ).action(action(cancelAll)),
    "usance order cancel-all",
    "usance order cancel-all --market TUX-PERP --side sell --dry-run",
  );
}

async function cancelAll(session: Session, options: CancelAllOptions): Promise<Answer> {
  const { client, deployment } = session;
  const accountId = await resolveAccount(session, options);
  const markets = await readMarkets(session);
  const market = options.market === undefined ? undefined : marketOf(markets, options.market).id;
  const resting = await getOpenOrders(client, { deployment, accountId, market });
  const wanted = resting.filter(
    ({ lots }) => options.side === undefined || lots > 0n === (options.side === "buy"),
  );
  const orders = wanted.map(({ id, lots }) => {
    const { market: number, tick } = decodeOrderId(id);
    const named = markets.find((one) => one.id === number);
    return {
      id,
      symbol: named?.symbol ?? String(number),
      side: lots > 0n ? "buy" : "sell",
      size: formatLots(lots > 0n ? lots : -lots),
      price: formatPrice(tick, named),
    };
  });
  const table = {
    columns: [options.dryRun ? "would cancel" : "cancelled", "side", "size", "price", "order"],
    rows: orders.map((order) => [order.symbol, order.side, order.size, order.price, order.id.toString()]),
    empty: "no resting orders",
  };
  if (options.dryRun) return { json: { account: accountId, orders, dryRun: true }, text: [table] };
  const transactions: string[] = [];
  for (let from = 0; from < orders.length; from += AT_ONCE) {
    const cancels = orders.slice(from, from + AT_ONCE).map(({ id }) => id);
    const hash = await batchOrders(await session.signer(), { deployment, accountId, cancels });
    await confirm(session, hash);
    transactions.push(hash);
  }
  return { json: { account: accountId, cancelled: orders, transactions }, text: [table] };
}
