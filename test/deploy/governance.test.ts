import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  cancelOrder,
  getAccount,
  getConservation,
  getListing,
  getMarket,
  getOpenOrders,
  liquidate,
  parseCollateral,
  placeOrder,
  withdraw,
} from "@usance/sdk";
import { clearinghouseAbi, reporterBondsAbi, usageIndexAbi } from "@usance/sdk/abis";
import { expect } from "chai";
import { artifacts } from "hardhat";
import {
  createPublicClient,
  encodeFunctionData,
  http,
  pad,
  parseAbi,
  toFunctionSelector,
  toHex,
  type AbiFunction,
  type AbiParameter,
  type Address,
  type PublicClient,
} from "viem";
import { deployContract, writeContract } from "viem/actions";
import type { ReadArtifact } from "../../scripts/deploy/code.ts";
import {
  monthlyListing,
  openMonths,
  perpetualListing,
  type MarketListing,
} from "../../scripts/deploy/markets.ts";
import { problemsOf, readParameters, type DeploymentParameters } from "../../scripts/deploy/parameters.ts";
import { readBack } from "../../scripts/deploy/readback.ts";
import {
  ADMIN,
  CANCELLABLE,
  CONTRACTS,
  ROLE_NAMES,
  Roles,
  restrictedFunctions,
} from "../../scripts/deploy/roles.ts";
import { TU1D_CONFIG, TU1D_FEED } from "../../scripts/deploy/terms.ts";
import { Exchange, FIRST, key } from "../support/exchange.ts";
import { Governor, schedulerAbi, type Call } from "../support/governor.ts";
import { REFERENCE, deployReference } from "../support/reference.ts";

const DAY = 86_400;
const WAD = 10n ** 18n;
const usd = parseCollateral;
const readArtifact = ((name) => artifacts.readArtifact(name)) as ReadArtifact;
const abis = {
  clearinghouse: clearinghouseAbi,
  usageIndex: usageIndexAbi,
  reporterBonds: reporterBondsAbi,
} as const;
const tokenAbi = parseAbi([
  "function balanceOf(address account) view returns (uint256)",
  "function transfer(address to, uint256 amount) returns (bool)",
]);
const stranger: Address = pad("0xb0b", { size: 20 });

/** The simplest value of a type. */
function nothing(parameter: AbiParameter): unknown {
  const { type } = parameter;
  if (type.endsWith("[]")) return [];
  const length = /\[(\d+)\]$/.exec(type)?.[1];
  if (length !== undefined)
    return Array.from({ length: Number(length) }, () =>
      nothing({ ...parameter, type: type.replace(/\[\d+\]$/, "") }),
    );
  if ("components" in parameter)
    return Object.fromEntries(parameter.components.map((part) => [part.name, nothing(part)]));
  if (type === "address") return pad("0x", { size: 20 });
  if (type === "bool") return false;
  if (type === "string") return "";
  if (type === "bytes") return "0x";
  const bytes = /^bytes(\d+)$/.exec(type)?.[1];
  if (bytes !== undefined) return pad("0x", { size: Number(bytes) });
  return /^u?int(\d+)$/.test(type) && Number(/\d+/.exec(type)?.[0]) <= 48 ? 0 : 0n;
}

const writesOf = (contract: keyof typeof abis) =>
  (abis[contract] as readonly { type: string }[]).filter(
    (item): item is AbiFunction =>
      item.type === "function" && (item as AbiFunction).stateMutability === "nonpayable",
  );

describe("the reference deployment", () => {
  let exchange: Exchange;
  let client: PublicClient;
  let governor: Governor;
  let parameters: DeploymentParameters;
  let holder: Record<keyof typeof Roles | "admin", Address>;
  let start: number;
  /** First day whose print is not posted yet. */
  let posted = FIRST;

  const MAKER = 1;
  const TRADER = 2;
  const REDUCER = 3;

  before(async () => {
    let path = REFERENCE;
    // A week of even usage, then days on which it falls.
    const usage = [...Array<number>(64).fill(1_000_000), ...Array<number>(40).fill(100_000)];
    exchange = await Exchange.start(usage, async (rpc) => {
      const deployed = await deployReference(rpc);
      path = deployed.parameters;
      return deployed.deployment;
    });
    parameters = readParameters(path);
    client = createPublicClient({ transport: http(exchange.rpc) });
    governor = await Governor.of(exchange);
    holder = {
      admin: parameters.admin.holder,
      ...(Object.fromEntries(ROLE_NAMES.map((role) => [role, parameters.roles[role].holder])) as Record<
        keyof typeof Roles,
        Address
      >),
    };
    start = await governor.now();
  });
  after(() => exchange?.close());

  /** Schedules a call and runs it as soon as it may. */
  async function inTime(from: Address, call: Call, delay: number): Promise<void> {
    expect(await governor.schedule(from, call)).to.equal("done");
    expect(await governor.send(from, call, (await governor.now()) + delay)).to.equal("done");
  }

  /** Posts every print that is due and waits for the end of the grace period; gives the day that is not over yet. */
  async function catchUp(): Promise<number> {
    const today = Math.floor((await governor.now()) / DAY);
    for (; posted < today; posted++) await exchange.mined(await exchange.reporter.post(posted));
    await exchange.warp((await governor.now()) + 31 * 60);
    return today;
  }

  const fees = (takerFee: number) => governor.on("clearinghouse", "setFees", [1, takerFee, 10]);

  it("reads every role, delay, function, panel, index and feed back as its file says", async () => {
    expect(await readBack(client, exchange.deployment, parameters, readArtifact)).to.deep.equal([]);
  });

  it("says what the reference markets and the templates say", () => {
    expect(parameters.tu1d).to.deep.equal(TU1D_CONFIG);
    expect(parameters.tu1dFeed).to.deep.equal(TU1D_FEED);
    const file = readParameters(REFERENCE);
    expect(file.admin.delay).to.equal(5 * DAY);
    expect(Object.fromEntries(ROLE_NAMES.map((role) => [role, file.roles[role].delay]))).to.deep.equal({
      listing: DAY,
      risk: 2 * DAY,
      index: 2 * DAY,
      treasury: 2 * DAY,
      guardian: 0,
      insurer: 0,
    });
  });

  it("finds whatever is not so", async () => {
    const { risk } = parameters.roles;
    const other = (changes: Partial<DeploymentParameters>) =>
      readBack(client, exchange.deployment, { ...parameters, ...changes }, readArtifact);
    expect(
      await other({ roles: { ...parameters.roles, risk: { ...risk, delay: DAY, grantDelay: 1 } } }),
    ).to.deep.equal([
      `roles.risk.grantDelay: ${risk.grantDelay} instead of 1`,
      `roles.risk.holders.0: ${risk.holder} after ${risk.delay} s instead of ${risk.holder} after ${DAY} s`,
    ]);
    expect(await other({ targetAdminDelay: 1 })).to.have.length(3);
    expect(await other({ reporters: parameters.reporters.slice(1) })).to.have.length(7);
    expect(await other({ tu1d: { ...parameters.tu1d, quorum: 3 } })).to.deep.equal([
      "tu1d.quorum: 5 instead of 3",
    ]);
    // What is fixed of a bond is built into the code.
    const [amount, ...more] = await other({ bond: { ...parameters.bond, amount: 1n } });
    expect(amount).to.match(/^ReporterBonds at 0x/);
    expect(more).to.deep.equal([]);
    expect(await other({ bond: { ...parameters.bond, fundMarket: 2 } })).to.deep.equal([
      "fundMarket: 1 instead of 2",
    ]);
    expect(await other({ tu1dFeed: { ...parameters.tu1dFeed, limit3: 1 } })).to.deep.equal([
      "feeds.0.limit3: 604800 instead of 1",
    ]);
    const swapped: ReadArtifact = (name) => readArtifact(name === "LensModule" ? "ListingModule" : name);
    const [problem, ...rest] = await readBack(client, exchange.deployment, parameters, swapped);
    expect(problem).to.match(/^LensModule at 0x/);
    expect(rest).to.deep.equal([]);
    const foreign: ReadArtifact = (name) => readArtifact(name === "SignedOrders" ? "ReporterBonds" : name);
    const [strange, ...none] = await readBack(client, exchange.deployment, parameters, foreign);
    expect(strange).to.match(/^SignedOrders at 0x/);
    expect(none).to.deep.equal([]);
    // Another token built into every module, and into the clearing house itself.
    const elsewhere = { ...exchange.deployment, collateral: exchange.deployment.accessManager };
    const built = await readBack(client, elsewhere, parameters, readArtifact).catch((error: unknown) => [
      error,
    ]);
    expect(built.length).to.be.above(0);
  });

  it("refuses a file in which the deployer or nobody would keep a role", () => {
    const deployer = key(0).address;
    expect(problemsOf(parameters, deployer)).to.deep.equal([]);
    const { roles, admin, reporters } = parameters;
    const wrong = {
      ...parameters,
      admin: { ...admin, holder: roles.risk.holder },
      roles: {
        ...roles,
        guardian: { ...roles.guardian, holder: deployer },
        index: { ...roles.index, holder: pad("0x", { size: 20 }) },
      },
      reporters: [...reporters.slice(1), reporters[1]!],
    };
    expect(problemsOf(wrong, deployer)).to.deep.equal([
      "index is nobody",
      "guardian is the deployer, who lets go",
      "the administrator holds another role, so it could give itself more without asking anybody",
      "a reporter has two seats",
    ]);
  });

  it("restricts exactly the functions that have a role", async () => {
    for (const contract of CONTRACTS) {
      const restricted = [];
      for (const item of writesOf(contract)) {
        const args = item.inputs.map(nothing);
        const data = encodeFunctionData({ abi: [item], functionName: item.name, args });
        if (
          (await governor.send(stranger, { to: exchange.deployment[contract], data })) ===
            "AccessManagedUnauthorized" &&
          item.name !== "setAuthority"
        )
          restricted.push(item.name);
      }
      expect(restricted.sort()).to.deep.equal([...restrictedFunctions(contract).keys()].sort());
    }
  });

  it("lets go of the deployer: it holds no role and does nothing any more", async () => {
    const deployer = key(0).address;
    for (const role of [ADMIN, ...Object.values(Roles)])
      expect(
        await client.readContract({
          address: exchange.deployment.accessManager,
          abi: schedulerAbi,
          functionName: "hasRole",
          args: [role, deployer],
        }),
      ).to.deep.equal([false, 0]);
    const grant = governor.manage("grantRole", [Roles.risk, deployer, 0]);
    expect(await governor.send(deployer, grant)).to.equal("AccessManagerUnauthorizedAccount");
    expect(await governor.send(deployer, fees(10))).to.equal("AccessManagedUnauthorized");
  });

  it("has nothing that could be initialised a second time", async () => {
    const { deployment } = exchange;
    for (const signature of ["initialize()", "initialize(address)", "init()", "reinitialize(uint64)"])
      for (const to of CONTRACTS.map((contract) => deployment[contract]))
        expect(
          await governor
            .send(stranger, { to, data: `${toFunctionSelector(signature)}${"00".repeat(32)}` })
            .catch(() => "refused without a name"),
          signature,
        ).to.be.oneOf(["UnknownFunction", "refused without a name"]);
    const take = (contract: (typeof CONTRACTS)[number]) => ({
      to: deployment[contract],
      data: encodeFunctionData({
        abi: parseAbi(["function setAuthority(address authority)"]),
        args: [deployment.usageIndex],
      }),
    });
    for (const from of [stranger, ...Object.values(holder)])
      for (const contract of CONTRACTS)
        expect(await governor.send(from, take(contract))).to.equal("AccessManagedUnauthorized");
  });

  it("lists markets a day after they were scheduled, and not before", async () => {
    await exchange.warp((FIRST + 7) * DAY + 6 * 3_600);
    await catchUp();
    const index = 1_000n * WAD;
    const listing = perpetualListing({ feed: 1, index });
    const call = governor.on("clearinghouse", "listMarket", [listing]);
    const from = holder.listing;
    expect(await governor.send(from, call), "nothing is scheduled").to.equal("AccessManagerNotScheduled");
    const soon = (await governor.now()) + DAY;
    expect(await governor.schedule(from, call, soon), "too early a date").to.equal(
      "AccessManagerUnauthorizedCall",
    );
    expect(await governor.schedule(stranger, call), "of a stranger").to.equal(
      "AccessManagerUnauthorizedCall",
    );
    expect(await governor.schedule(from, call)).to.equal("done");
    const ready = (await governor.now()) + DAY;
    expect(await governor.schedule(from, call), "twice").to.equal("AccessManagerAlreadyScheduled");
    expect(await governor.send(from, call, ready - 1), "a second early").to.equal("AccessManagerNotReady");
    expect(await governor.send(stranger, call), "somebody else").to.equal("AccessManagedUnauthorized");
    expect(await governor.send(from, call, ready + 1)).to.equal("done");
    expect(await governor.send(from, call), "a second time").to.equal("AccessManagerNotScheduled");

    const listings: MarketListing[] = [listing];
    for (const month of openMonths(FIRST + 8)) {
      const dated = monthlyListing(month, { feed: 1, index });
      await inTime(from, governor.on("clearinghouse", "listMarket", [dated]), DAY);
      listings.push(dated);
    }
    for (const [place, planned] of listings.entries()) {
      const listed = await client.readContract({
        address: exchange.deployment.clearinghouse,
        abi: clearinghouseAbi,
        functionName: "listing",
        args: [place + 1],
      });
      expect(listed, `market ${place + 1}`).to.deep.include(planned);
    }
  });

  it("forgets what was not run within a week of its date", async () => {
    expect(await governor.schedule(holder.risk, fees(40))).to.equal("done");
    const ready = (await governor.now()) + 2 * DAY;
    expect(await governor.send(holder.risk, fees(40), ready + 7 * DAY)).to.equal("AccessManagerExpired");
  });

  it("lets the guardian cancel what listing, risk, index and treasury scheduled, and nobody else's", async () => {
    const house = exchange.deployment.clearinghouse;
    const scheduled: [keyof typeof holder, Call][] = [
      [
        "listing",
        governor.on("clearinghouse", "addFeed", [{ ...TU1D_FEED, index: toHex("GPX", { size: 32 }) }]),
      ],
      ["risk", fees(30)],
      ["index", governor.on("usageIndex", "setReporter", [stranger, true])],
      ["treasury", governor.on("clearinghouse", "collectFees", [1, stranger])],
    ];
    expect(scheduled.map(([role]) => role)).to.deep.equal([...CANCELLABLE]);
    for (const [role, call] of scheduled) {
      const from = holder[role];
      expect(await governor.schedule(from, call), role).to.equal("done");
      const other = role === "risk" ? holder.treasury : holder.risk;
      for (const nobody of [stranger, other, holder.insurer])
        expect(await governor.cancel(nobody, from, call), role).to.equal("AccessManagerUnauthorizedCancel");
      expect(await governor.cancel(holder.guardian, from, call), role).to.equal("done");
      expect(await governor.send(from, call, (await governor.now()) + 3 * DAY), role).to.equal(
        "AccessManagerNotScheduled",
      );
      // Whoever scheduled it, and the administrator, may as well.
      for (const canceller of [from, holder.admin]) {
        expect(await governor.schedule(from, call), role).to.equal("done");
        expect(await governor.cancel(canceller, from, call), role).to.equal("done");
      }
    }
    const grant = governor.manage("grantRole", [Roles.risk, stranger, 0]);
    expect(await governor.schedule(holder.admin, grant)).to.equal("done");
    expect(await governor.cancel(holder.guardian, holder.admin, grant)).to.equal(
      "AccessManagerUnauthorizedCancel",
    );
    expect(await governor.cancel(holder.admin, holder.admin, grant)).to.equal("done");
    const move = governor.manage("setTargetFunctionRole", [house, ["0x12345678"], Roles.risk]);
    expect(await governor.schedule(holder.admin, move)).to.equal("done");
    expect(await governor.cancel(holder.guardian, holder.admin, move)).to.equal(
      "AccessManagerUnauthorizedCancel",
    );
    expect(await governor.cancel(holder.admin, holder.admin, move)).to.equal("done");
  });

  it("begins grant delays and the contracts' own five days after the deployment", async () => {
    expect((await governor.now()) - start).to.be.above(5 * DAY);
    const read = (functionName: "getRoleGrantDelay" | "getTargetAdminDelay", args: [never]) =>
      client.readContract({
        address: exchange.deployment.accessManager,
        abi: schedulerAbi,
        functionName,
        args,
      });
    expect(await read("getRoleGrantDelay", [ADMIN as never])).to.equal(parameters.admin.grantDelay);
    for (const role of ROLE_NAMES)
      expect(await read("getRoleGrantDelay", [Roles[role] as never]), role).to.equal(
        parameters.roles[role].grantDelay,
      );
    for (const contract of CONTRACTS)
      expect(await read("getTargetAdminDelay", [exchange.deployment[contract] as never])).to.equal(5 * DAY);
  });

  it("cannot shorten a delay before the delay itself is over", async () => {
    const { admin, risk, guardian } = holder;
    const shorten = governor.manage("grantRole", [Roles.risk, risk, 0]);
    for (const nobody of [risk, guardian, stranger])
      expect(await governor.send(nobody, shorten)).to.equal("AccessManagerUnauthorizedAccount");
    expect(await governor.send(admin, shorten)).to.equal("AccessManagerNotScheduled");
    expect(await governor.schedule(admin, shorten)).to.equal("done");
    const ready = (await governor.now()) + 5 * DAY;
    expect(await governor.send(admin, shorten, ready - 1)).to.equal("AccessManagerNotReady");
    expect(await governor.send(admin, shorten, ready)).to.equal("done");
    // Even then the old delay of two days holds for two more.
    expect(await governor.send(risk, fees(20), ready + 2 * DAY - 1)).to.equal("AccessManagerNotScheduled");
    expect(await governor.send(risk, fees(20), ready + 2 * DAY)).to.equal("done");
    // And back, which is at once when it has been scheduled.
    await inTime(admin, governor.manage("grantRole", [Roles.risk, risk, 2 * DAY]), 5 * DAY);
    expect(await governor.send(risk, fees(50))).to.equal("AccessManagerNotScheduled");
  });

  it("gives a new holder its role only after two delays", async () => {
    const { admin } = holder;
    const grant = governor.manage("grantRole", [Roles.treasury, stranger, 0]);
    await inTime(admin, grant, 5 * DAY);
    const granted = await governor.now();
    const collect = governor.on("clearinghouse", "collectFees", [1, stranger]);
    const { grantDelay } = parameters.roles.treasury;
    expect(await governor.send(stranger, collect, granted + grantDelay - 1)).to.equal(
      "AccessManagedUnauthorized",
    );
    await inTime(admin, governor.manage("revokeRole", [Roles.treasury, stranger]), 5 * DAY);
    expect(await governor.send(stranger, collect)).to.equal("AccessManagedUnauthorized");
  });

  it("refuses restricted functions that nobody was given, such as those of a module at its own address", async () => {
    const { abi, bytecode } = await readArtifact("AdministrationModule");
    const { accessManager, collateral, usageIndex } = exchange.deployment;
    const wallet = exchange.wallet(0);
    const hash = await deployContract(wallet, {
      abi,
      bytecode,
      args: [{ authority: accessManager, collateral, index: usageIndex }],
    });
    const { contractAddress } = await client.waitForTransactionReceipt({ hash });
    const to = contractAddress as Address;
    for (const role of ROLE_NAMES) {
      const { data } = governor.on("clearinghouse", "skim", [holder[role]]);
      expect(await governor.send(holder[role], { to, data }), role).to.equal("AccessManagedUnauthorized");
    }
  });

  it("lets the guardian stop new risk at once, and do nothing else", async () => {
    const { guardian } = holder;
    const restricted = CONTRACTS.flatMap((contract) => [...restrictedFunctions(contract)]);
    for (const contract of CONTRACTS)
      for (const item of writesOf(contract)) {
        const role = restrictedFunctions(contract).get(item.name);
        if (role === undefined || role === "guardian") continue;
        const data = encodeFunctionData({
          abi: [item],
          functionName: item.name,
          args: item.inputs.map(nothing),
        });
        expect(
          await governor.send(guardian, { to: exchange.deployment[contract], data }),
          item.name,
        ).to.equal("AccessManagedUnauthorized");
      }
    expect(restricted.filter(([, role]) => role === "guardian").map(([name]) => name)).to.include(
      "stopNewRisk",
    );
  });

  it("stops no exit: who reduces, cancels, withdraws or is liquidated does so while new risk is stopped", async () => {
    const { client: chain, deployment } = exchange;
    const market = 1;
    const today = await catchUp();
    const at = { deployment };
    const ids: number[] = [];
    for (const [wallet, amount] of [
      [MAKER, "1000000"],
      [TRADER, "3000"],
      [REDUCER, "5000"],
    ] as const)
      ids.push(await exchange.fund(wallet, usd(amount)));
    const [maker = 0, trader = 0, reducer = 0] = ids;
    const { markX16 } = await getMarket(chain, { ...at, market });
    const tick = markX16 >> 16n;
    const trade = async (wallet: number, accountId: number, lots: bigint, price = tick) =>
      exchange.mined(
        await placeOrder(exchange.wallet(wallet), { ...at, accountId, market, lots, tick: price }),
      );
    const size = (Number(usd("2500")) * 5) / Number(tick) / 500;
    const lots = BigInt(Math.floor(size / 100) * 100);
    await trade(MAKER, maker, -2n * lots);
    await trade(TRADER, trader, lots);
    await trade(REDUCER, reducer, lots);
    await trade(REDUCER, reducer, 100n, tick - 20n);

    expect(
      await governor.send(holder.guardian, governor.on("clearinghouse", "stopNewRisk", [market])),
    ).to.equal("done");
    expect((await getMarket(chain, { ...at, market })).phase).to.equal("reduceOnly");
    const resume = governor.on("clearinghouse", "resumeNewRisk", [market]);
    expect(await governor.send(holder.guardian, resume)).to.equal("AccessManagedUnauthorized");
    expect(await governor.send(holder.risk, resume)).to.equal("AccessManagerNotScheduled");
    const refused = await trade(TRADER, trader, 100n).then(
      () => "done",
      (error: Error) => error.name,
    );
    expect(refused).to.equal("OnlyReducing");

    // Cancel, reduce, withdraw.
    const [order] = await getOpenOrders(chain, { ...at, accountId: reducer });
    await exchange.mined(await cancelOrder(exchange.wallet(REDUCER), { ...at, id: order!.id }));
    await trade(MAKER, maker, lots, tick);
    await trade(REDUCER, reducer, -lots, tick);
    const { withdrawable } = await getAccount(chain, { ...at, accountId: reducer });
    const to = key(REDUCER).address;
    await exchange.mined(
      await withdraw(exchange.wallet(REDUCER), { ...at, accountId: reducer, amount: withdrawable, to }),
    );

    // Liquidation: usage falls for days.
    const account = () => getAccount(chain, { ...at, accountId: trader });
    for (let day = today; (await account()).equity >= (await account()).maintenanceMargin; day++) {
      await exchange.warp((day + 1) * DAY + 6 * 3_600);
      await catchUp();
    }
    const { markX16: low } = await getMarket(chain, { ...at, market });
    await trade(MAKER, maker, lots / 2n, low >> 16n);
    const before = (await account()).positions[0]?.size ?? 0n;
    await exchange.mined(
      await liquidate(exchange.wallet(REDUCER), { ...at, accountId: trader, market, keeper: maker }),
    );
    expect((await account()).positions[0]?.size ?? 0n < before).to.be.ok;
    expect((await getConservation(chain, at)).drift).to.equal(0n);
  });

  it("collects fees after two days, to the last unit, and skims only what came without a call", async () => {
    const { client: chain, deployment } = exchange;
    const at = { deployment };
    const { feesPayable, fundCash } = await getMarket(chain, { ...at, market: 1 });
    expect(feesPayable > 0n).to.equal(true);
    const balance = (address: Address) =>
      client.readContract({
        address: deployment.collateral,
        abi: tokenAbi,
        functionName: "balanceOf",
        args: [address],
      });
    const till = pad("0x7111", { size: 20 });
    await inTime(holder.treasury, governor.on("clearinghouse", "collectFees", [1, till]), 2 * DAY);
    const { insuranceShareBps } = await getListing(chain, { ...at, market: 1 });
    const paid = await balance(till);
    expect(paid).to.equal((feesPayable * BigInt(10_000 - insuranceShareBps)) / 10_000n);
    const after = await getMarket(chain, { ...at, market: 1 });
    expect(after.feesPayable).to.equal(0n);
    expect(after.fundCash - fundCash).to.equal(feesPayable - paid);

    await exchange.mint(0, 12_345n);
    await exchange.mined(
      await writeContract(exchange.wallet(0), {
        address: deployment.collateral,
        abi: tokenAbi,
        functionName: "transfer",
        args: [deployment.clearinghouse, 12_345n],
      }),
    );
    await inTime(holder.treasury, governor.on("clearinghouse", "skim", [till]), 2 * DAY);
    expect((await balance(till)) - paid).to.equal(12_345n);
    expect((await getConservation(chain, at)).drift).to.equal(0n);
  });

  it("stops no exit even where the administrator closes the exchange to every role", async () => {
    const { deployment, client: chain } = exchange;
    const close = governor.manage("setTargetClosed", [deployment.clearinghouse, true]);
    await inTime(holder.admin, close, 5 * DAY);
    const stop = governor.on("clearinghouse", "stopNewRisk", [2]);
    expect(await governor.send(holder.guardian, stop)).to.equal("AccessManagedUnauthorized");
    await catchUp();
    const at = { deployment, accountId: 2048 };
    const { withdrawable } = await getAccount(chain, at);
    expect(withdrawable > 0n).to.equal(true);
    const to = key(MAKER).address;
    await exchange.mined(await withdraw(exchange.wallet(MAKER), { ...at, amount: withdrawable / 2n, to }));
    await exchange.mined(
      await placeOrder(exchange.wallet(MAKER), { ...at, market: 4, lots: 100n, tick: 1_900n }),
    );
  });
});

describe("docs/governance.md", () => {
  it("says of every function whose it is, and of every role how long it waits", () => {
    const page = readFileSync(fileURLToPath(new URL("../../docs/governance.md", import.meta.url)), "utf8");
    const { admin, roles } = readParameters(REFERENCE);
    const span = (seconds: number) =>
      seconds === 0 ? "none" : seconds === DAY ? "1 day" : `${seconds / DAY} days`;
    const cells = page
      .split("\n")
      .filter((line) => line.startsWith("|"))
      .map((line) =>
        line
          .split("|")
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
    for (const role of ROLE_NAMES) {
      const row = cells.find(([name]) => name === role);
      const names = CONTRACTS.flatMap((contract) =>
        [...restrictedFunctions(contract)].filter(([, of]) => of === role).map(([name]) => `\`${name}\``),
      );
      const cancels = (CANCELLABLE as readonly string[]).includes(role) ? "guardian" : "–";
      expect(row, role).to.deep.equal([
        role,
        names.join(", "),
        span(roles[role].delay),
        span(roles[role].grantDelay),
        cancels,
      ]);
    }
    const row = cells.find(([name]) => name === "administrator");
    expect(row?.slice(2), "administrator").to.deep.equal([span(admin.delay), span(admin.grantDelay), "–"]);
  });
});
