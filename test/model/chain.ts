import { createRequire } from "node:module";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { BaseContract, Interface } from "ethers";
import {
  ContractFactory,
  encodeBytes32String,
  type LogDescription,
  Signature,
  Wallet,
  ZeroHash,
} from "ethers";
import { network } from "hardhat";
import type { Listing, OrderKind, OrderParameters } from "./types.ts";

/** The real contracts on a chain inside this process, with two markets and a panel of three reporters. */

export const INDEX = encodeBytes32String("TU1D");
const QUORUM = 3;
const GAS = 12_000_000n;
/** Enough for any base fee that blocks with one transaction lead to. */
const PRICE = "0x2540be400";
const READ_GAS = "0xf00000";
const KINDS: readonly OrderKind[] = ["limit", "postOnly", "immediateOrCancel", "fillOrKill"];

/** What came of a transaction: the events of a success, or the name of the error. */
export interface Outcome {
  error?: string;
  /** The error with its operands. */
  text?: string;
  events: LogDescription[];
  /** What kind of success it was, where a call may mean several things. */
  kind?: string;
}

export type Chain = Awaited<ReturnType<typeof deployChain>>;

/** Deploys everything; `initialDate` is the time of the genesis block. */
export async function deployChain(initialDate: Date, owners: number) {
  const { ethers, networkHelpers, provider } = await network.create({
    network: "default",
    override: { initialDate, allowBlocksWithSameTimestamp: true },
  });
  const signers = await ethers.getSigners();
  const [admin] = signers as [HardhatEthersSigner];
  const authority = await accessManager(admin);
  const token = await ethers.deployContract("CollateralToken", ["Test Dollar", "TUSD", 6, admin.address]);
  const index = await ethers.deployContract("UsageIndex", [authority]);
  const configuration = { authority, collateral: await token.getAddress(), index: await index.getAddress() };
  const module = async (name: string): Promise<string> =>
    (await ethers.deployContract(name, [configuration])).getAddress();
  const modules = {
    accounts: await module("AccountsModule"),
    settlement: await module("SettlementModule"),
    orders: await module("OrdersModule"),
    clock: await module("ClockModule"),
    margin: await module("MarginModule"),
    liquidation: await module("LiquidationModule"),
    waterfall: await module("WaterfallModule"),
    upkeep: await module("UpkeepModule"),
    administration: await module("AdministrationModule"),
    listing: await module("ListingModule"),
    lens: await module("LensModule"),
  };
  const entry = await ethers.deployContract("Clearinghouse", [configuration, modules]);
  const house = await ethers.getContractAt("IClearinghouse", await entry.getAddress());

  const reporters = Array.from(
    { length: QUORUM },
    (_, i) => new Wallet(`0x${(i + 1).toString(16).padStart(64, "1")}`),
  );
  for (const { address } of reporters) await index.setReporter(address, true);
  // A seat that never signs: an index begins only with more seats than its quorum.
  await index.setReporter(admin.address, true);

  await token.mint(admin.address, 10n ** 15n);
  await token.connect(admin).approve(house, 10n ** 30n);
  const traders = signers.slice(1, 1 + owners);
  for (const trader of traders) {
    await token.mint(trader.address, 10n ** 15n);
    await token.connect(trader).approve(house, 10n ** 30n);
  }
  return {
    ethers,
    networkHelpers,
    provider,
    admin,
    treasury: signers.at(-1)!,
    token,
    index,
    house,
    reporters,
    traders,
  };
}

async function accessManager(admin: HardhatEthersSigner): Promise<string> {
  const artifact = createRequire(import.meta.url)(
    "@openzeppelin/contracts/build/contracts/AccessManager.json",
  ) as {
    abi: [];
    bytecode: string;
  };
  const contract = await new ContractFactory(artifact.abi, artifact.bytecode, admin).deploy(admin.address);
  await contract.waitForDeployment();
  return contract.getAddress();
}

/** Lists an index with a first print and adds it as the first feed. */
export async function listFeed(
  { index, house }: Pick<Chain, "index" | "house">,
  firstPeriod: bigint,
  feed: { maxMoveBps: bigint; limit1: bigint; limit2: bigint; limit3: bigint },
): Promise<void> {
  await index.listIndex(INDEX, {
    quorum: QUORUM,
    maxDispersionBps: 500,
    trailingDays: 2,
    minTrailingDays: 1,
    firstPeriod,
    maxValue: (1n << 83n) - 1n,
    // The model's prints jump as they like, and its markets follow by their own bound: the index keeps out of the way.
    superQuorum: QUORUM + 1,
    breakerBps: 65_535,
    breakerFourBps: 65_535,
  });
  await index.addReader(INDEX, house);
  await house.addFeed({ index: INDEX, ...feed });
}

/** Lists a market of the model on the chain. */
export async function listMarket({ house }: Pick<Chain, "house">, listing: Listing): Promise<void> {
  await house.listMarket({
    ...listing,
    kind: listing.kind === "perpetual" ? 0 : 1,
    feed: 1,
  });
}

/** Reports of the whole panel for one print. */
export async function signReports(
  { index, reporters }: Pick<Chain, "index" | "reporters">,
  period: bigint,
  revision: bigint,
  value: bigint,
) {
  const domain = {
    name: "Usance Index",
    version: "1",
    chainId: 31_337,
    verifyingContract: await index.getAddress(),
  };
  const types = {
    Report: [
      { name: "index", type: "bytes32" },
      { name: "period", type: "uint32" },
      { name: "revision", type: "uint32" },
      { name: "value", type: "uint128" },
      { name: "vintage", type: "bytes32" },
      { name: "deadline", type: "uint64" },
    ],
  };
  const deadline = 1n << 40n;
  const sorted = [...reporters].sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));
  return Promise.all(
    sorted.map(async (reporter) => {
      const report = { index: INDEX, period, revision, value, vintage: ZeroHash, deadline };
      const signature = Signature.from(await reporter.signTypedData(domain, types, report));
      return { value, deadline, vintage: ZeroHash, r: signature.r, vs: signature.yParityAndS };
    }),
  );
}

/** An order of the model as the contract takes it. */
export const toCall = (order: OrderParameters) => ({
  ...order,
  kind: KINDS.indexOf(order.kind),
  clientOrderId: 0,
});

/**
 * A contract whose functions send transactions of one sender as they are: gas, fees and nonce are not asked for, and nothing waits
 * for what is mined at once.
 */
export function sendingAs<C extends BaseContract>(provider: Chain["provider"], contract: C, from: string): C {
  const to = contract.target as string;
  const send = (name: string, args: unknown[]) => {
    const { gasLimit } = args.pop() as { gasLimit: bigint };
    const data = contract.interface.encodeFunctionData(name, args);
    const gas = `0x${gasLimit.toString(16)}`;
    return provider.request({
      method: "eth_sendTransaction",
      params: [{ from, to, gas, data, gasPrice: PRICE }],
    });
  };
  return new Proxy(contract, {
    get:
      (_, name: string) =>
      (...args: unknown[]) =>
        send(name, args),
  });
}

/** Reads a contract in a block; digits without a prefix. */
export async function read(
  provider: Chain["provider"],
  contract: BaseContract,
  data: string,
  block: "pending" | "latest",
): Promise<string> {
  const params = [{ to: contract.target, data, gas: READ_GAS }, block];
  return ((await provider.request({ method: "eth_call", params })) as string).slice(2);
}

/**
 * Sends a transaction and says what came of it. Errors of the clearing house and of the index are told by name. Events are read only
 * where they are asked for.
 */
export async function attempt(
  { house, index, token, provider }: Pick<Chain, "house" | "index" | "token" | "provider">,
  send: (options: { gasLimit: bigint }) => Promise<unknown>,
  wantsEvents = false,
): Promise<Outcome> {
  try {
    const hash = await send({ gasLimit: GAS });
    if (!wantsEvents) return { events: [] };
    const receipt = (await provider.request({ method: "eth_getTransactionReceipt", params: [hash] })) as {
      logs: { topics: string[]; data: string }[];
    };
    const events = receipt.logs.map((log) => house.interface.parseLog(log)).filter((event) => event !== null);
    return { events };
  } catch (error) {
    const data = revertData(error);
    if (data === undefined) throw error;
    for (const known of [house.interface, index.interface, token.interface] as Interface[]) {
      const parsed = known.parseError(data);
      if (parsed)
        return { error: parsed.name, text: `${parsed.name}(${parsed.args.join(", ")})`, events: [] };
    }
    return { error: `unknown ${data}`, events: [] };
  }
}

function revertData(error: unknown): string | undefined {
  for (let at = error, depth = 0; at && depth < 6; depth++) {
    const { data, cause, error: inner, info } = at as Record<string, unknown>;
    if (typeof data === "string" && data.startsWith("0x")) return data;
    if (typeof data === "object" && data !== null) {
      const nested = (data as { data?: unknown }).data;
      if (typeof nested === "string") return nested;
    }
    at = inner ?? cause ?? (info as { error?: unknown } | undefined)?.error;
  }
  return undefined;
}
