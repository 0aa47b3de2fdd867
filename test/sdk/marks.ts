import { clearinghouseAbi } from "@usance/sdk/abis";
import { encodeAbiParameters, hexToBigInt, keccak256, publicActions, toHex, type Hex } from "viem";
import type { Exchange } from "../support/exchange.ts";

/** `ClearingStorage.LOCATION`, and the places in it of the markets and in a market of its risk word. */
const location = 0x9a092534dea4fcf2bfb453aa60a391042f86059114fdd419b77a969d07140600n;
const marketsSlot = location + 6n;
const riskWord = 1n;
/** Fields of that word: the moving average in bits 0–39, the anchor in 124–163. */
const fields = [0n, 124n] as const;

/**
 * Asks the lens for an account as it would stand if a market's mark were another, on a state that is overridden for the call
 * alone. The market must have been brought to the minute.
 */
export async function accountAtMark(
  { client, deployment }: Exchange,
  accountId: number,
  market: number,
  tick: bigint,
) {
  const reader = client.extend(publicActions);
  const address = deployment.clearinghouse;
  const slot = slotOf(market);
  const word = hexToBigInt((await reader.getStorageAt({ address, slot })) ?? "0x0");
  const mark = tick << 16n;
  const moved = fields.reduce((bits, at) => (bits & ~(((1n << 40n) - 1n) << at)) | (mark << at), word);
  return reader.readContract({
    address,
    abi: clearinghouseAbi,
    functionName: "account",
    args: [accountId],
    stateOverride: [{ address, stateDiff: [{ slot, value: toHex(moved, { size: 32 }) }] }],
  });
}

function slotOf(market: number): Hex {
  const base = keccak256(
    encodeAbiParameters([{ type: "uint256" }, { type: "uint256" }], [BigInt(market), marketsSlot]),
  );
  return toHex(hexToBigInt(base) + riskWord, { size: 32 });
}
