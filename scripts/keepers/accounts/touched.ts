import { clearinghouseAbi } from "@usance/sdk/abis";
import { decodeAbiParameters, toEventSelector, type AbiEvent, type Hex } from "viem";

/** A log of the clearing house, as far as it tells whom it is about. */
export interface ChainLog {
  topics: readonly Hex[];
  data: Hex;
}

/** What changed in a stretch of blocks. */
export interface Changes {
  /** Accounts whose cash, positions or orders may have changed. */
  accounts: Set<number>;
  /** Markets whose parameters changed. */
  listings: Set<number>;
  /** Markets whose margins were applied. */
  margins: Set<number>;
  /** Markets in which a deleveraging round was recorded: every position of its winning side changed with it. */
  rounds: Set<number>;
}

/** No changes. */
export function noChanges(): Changes {
  return { accounts: new Set(), listings: new Set(), margins: new Set(), rounds: new Set() };
}

/** Events by their selector, with the topics that hold accounts: whatever is a number of 32 bits there. */
const EVENTS = new Map(
  clearinghouseAbi
    .filter((item) => item.type === "event")
    .map((event: AbiEvent) => {
      const indexed = event.inputs.filter((input) => input.indexed);
      const accounts = indexed.flatMap(({ type }, i) => (type === "uint32" ? [i + 1] : []));
      return [toEventSelector(event), { name: event.name, accounts }] as const;
    }),
);

/** Reads the changes that logs of the clearing house tell of into a list. */
export function noteChanges(changes: Changes, logs: readonly ChainLog[]): void {
  for (const { topics, data } of logs) {
    const event = topics[0] && EVENTS.get(topics[0]);
    if (!event) continue;
    for (const topic of event.accounts) changes.accounts.add(Number(topics[topic]));
    switch (event.name) {
      case "OrderTaken":
        for (const maker of makersOf(data)) changes.accounts.add(maker);
        break;
      case "ParametersChanged":
        changes.listings.add(Number(topics[1]));
        break;
      case "MarginsApplied":
        changes.listings.add(Number(topics[1]));
        changes.margins.add(Number(topics[1]));
        break;
      case "RoundRecorded":
        changes.rounds.add(Number(topics[1]));
    }
  }
}

/** Accounts whose resting orders an order met: bits 152 to 179 of each word of its fills. */
function makersOf(data: Hex): number[] {
  const [, fills] = decodeAbiParameters([{ type: "uint256" }, { type: "uint256[]" }], data);
  return fills.map((fill) => Number((fill >> 152n) & 0xfffffffn));
}
