import { setTimeout as sleep } from "node:timers/promises";
import { decodeUsanceError, isContractError } from "@usance/sdk";
import {
  BlockNotFoundError,
  TransactionNotFoundError,
  TransactionReceiptNotFoundError,
  keccak256,
  type Account,
  type Address,
  type Block,
  type Chain,
  type Client,
  type Hash,
  type Hex,
  type LocalAccount,
  type TransactionReceipt,
  type Transport,
} from "viem";
import {
  estimateGas,
  estimateMaxPriorityFeePerGas,
  getBlock,
  getChainId,
  getFeeHistory,
  getTransaction,
  getTransactionCount,
  getTransactionReceipt,
  sendRawTransaction,
} from "viem/actions";
import { sentenceOf } from "../../lib/errors.ts";
import type { KeeperLog } from "../keeper.ts";
import { BaseFees, WINDOW, doubled, feesFor, raised, type Fees, type GasPrice } from "./fees.ts";
import { rejectionOf } from "./rejections.ts";

/** How a sender behaves where transactions do not get into blocks. */
export interface SenderSettings {
  /** Most that may be paid for a unit of gas, wei; no limit when left out. */
  maxFeePerGas?: bigint | undefined;
  /** Blocks without it after which a transaction is sent again with higher fees. */
  replaceAfterBlocks: number;
  /** Longest that a round waits for one transaction; it is looked after in later rounds all the same. */
  waitSeconds: number;
  /** Upkeep that can wait does while the base fee is more than so many times its median. */
  upkeepFeeMultiple: number;
}

/** What a sender does where its configuration is silent. */
export const SENDER_DEFAULTS = { replaceAfterBlocks: 3, waitSeconds: 60, upkeepFeeMultiple: 10 } as const;

/** A call to a contract. */
export interface Call {
  to: Address;
  data: Hex;
}

/** How a call is sent. */
export interface SendOptions {
  /** What the call is about, such as "liquidate 2050 1": while a transaction about it is on its way, no second one is sent. */
  subject: string;
  /** Goes out up to the cap, whatever gas costs, and takes the place of upkeep that is stuck. */
  urgent: boolean;
  /** Whether an urgent one, at what it costs, is to bear a base fee that doubles before it is sent again. */
  hasHeadroom: (trade: { gas: bigint; price: bigint }) => boolean;
  /** The call together with what comes before it in the same block, where that makes it dearer: it gets as much gas as both need. */
  together?: Call | undefined;
}

/** What became of a call. */
export type Sent =
  | { status: "mined"; receipt: TransactionReceipt }
  /** On its way: later rounds look after it. */
  | { status: "pending"; hash: Hash }
  /** Nothing was sent, for a reason that passes. */
  | { status: "waiting"; reason: string }
  /** Another transaction with its nonce is in a block: what is left to do shows the next round. */
  | { status: "displaced" };

/** A transaction that has just been sent. */
export interface Underway {
  /** Waits for its block, as long as the settings say. */
  wait(): Promise<Sent>;
}

/** A transaction that is not in a block yet. */
interface Entry {
  readonly nonce: number;
  readonly call: Call & { gas: bigint };
  readonly urgent: boolean;
  readonly subject: string;
  fees: Fees;
  /** One for each time that it was signed; any of them may get into a block. */
  hashes: Hash[];
  raw: Hex | undefined;
  /** Block at which it was sent first, and last. */
  sent: bigint;
  block: bigint;
  /** The contract would refuse it now: what it was for has been done. */
  isObsolete: boolean;
  /** Times that its nonce was seen to be used while none of its hashes had a receipt. */
  unseen: number;
  /** When that was seen first, milliseconds of this process. */
  unseenSince?: number;
  ended?: Extract<Sent, { status: "mined" | "displaced" }>;
}

/** A transaction that is in a block. */
interface Mined {
  entry: Entry;
  hash: Hash;
  blockNumber: bigint;
  blockHash: Hash;
}

/** Blocks after which no reorganisation is expected to undo a transaction. */
const CONFIRMATIONS = 64n;

/** Transactions on their way at a time: nodes keep few of a sender whose first one is stuck. */
const MOST_PENDING = 16;

/** Times that fees are raised in one go where the node finds them too low. */
const MOST_RAISES = 24;

/** Looks that have to find a nonce used, and no receipt for it, before the transaction counts as displaced: a node may know one before the other. */
const LOOKS = 3;

/** A state differs from call to call: what was estimated is not quite what will be used. */
const GAS_MARGIN_PERCENT = 25n;

/** Gas of the transaction that fills a nonce with nothing. */
const FILLING_GAS = 30_000n;

const AT_CAP = "gas costs more than maxFeePerGasGwei";

/**
 * Sends one account's transactions and looks after them until they are in blocks: counts their nonces from the chain,
 * pays more for those that are stuck, sends those again that nodes have dropped, and looks again at those that a
 * reorganisation has undone. It keeps nothing on disk: after a restart the chain tells which nonces are on their way, and
 * nothing new is sent before those are in a block or are replaced under their own nonce, so that nothing is paid twice.
 */
export class Sender {
  readonly #client: Client<Transport, Chain | undefined, Account>;
  readonly #settings: SenderSettings;
  readonly #log: KeeperLog;
  readonly #entries = new Map<number, Entry>();
  readonly #baseFees = new BaseFees();
  #mined: Mined[] = [];
  #chainId: number | undefined;
  #hasHistory = false;
  /** Block at which transactions of an earlier run were first seen to be on their way. */
  #inheritedSince: bigint | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  /** Transactions that a reorganisation has undone. */
  undone = 0;

  constructor(
    client: Client<Transport, Chain | undefined, Account>,
    settings: SenderSettings,
    log: KeeperLog,
  ) {
    this.#client = client;
    this.#settings = settings;
    this.#log = log;
  }

  /** Transactions that are on their way. */
  get pending(): number {
    return this.#entries.size;
  }

  /**
   * Sends a call, once.
   * @throws UsanceError where the contract refuses it, or a node for good.
   */
  async send(call: Call, options: SendOptions): Promise<Sent | Underway> {
    const begun = await this.#exclusively(() => this.#begin(call, options));
    if ("status" in begun) return begun;
    return { wait: () => this.#wait(begun) };
  }

  /** Notes what gas costs in a block, so that a jump can be told. */
  note(block: bigint, baseFee: bigint): void {
    this.#baseFees.note(block, baseFee);
  }

  /** Looks after transactions of earlier rounds. */
  async tend(): Promise<void> {
    if (this.#entries.size > 0 || this.#mined.length > 0) await this.#exclusively(() => this.#tend());
  }

  /** One at a time: nonces are given in an order. */
  #exclusively<result>(work: () => Promise<result>): Promise<result> {
    const next = this.#turn.then(work, work);
    this.#turn = next.catch(() => undefined);
    return next;
  }

  async #begin(call: Call, options: SendOptions): Promise<Entry | Sent> {
    const { subject, urgent, hasHeadroom } = options;
    await this.#tend();
    const same = this.#sorted().find((entry) => entry.subject === subject && !entry.isObsolete);
    if (same !== undefined) return { status: "pending", hash: same.hashes.at(-1)! };
    const block = await this.#block();
    const market = await this.#price(block);
    const { maxFeePerGas: cap } = this.#settings;
    if (!urgent) {
      if (this.#waits(market.baseFee))
        return { status: "waiting", reason: "gas costs too much for upkeep that can wait" };
      if (this.#entries.size > 0)
        return { status: "waiting", reason: "an earlier transaction is not in a block yet" };
    }
    const next = await this.#nextNonce(block.number);
    if (next === undefined)
      return { status: "waiting", reason: "transactions of an earlier run are not in a block yet" };
    const gas = await this.#gasFor(call, options.together);
    const isGenerous = urgent && hasHeadroom({ gas, price: market.baseFee + market.tip });
    const fees = feesFor(market, isGenerous ? "urgent" : "patient", cap);
    const place = this.#takeover(urgent, fees, block.number);
    if (place === undefined && this.#entries.size >= MOST_PENDING)
      return { status: "waiting", reason: `${MOST_PENDING} transactions are on their way` };
    const entry: Entry = {
      nonce: place?.nonce ?? next,
      call: { ...call, gas },
      urgent,
      subject,
      fees: place?.fees ?? fees,
      hashes: [],
      raw: undefined,
      sent: block.number,
      block: block.number,
      isObsolete: false,
      unseen: 0,
    };
    const former = this.#entries.get(entry.nonce);
    this.#entries.set(entry.nonce, entry);
    try {
      const refusal = await this.#broadcast(entry, market);
      if (refusal === undefined) return entry;
      this.#restore(entry, former);
      return { status: "waiting", reason: refusal };
    } catch (error) {
      this.#restore(entry, former);
      throw error;
    }
  }

  /** Takes back an entry that no node has: what stood under its nonce before stands there again. */
  #restore(entry: Entry, former: Entry | undefined): void {
    if (former === undefined) this.#entries.delete(entry.nonce);
    else this.#entries.set(entry.nonce, former);
  }

  /** The place of a transaction that is not needed any more, or of upkeep that is stuck where this one is urgent. */
  #takeover(urgent: boolean, market: Fees, block: bigint): { nonce: number; fees: Fees } | undefined {
    for (const entry of this.#sorted()) {
      const yields = urgent && !entry.urgent && entry.sent < block;
      if (!entry.isObsolete && !yields) continue;
      const fees = raised(entry.fees, market, this.#settings.maxFeePerGas);
      if (fees !== undefined) return { nonce: entry.nonce, fees };
    }
    return undefined;
  }

  /**
   * First nonce without a transaction of this sender. One that somebody used it for in an earlier run is waited for; if it
   * is still in no block after a while, its place is taken, since two transactions with one nonce are never paid for both.
   */
  async #nextNonce(block: bigint): Promise<number | undefined> {
    const [latest, pending] = await Promise.all([this.#count("latest"), this.#count("pending")]);
    let nonce = latest;
    while (this.#entries.has(nonce)) nonce += 1;
    if (nonce >= pending) this.#inheritedSince = undefined;
    else {
      if (this.#inheritedSince === undefined)
        this.#log.warn(
          { nonces: pending - nonce },
          "transactions of an earlier run are on their way: waiting for them",
        );
      this.#inheritedSince ??= block;
      if (block - this.#inheritedSince < BigInt(this.#settings.replaceAfterBlocks)) return undefined;
    }
    return nonce;
  }

  async #wait(entry: Entry): Promise<Sent> {
    const until = performance.now() + this.#settings.waitSeconds * 1_000;
    for (let height = entry.block; ;) {
      await this.#exclusively(() => this.#look(entry));
      if (entry.ended !== undefined) return entry.ended;
      // It was dropped, or its place was taken: nothing is left to wait for.
      if (this.#entries.get(entry.nonce) !== entry) return { status: "displaced" };
      const { number } = await this.#block();
      if (number !== height) await this.#exclusively(() => this.#tend());
      height = number;
      if (performance.now() >= until) return { status: "pending", hash: entry.hashes.at(-1)! };
      await sleep(this.#client.pollingInterval);
    }
  }

  /** Looks at what is on its way and at what the last blocks have, once. */
  async #tend(): Promise<void> {
    if (this.#entries.size === 0 && this.#mined.length === 0) return;
    const block = await this.#block();
    await this.#reviewMined(block.number);
    for (const entry of this.#sorted()) await this.#look(entry);
    if (this.#entries.size === 0) return;
    const price = await this.#price(block);
    for (const entry of this.#sorted()) await this.#push(entry, block.number, price);
  }

  /** Whether a transaction is in a block. */
  async #look(entry: Entry): Promise<void> {
    if (entry.ended !== undefined) return;
    const receipt = await this.#receiptOf(entry.hashes);
    if (receipt !== undefined) {
      const { transactionHash: hash, blockNumber, blockHash } = receipt;
      this.#end(entry, { status: "mined", receipt });
      this.#mined.push({ entry, hash, blockNumber, blockHash });
      return;
    }
    if ((await this.#count("latest")) <= entry.nonce) return;
    entry.unseen += 1;
    entry.unseenSince ??= performance.now();
    const waited = performance.now() - entry.unseenSince;
    if (entry.unseen >= LOOKS && waited >= LOOKS * this.#client.pollingInterval)
      this.#end(entry, { status: "displaced" });
  }

  #end(entry: Entry, ended: NonNullable<Entry["ended"]>): void {
    entry.ended = ended;
    if (this.#entries.get(entry.nonce) === entry) this.#entries.delete(entry.nonce);
  }

  /** Sends a transaction again where nodes have dropped it, or with higher fees where blocks pass without it. */
  async #push(entry: Entry, block: bigint, price: GasPrice): Promise<void> {
    if (entry.unseen > 0 || block <= entry.block) return;
    const isStuck = block - entry.block >= BigInt(this.#settings.replaceAfterBlocks);
    const isDropped = !(await this.#isKnown(entry.hashes.at(-1)!));
    if (!isStuck && !isDropped) return;
    const isLast = !this.#sorted().some(({ nonce }) => nonce > entry.nonce);
    entry.isObsolete ||= !(await this.#isWanted(entry));
    if (entry.isObsolete && isLast) {
      // Without one behind it nobody needs the nonce. One that is dropped is forgotten, one that is not may be replaced.
      if (isDropped) this.#entries.delete(entry.nonce);
      return;
    }
    if (!entry.urgent && !entry.isObsolete && this.#waits(price.baseFee)) return;
    const market = feesFor(price, "patient", this.#settings.maxFeePerGas);
    const fees = isStuck ? raised(entry.fees, market, this.#settings.maxFeePerGas) : undefined;
    const successor = entry.isObsolete ? this.#filling(entry) : entry;
    entry.block = block;
    if (fees !== undefined) {
      successor.fees = fees;
      successor.raw = undefined;
    }
    // Nothing may be paid for it that is not paid for what it replaces.
    if (successor !== entry && fees === undefined && !isDropped) return;
    this.#entries.set(entry.nonce, successor);
    const refusal = await this.#broadcast(successor, price);
    const { nonce, subject } = successor;
    const how = isDropped ? "sent again: nodes had dropped it" : "sent again with higher fees";
    this.#log.info(
      { subject, nonce, hash: successor.hashes.at(-1), maxFeePerGas: successor.fees.maxFeePerGas, refusal },
      refusal === undefined && (isDropped || fees !== undefined)
        ? how
        : "stuck at the cap: it stays on its way",
    );
  }

  /** A transaction that does nothing but use a nonce, so that those behind it get into blocks. */
  #filling({ nonce, fees, hashes, sent, block }: Entry): Entry {
    const call = { to: this.#client.account.address, data: "0x" as Hex, gas: FILLING_GAS };
    return {
      ...{ nonce, call, fees, sent, block, hashes: [...hashes], raw: undefined },
      ...{ urgent: true, subject: `fill nonce ${nonce}`, isObsolete: false, unseen: 0 },
    };
  }

  /** Whether the contract would still take the call. */
  async #isWanted({ call }: Entry): Promise<boolean> {
    try {
      await this.#estimate(call);
      return true;
    } catch (error) {
      if (isContractError(error)) return false;
      throw error;
    }
  }

  /**
   * Signs and sends, with higher fees where nodes want them, up to the cap.
   * @returns Why it did not go out, for a reason that passes.
   * @throws UsanceError where a node refuses it for good.
   */
  async #broadcast(entry: Entry, price: GasPrice): Promise<string | undefined> {
    const { maxFeePerGas: cap } = this.#settings;
    const market = feesFor(price, "patient", cap);
    for (let attempt = 0; attempt < MOST_RAISES; attempt++) {
      entry.raw ??= await this.#sign(entry);
      const hash = keccak256(entry.raw);
      const isNew = !entry.hashes.includes(hash);
      if (isNew) entry.hashes.push(hash);
      try {
        await sendRawTransaction(this.#client, { serializedTransaction: entry.raw });
        return undefined;
      } catch (error) {
        const rejection = rejectionOf(error);
        // It may have arrived where nobody answered, and it is in a block where its nonce is used: the chain tells.
        if (rejection === "known" || rejection === "unanswered" || rejection === "consumed") return undefined;
        if (isNew) entry.hashes.pop();
        if (rejection === "gap") return "the node does not know the sender's last transactions yet";
        if (rejection === "refused") throw decodeUsanceError(error);
        const fees = attempt === 0 ? raised(entry.fees, market, cap) : doubled(entry.fees, cap);
        if (fees === undefined)
          return rejection === "cheap" ? AT_CAP : "another transaction holds its nonce at the cap";
        entry.fees = fees;
        entry.raw = undefined;
      }
    }
    return AT_CAP;
  }

  async #sign({ nonce, call: { to, data, gas }, fees }: Entry): Promise<Hex> {
    this.#chainId ??= this.#client.chain?.id ?? (await getChainId(this.#client));
    const { account } = this.#client;
    if (account.type !== "local")
      throw new Error("A keeper's account must sign itself: give it a key or a signer.");
    const transaction = { type: "eip1559", chainId: this.#chainId, to, data, gas, nonce, ...fees } as const;
    return (account as LocalAccount).signTransaction(transaction);
  }

  /** Whether what the last blocks had is still there; what a reorganisation undid is on its way again, or forgotten. */
  async #reviewMined(head: bigint): Promise<void> {
    this.#mined = this.#mined.filter(({ blockNumber }) => blockNumber + CONFIRMATIONS > head);
    for (const mined of this.#mined.toReversed()) {
      // A node that lags says nothing about it.
      if (mined.blockNumber > head) continue;
      // A block stands on those before it.
      if (await this.#isCanonical(mined)) return;
      const { entry } = mined;
      const receipt = await this.#receiptOf(entry.hashes);
      if (receipt !== undefined) {
        const { transactionHash: hash, blockNumber, blockHash } = receipt;
        Object.assign(mined, { hash, blockNumber, blockHash });
        continue;
      }
      this.#mined = this.#mined.filter((other) => other !== mined);
      this.undone += 1;
      this.#log.warn(
        { subject: entry.subject, hash: mined.hash, block: mined.blockNumber },
        "undone by a reorganisation: it is looked at again",
      );
      if (!(await this.#isKnown(mined.hash))) continue;
      delete entry.ended;
      delete entry.unseenSince;
      Object.assign(entry, { block: head, unseen: 0 });
      if (!this.#entries.has(entry.nonce)) this.#entries.set(entry.nonce, entry);
    }
  }

  async #isCanonical({ blockNumber, blockHash }: { blockNumber: bigint; blockHash: Hash }): Promise<boolean> {
    try {
      const { hash } = await getBlock(this.#client, { blockNumber });
      return hash === blockHash;
    } catch (error) {
      if (error instanceof BlockNotFoundError) return false;
      throw error;
    }
  }

  /** Receipt of one of several hashes, the last one first, from a block of the chain. */
  async #receiptOf(hashes: readonly Hash[]): Promise<TransactionReceipt | undefined> {
    for (const hash of hashes.toReversed()) {
      const receipt = await absent(getTransactionReceipt(this.#client, { hash }));
      if (receipt !== undefined && (await this.#isCanonical(receipt))) return receipt;
    }
    return undefined;
  }

  async #isKnown(hash: Hash): Promise<boolean> {
    return (await absent(getTransaction(this.#client, { hash }))) !== undefined;
  }

  #count(blockTag: "latest" | "pending"): Promise<number> {
    return getTransactionCount(this.#client, { address: this.#client.account.address, blockTag });
  }

  async #block(): Promise<Block<bigint, false, "latest">> {
    return getBlock(this.#client, { blockTag: "latest" });
  }

  async #price({ number, baseFeePerGas }: Block<bigint, false, "latest">): Promise<GasPrice> {
    if (baseFeePerGas === null)
      throw new Error("The chain has no base fee: keepers send transactions of type 2 (EIP-1559) only.");
    if (!this.#hasHistory) {
      this.#hasHistory = true;
      await this.#readHistory(number);
    }
    this.#baseFees.note(number, baseFeePerGas);
    return { baseFee: baseFeePerGas, tip: await estimateMaxPriorityFeePerGas(this.#client) };
  }

  /** What gas cost in the blocks before, where the node tells: a keeper may start in the middle of a jump. */
  async #readHistory(newest: bigint): Promise<void> {
    const blockCount = Number(newest < BigInt(WINDOW) ? newest : WINDOW);
    if (blockCount === 0) return;
    try {
      const { baseFeePerGas, oldestBlock } = await getFeeHistory(this.#client, {
        blockCount,
        rewardPercentiles: [],
      });
      // The last one is the next block's.
      for (const [offset, baseFee] of baseFeePerGas.slice(0, -1).entries())
        this.#baseFees.note(oldestBlock + BigInt(offset), baseFee);
    } catch (error) {
      this.#log.debug({ error: sentenceOf(error) }, "the node tells no history of base fees");
    }
  }

  /** Whether upkeep that can wait does. */
  #waits(baseFee: bigint): boolean {
    const { maxFeePerGas: cap, upkeepFeeMultiple } = this.#settings;
    return (cap !== undefined && baseFee > cap) || this.#baseFees.isJump(baseFee, upkeepFeeMultiple);
  }

  async #gasFor(call: Call, together: Call | undefined): Promise<bigint> {
    const alone = await this.#estimate(call);
    if (together === undefined) return alone;
    try {
      const joint = await this.#estimate(together);
      return joint > alone ? joint : alone;
    } catch (error) {
      // What comes before it may fail, or leave it nothing to do: neither says anything about the call alone.
      if (isContractError(error)) return alone;
      throw error;
    }
  }

  async #estimate({ to, data }: Call): Promise<bigint> {
    try {
      const { account } = this.#client;
      const gas = await estimateGas(this.#client, {
        ...{ account: account.address, to, data },
        // In the pending block the call itself may be done already.
        blockTag: "latest",
      });
      return gas + (gas * GAS_MARGIN_PERCENT) / 100n;
    } catch (error) {
      throw decodeUsanceError(error);
    }
  }

  #sorted(): Entry[] {
    return [...this.#entries.values()].sort((a, b) => a.nonce - b.nonce);
  }
}

/** What a node knows; nothing where it does not know it. */
async function absent<result>(answer: Promise<result>): Promise<result | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof TransactionNotFoundError || error instanceof TransactionReceiptNotFoundError)
      return undefined;
    throw error;
  }
}
