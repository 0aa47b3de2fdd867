import { encodeAbiParameters, keccak256, parseAbi, type Address, type Client } from "viem";
import { getChainId, readContract } from "viem/actions";
import { SECONDS_PER_DAY } from "../lib/calendar.ts";
import type { CalculatedPrint } from "../reporter/calculation.ts";
import { PriceError } from "./errors.ts";

/** How a print follows from a feed; it is part of every vintage. */
export const GPX_METHOD =
  "GPX/1: FeedSource.readAt of the round that stood at the last second of the UTC day";

/** A print of the GPU-hour price with the round that it was read from. */
export interface GpuHourPrint extends CalculatedPrint {
  readonly round: bigint;
  /** Unix time of the round's answer. */
  readonly updatedAt: bigint;
}

const sourceAbi = parseAbi([
  "error FeedDecimalsChanged(address feed, uint256 decimals, uint256 expected)",
  "error FeedIsStale(address feed, uint256 age, uint256 maxAge)",
  "error FeedIsAhead(address feed, uint256 updatedAt, uint256 time)",
  "error FeedRoundIncomplete(address feed, uint80 round, uint80 answeredIn)",
  "error FeedAnswerNotPositive(address feed, int256 answer)",
  "error FeedAnswerTooLarge(address feed, int256 answer, uint256 max)",
  "error FeedRoundSuperseded(address feed, uint80 round, uint256 nextUpdatedAt, uint256 time)",
  "error FeedRoundWithoutNext(address feed, uint80 round, uint80 newest)",
  "error FeedMomentAhead(address feed, uint256 time, uint256 timestamp)",
  "function FEED() view returns (address)",
  "function readAt(uint80 round, uint256 time) view returns (uint256 value, uint256 updatedAt)",
]);
const feedAbi = parseAbi([
  "function latestRoundData() view returns (uint80 round, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredIn)",
  "function getRoundData(uint80 round) view returns (uint80 round, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredIn)",
]);

/** Rounds that a search goes back: a week of one a minute. */
const MOST_ROUNDS = 10_080;
/** The upper bits of a round are the phase of a feed. */
const ROUNDS_OF_A_PHASE = 2n ** 64n;

/**
 * Finds the round of a feed that stood at a moment, going back from the newest one within its phase.
 * @param time Unix seconds.
 * @throws PriceError NoRound where none was answered by then, or none of the newest 10,080.
 */
export async function roundAt(client: Client, feed: Address, time: bigint): Promise<bigint> {
  const contract = { address: feed, abi: feedAbi } as const;
  const [newest, , , newestAt] = await readContract(client, { ...contract, functionName: "latestRoundData" });
  let [round, updatedAt] = [newest, newestAt];
  for (let steps = 1; updatedAt === 0n || updatedAt > time; steps++) {
    if (round % ROUNDS_OF_A_PHASE <= 1n || steps === MOST_ROUNDS)
      throw new PriceError("NoRound", `${feed}, newest round ${newest}`, time, updatedAt);
    round--;
    [, , , updatedAt] = await readContract(client, {
      ...contract,
      functionName: "getRoundData",
      args: [round],
    });
  }
  return round;
}

/**
 * Reads the GPU-hour price of a UTC day from a `FeedSource`, which checks the feed and the round. Every reporter gets the same, whenever it asks.
 * @throws PriceError NoRound, and the errors of `FeedSource`, by name in the cause of viem's error.
 */
export async function readGpuHour(client: Client, source: Address, period: number): Promise<GpuHourPrint> {
  const contract = { address: source, abi: sourceAbi } as const;
  // What is answered at 00:00:00 belongs to the new day.
  const time = BigInt(period + 1) * BigInt(SECONDS_PER_DAY) - 1n;
  const feed = await readContract(client, { ...contract, functionName: "FEED" });
  const round = await roundAt(client, feed, time);
  const [value, updatedAt] = await readContract(client, {
    ...contract,
    functionName: "readAt",
    args: [round, time],
  });
  const chainId = BigInt(await getChainId(client));
  const vintage = keccak256(
    encodeAbiParameters(
      [
        { type: "string" },
        { type: "uint256" },
        { type: "address" },
        { type: "address" },
        { type: "uint32" },
        { type: "uint80" },
        { type: "uint256" },
        { type: "uint256" },
      ],
      [GPX_METHOD, chainId, source, feed, period, round, updatedAt, value],
    ),
  );
  return { period, value, vintage, round, updatedAt };
}
