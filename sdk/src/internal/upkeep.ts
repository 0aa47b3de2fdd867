import { encodeAbiParameters, type Hex } from "viem";
import { upkeepJobs, type UpkeepJob } from "../enums.ts";

/** What an upkeep is registered with. */
export type UpkeepAssignment = {
  job: UpkeepJob;
  /** First market of the range; 1 when left out. */
  firstMarket?: number | undefined;
  /** Last market of the range; every market that is ever listed when left out. */
  lastMarket?: number | undefined;
  /** First account of the range; 2048, the first there is, when left out. */
  firstAccount?: number | undefined;
  /** Last account of the range; every account that is ever opened when left out. */
  lastAccount?: number | undefined;
  /** Seconds between two touches of a market or feed ("clock"); 300 when left out. */
  interval?: number | undefined;
};

/** The assignment as the contract takes it. */
export function encodeAssignment({
  job,
  firstMarket = 1,
  lastMarket = 1_023,
  firstAccount = 2_048,
  lastAccount = 2 ** 28 - 1,
  interval = 300,
}: UpkeepAssignment): Hex {
  return encodeAbiParameters(
    [
      { type: "uint8" },
      { type: "uint16" },
      { type: "uint16" },
      { type: "uint32" },
      { type: "uint32" },
      { type: "uint32" },
    ],
    [upkeepJobs.indexOf(job), firstMarket, lastMarket, firstAccount, lastAccount, interval],
  );
}
