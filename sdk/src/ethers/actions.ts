import type { ContractTransactionReceipt, ContractTransactionResponse, LogParams } from "ethers";
import { isContractError, type ContractErrorArgs } from "../errors/ContractError.ts";
import { decodeUsanceError } from "./errors.ts";
import type { ClearinghouseAbi } from "../internal/contracts.ts";
import type { EventArgs, EventName } from "../internal/events.ts";
import { encodeOrder, type Order } from "../internal/order.ts";
import { unpack } from "../internal/packedEvents.ts";
import { plainValues } from "./values.ts";
import type { Usance } from "./usance.ts";

type ClearingEvent = EventName<ClearinghouseAbi>;

/** An event of the clearing house, with its arguments by name and without its packing. */
export type UsanceEvent<name extends ClearingEvent = ClearingEvent> = {
  [item in name]: { eventName: item; args: EventArgs<ClearinghouseAbi, item> };
}[name];

/**
 * Waits for a transaction that was sent, and gives its receipt.
 *
 * @param sent - What a contract's method gives.
 * @throws {@link ContractError} where the contract refuses the call before it is sent; {@link CallFailedError} where the
 * transaction was reverted or replaced, or the node does not answer.
 *
 * @example
 * import { mined, parseCollateral, type Usance } from "@usance/sdk/ethers";
 *
 * async function deposit({ clearinghouse }: Usance) {
 *   const receipt = await mined(clearinghouse.deposit(0, parseCollateral("1000")));
 *   console.log(receipt.gasUsed);
 * }
 */
export async function mined(sent: Promise<ContractTransactionResponse>): Promise<ContractTransactionReceipt> {
  const transaction = await sent;
  try {
    // Without a timeout, and with one confirmation to wait for, there always is a receipt.
    return (await transaction.wait(1)) as ContractTransactionReceipt;
  } catch (error) {
    throw decodeUsanceError(error);
  }
}

/**
 * Computes what an order would do now: fills, fee, remainder, and equity and requirement afterwards (collateral units).
 *
 * @param exchange - The exchange, with the sender as its runner.
 * @param accountId - Account that would trade.
 * @throws {@link ContractError}: the error that placing it would end with, or `UnknownAccount`.
 *
 * @example
 * import { parseLots, parsePrice, previewOrder, type Usance } from "@usance/sdk/ethers";
 *
 * async function show(exchange: Usance) {
 *   const order = { market: 1, lots: parseLots("1.5"), tick: parsePrice("3841.5") };
 *   const { filledLots, fee } = await previewOrder(exchange, 2048, order);
 *   console.log(filledLots, fee);
 * }
 */
export async function previewOrder(
  { clearinghouse }: Usance,
  accountId: number | bigint,
  order: Order,
): Promise<ContractErrorArgs<"Previewed">["preview"]> {
  try {
    await clearinghouse.previewOrder.staticCall(accountId, encodeOrder(order));
  } catch (error) {
    if (isContractError(error, "Previewed")) return error.args.preview;
    throw error;
  }
  throw decodeUsanceError(new Error("previewOrder did not revert: is this the clearing house?"));
}

/**
 * Decodes the clearing house's events in a receipt, in their order; what the chain packs into words comes apart.
 *
 * @param receipt - Receipt of a transaction; logs of other contracts are passed over.
 *
 * @example
 * import { eventsOf, formatLots, type Usance } from "@usance/sdk/ethers";
 * import type { TransactionReceipt } from "ethers";
 *
 * function show(exchange: Usance, receipt: TransactionReceipt) {
 *   for (const event of eventsOf(exchange, receipt)) {
 *     if (event.eventName === "OrderTaken") console.log(formatLots(event.args.lots), event.args.fee);
 *   }
 * }
 */
export function eventsOf(
  { clearinghouse, deployment }: Usance,
  receipt: { logs: readonly Pick<LogParams, "address" | "data" | "topics">[] },
): UsanceEvent[] {
  return receipt.logs.flatMap((log) => {
    if (log.address.toLowerCase() !== deployment.clearinghouse.toLowerCase()) return [];
    const found = clearinghouse.interface.parseLog(log);
    if (found === null) return [];
    const { inputs } = found.fragment;
    const values = plainValues(inputs, found.args);
    const args = Object.fromEntries(inputs.map(({ name }, index) => [name, values[index]]));
    return unpack({ eventName: found.name, args }) as UsanceEvent[];
  });
}
