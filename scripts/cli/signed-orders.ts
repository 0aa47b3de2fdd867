import { readFileSync } from "node:fs";
import { parseSignedOrder, type SignedOrder } from "@usance/sdk";
import { InvalidArgumentError } from "commander";
import { z } from "zod";
import { sentenceOf } from "../lib/errors.ts";
import { fetchAnswer, type JsonAnswer, type Limits } from "../lib/http.ts";
import type { Trail } from "../keepers/signed-orders/trail.ts";
import type { Answer } from "./output.ts";

const LIMITS: Limits = { timeoutSeconds: 30, maxBytes: 64 * 1024 };
const MOST: Record<string, number> = { bps: 9_999, ticks: 2 ** 24 - 1 };

/** An order of a file, and what stands there: whatever is beside it, such as a trail, is handed over with it. */
export interface WrittenOrder {
  order: SignedOrder;
  written: unknown;
}

/** What an executor tells of an order that it keeps. */
export type Told = z.output<typeof toldSchema>;

const shown = z.string().transform((text) => text.replace(/\p{C}/gu, " "));
const toldSchema = z.looseObject({
  hash: shown,
  status: shown,
  extremeX16: z.string().regex(/^\d+$/).transform(BigInt).nullish(),
  fired: z.boolean().optional(),
  error: shown.optional(),
});
const refusalSchema = z.object({ error: z.object({ code: shown, message: shown }) });

type Heard = { told: Told } | { refusal: z.output<typeof refusalSchema>["error"] };

/**
 * Reads one signed order, or a list of them.
 * @param path What `order sign` wrote; `-` is standard input.
 */
export function readSignedOrders(path: string): WrittenOrder[] {
  const place = path === "-" ? "Standard input" : path;
  try {
    const content: unknown = JSON.parse(readFileSync(path === "-" ? 0 : path, "utf8"));
    const list: unknown[] = Array.isArray(content) ? content : [content];
    if (list.length === 0) throw new Error("the list is empty");
    return list.map((written) => ({ written, order: parseSignedOrder(written) }));
  } catch (error) {
    throw new Error(`${place} holds no signed order: ${sentenceOf(error)}`, { cause: error });
  }
}

/** Writes orders as the folder of an executor takes them: one alone, several as a list with one a line. */
export function formatOrders(orders: readonly object[]): string {
  const lines = orders.map((order) => JSON.stringify(order));
  return lines.length === 1 ? lines.join("") : `[\n${lines.join(",\n")}\n]`;
}

/** Reads a trail: a part of the furthest mark or a distance, such as "200bps" or "40ticks". */
export function parseTrailText(text: string): Trail {
  const [, count = "", unit = ""] = /^(\d{1,8})(bps|ticks)$/.exec(text) ?? [];
  const most = MOST[unit];
  if (most === undefined) throw new InvalidArgumentError("It must be a trail such as 200bps or 40ticks.");
  if (Number(count) < 1 || Number(count) > most)
    throw new InvalidArgumentError(`It must be from 1 to ${most} ${unit}.`);
  return unit === "bps" ? { basisPoints: Number(count) } : { ticks: BigInt(count) };
}

/** A trail as `parseTrailText` reads it. */
export function trailText({ basisPoints, ticks }: Trail): string {
  return basisPoints === undefined ? `${ticks}ticks` : `${basisPoints}bps`;
}

/** Reads the address of an executor's inbox, without the path of its orders. */
export function parseInbox(text: string): string {
  const protocol = URL.canParse(text) ? new URL(text).protocol : "";
  if (protocol !== "http:" && protocol !== "https:")
    throw new InvalidArgumentError("It must be an address such as https://keeper.example.");
  return text.replace(/\/+$/, "");
}

/**
 * Hands orders over one by one. Handing over one that is kept already is no error.
 * @param file Where they stand, for what a failure says.
 * @throws Error in one sentence where the executor does not answer; what it has taken before, it keeps.
 */
export async function handOver(
  inbox: string,
  orders: readonly unknown[],
  file: string,
): Promise<Answer & { json: object[] }> {
  const heard: Heard[] = [];
  for (const order of orders)
    heard.push(
      await ask(
        inbox,
        `/signed-orders`,
        `${heard.length} of ${orders.length} orders are handed over: hand ${file} over again by \`order hand-over\``,
        order,
      ),
    );
  const refusals = heard.flatMap((each) => ("refusal" in each ? [each.refusal] : []));
  const [first] = refusals;
  return {
    json: heard.map((each) =>
      "told" in each
        ? { hash: each.told.hash, status: each.told.status }
        : { status: "refused", error: each.refusal },
    ),
    text: [
      {
        columns: ["answer", "order"],
        rows: heard.map((each) =>
          "told" in each ? [each.told.status, each.told.hash] : ["refused", each.refusal.code],
        ),
      },
    ],
    ...(first && {
      failure: `${refusals.length} of ${orders.length} orders ${refusals.length === 1 ? "was" : "were"} refused: ${first.message}`,
    }),
  };
}

/** What an executor tells of an order: undefined where it has none of that hash. */
export async function askFor(inbox: string, hash: string): Promise<Told | undefined> {
  const heard = await ask(inbox, `/signed-orders/${hash}`, "ask again later");
  if ("told" in heard) return heard.told;
  if (heard.refusal.code === "UnknownOrder") return undefined;
  throw new Error(`The executor refuses to tell: ${heard.refusal.message}`);
}

async function ask(inbox: string, path: string, next: string, order?: unknown): Promise<Heard> {
  const { host } = new URL(inbox);
  let answer: JsonAnswer;
  try {
    answer = await fetchAnswer(`${inbox}${path}`, LIMITS, order);
  } catch (error) {
    throw new Error(`The executor at ${host} does not answer as one; ${next}.`, { cause: error });
  }
  const { status, body } = answer;
  const told = toldSchema.safeParse(body);
  if (status < 300 && told.success) return { told: told.data };
  const refused = refusalSchema.safeParse(body);
  if (status >= 400 && refused.success) return { refusal: refused.data.error };
  throw new Error(`What answers at ${host} with status ${status} is no executor of signed orders; ${next}.`);
}
