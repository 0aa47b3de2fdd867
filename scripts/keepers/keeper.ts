import type { SignedOrder } from "@usance/sdk";
import type { Hash, Hex } from "viem";
import type { Log } from "../lib/log.ts";

/** A job that anyone may run: it watches the chain and calls what the contracts leave to the public. */
export interface Keeper {
  /** Short name, used for logs, metrics and on the command line. */
  readonly name: string;
  /** Reads what the keeper needs before its first run; throws where the deployment cannot be reached. */
  init(): Promise<void>;
  /** Reads the state, decides, simulates and sends: one round. Waits until everything sent is in a block. */
  runOnce(): Promise<KeeperReport>;
  /** Whether the last round went well. */
  health(): KeeperHealth;
  /** Waits for a round that is under way; later rounds do nothing. */
  stop(): Promise<void>;
}

/** One call that a keeper decided on. Amounts and ids as the contracts number them. */
export type KeeperAction =
  | { kind: "sync"; market: number }
  | { kind: "follow"; feed: number }
  | { kind: "repush"; index: Hex }
  | { kind: "releasePrint"; index: Hex; period: number }
  | { kind: "applyMargins"; market: number }
  | { kind: "cancelRiskRaising"; account: number; ids: readonly bigint[] }
  | {
      kind: "liquidate";
      account: number;
      market: number;
      maxFills: number;
      keeper: number;
      /** Most lots that the keeper takes over itself. */
      takeOverLots: number;
    }
  | { kind: "absorb"; account: number }
  | { kind: "deleverage"; market: number }
  | { kind: "unwind"; market: number; maxFills: number }
  | { kind: "applyRounds"; market: number; accounts: readonly number[] }
  | { kind: "settle"; market: number }
  | { kind: "settleAccounts"; market: number; accounts: readonly number[] }
  | { kind: "sweepOrders"; ids: readonly bigint[] }
  | { kind: "cancelFired"; account: number; ids: readonly bigint[] }
  | {
      kind: "executeSigned";
      hashes: readonly Hash[];
      /** The orders with these hashes. */
      orders: readonly SignedOrder[];
      /** Most gas that each may use. */
      gasEach: bigint;
    };

/** What became of an action. */
export type KeeperOutcome =
  | {
      action: KeeperAction;
      result: "sent";
      hash: Hash;
      gasUsed: bigint;
      /** What the gas cost, wei. */
      gasCost?: bigint;
      /** What the keeper was paid for it, collateral units. */
      earned?: bigint;
    }
  /** Sent and in no block yet: later rounds look after it, and send nothing about the same subject. */
  | { action: KeeperAction; result: "pending"; hash: Hash }
  /** Not sent, for a reason that passes: gas costs too much, or earlier transactions come first. */
  | { action: KeeperAction; result: "waiting"; error: string }
  /** Somebody else was first, or the state moved on; `error` is the contract's error. */
  | { action: KeeperAction; result: "lost"; error: string }
  /** Refused for a reason that nobody foresaw. The other actions of the round went on. */
  | { action: KeeperAction; result: "failed"; error: string }
  /** Decided and simulated, not sent. */
  | { action: KeeperAction; result: "dryRun" };

/** What one round did. */
export interface KeeperReport {
  keeper: string;
  /** Block at which the state was read. */
  block: bigint;
  outcomes: KeeperOutcome[];
  /** Accounts that the round looked at, where the job is about accounts. */
  accounts?: AccountCounts;
  /** Signed orders that are kept, and those whose last try failed. */
  signedOrders?: { kept: number; failing: number };
}

/** How many accounts a round looked at, and how they stood. */
export interface AccountCounts {
  watched: number;
  /** Those with resting orders, and those below their maintenance margin. */
  belowInitialMargin: number;
  belowMaintenanceMargin: number;
}

/** State of a keeper, for `/health`. */
export interface KeeperHealth {
  healthy: boolean;
  /** Unix time in milliseconds of the last round that ended; undefined before the first. */
  lastRun?: number;
  /** Unix time in milliseconds of the last round that ended well. */
  lastSuccess?: number;
  /** Block at which that round read the state. */
  block?: bigint;
  /** Rounds that ended well. */
  rounds: number;
  /** Rounds in a row that failed. */
  failures: number;
  /** Error of the last round, where it failed. */
  error?: string;
}

/** Says what no later round can mend: another chain, no clearing house there, nobody to earn for. It ends the process. */
export class SetupError extends Error {
  override readonly name = "SetupError";
}

/** Waits until the sender is free, then works; nobody else sends meanwhile. */
export type Turn = <result>(work: () => Promise<result>) => Promise<result>;

/** Logger that keepers write to. */
export type KeeperLog = Log;
