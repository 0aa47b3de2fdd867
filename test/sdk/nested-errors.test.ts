import { ContractError, decodeUsanceError, signOrder, type SignedOrder } from "@usance/sdk";
import { clearinghouseAbi, usageIndexAbi } from "@usance/sdk/abis";
import * as withEthers from "@usance/sdk/ethers";
import { expect } from "chai";
import { JsonRpcProvider } from "ethers";
import { artifacts } from "hardhat";
import {
  encodeErrorResult,
  encodeFunctionData,
  getAddress,
  parseAbi,
  stringToHex,
  walletActions,
  zeroAddress,
  type Abi,
  type Address,
  type Hex,
} from "viem";
import { perpetualListing } from "../../scripts/deploy/markets.ts";
import { Roles } from "../../scripts/deploy/roles.ts";
import { SECONDS_PER_DAY } from "../../scripts/lib/calendar.ts";
import { FIRST, key } from "../support/exchange.ts";
import { failure, refused } from "./expectations.ts";
import { openVenue, type Trader, type Venue } from "./venue.ts";

const WAD = 10n ** 18n;

const managerAbi = parseAbi([
  "function schedule(address target, bytes data, uint48 when) returns (bytes32 operationId, uint32 nonce)",
  "function execute(address target, bytes data) payable returns (uint32)",
  "function cancel(address caller, address target, bytes data) returns (uint32)",
  "function grantRole(uint64 roleId, address account, uint32 executionDelay)",
  "function hashOperation(address caller, address target, bytes data) view returns (bytes32)",
  "function expiration() view returns (uint32)",
]);

/** Code that reverts with whatever it was called with: calldatacopy(0, 0, size), revert(0, size). */
const ECHO = "0x365f5f37365ffd";
/** Code that reverts without a word. */
const MUTE = "0x5f5ffd";

describe("SDK errors that come up through other calls", () => {
  let venue: Venue;
  let admin: Trader;
  let alice: Trader;
  let bob: Trader;
  let echo: Address;
  let mute: Address;
  let aliceId: number;

  before(async () => {
    venue = await openVenue([1000, 2000, 2000, 2000, 2000, 2000, 2000, 2000, 2000]);
    [admin, alice, bob] = [venue.trader(0), venue.trader(1), venue.trader(2)];
    await venue.exchange.postDays(FIRST, FIRST + 7);
    await venue.exchange.list(perpetualListing({ feed: 1, index: 2000n * WAD }));
    aliceId = await venue.exchange.fund(1, 1_000_000_000n);
    [echo, mute] = [await deployCode(ECHO), await deployCode(MUTE)];
  });
  after(() => venue?.exchange.close());

  /** Puts code on the chain: a constructor of nine bytes that returns what follows it. */
  async function deployCode(code: Hex): Promise<Address> {
    const size = ((code.length - 2) / 2).toString(16).padStart(2, "0");
    return deploy(`0x60${size}8060095f395ff3${code.slice(2)}`);
  }

  async function deploy(bytecode: Hex, abi: Abi = [], args: readonly unknown[] = []): Promise<Address> {
    const hash = venue.exchange.wallet(0).extend(walletActions).deployContract({ abi, bytecode, args });
    const { contractAddress } = await venue.mined(hash);
    return getAddress(contractAddress ?? expect.fail("nothing was deployed"));
  }

  const manager = () => ({ address: venue.deployment.accessManager, abi: managerAbi }) as const;

  /** What a call of the AccessManager ends with. */
  const execute = (from: Trader, target: Address, data: Hex) =>
    decoded(
      from.simulateContract({
        ...manager(),
        functionName: "execute",
        args: [target, data],
        account: from.account,
      }),
    );

  /** Lets a call fail as viem reports it, and decodes that. */
  const decoded = (call: Promise<unknown>) =>
    call.catch((error: unknown) => {
      throw decodeUsanceError(error);
    });

  it("gives the first failing call of a multicall, in the clearing house's words or the token's", async () => {
    const { clearinghouse, collateral } = venue.deployment;
    const call = (calls: Hex[]) =>
      decoded(
        alice.simulateContract({
          address: clearinghouse,
          abi: clearinghouseAbi,
          functionName: "multicall",
          args: [calls],
          account: alice.account,
        }),
      );
    const withdraw = (amount: bigint) =>
      encodeFunctionData({
        abi: clearinghouseAbi,
        functionName: "withdraw",
        args: [aliceId, amount, alice.account.address],
      });
    await refused(call([withdraw(1n), withdraw(0n)]), "ZeroAmount");
    await refused(call([withdraw(1n), "0x12345678"]), "UnknownFunction", { selector: "0x12345678" });
    const nested = encodeFunctionData({
      abi: clearinghouseAbi,
      functionName: "multicall",
      args: [[withdraw(1n), withdraw(2_000_000_000n)]],
    });
    await refused(call([nested]), "InsufficientCash", { cash: 999_999_999n, amount: 2_000_000_000n });

    await refused(bob.deposit({ amount: 5n }), "ERC20InsufficientAllowance", {
      spender: clearinghouse,
      allowance: 0n,
      needed: 5n,
    });
    await venue.mined(bob.approveCollateral({ amount: 5n }));
    const error = (await failure(bob.deposit({ amount: 5n }))) as ContractError<"ERC20InsufficientBalance">;
    expect(error.name).to.equal("ERC20InsufficientBalance");
    expect(error.args).to.deep.equal({ sender: bob.account.address, balance: 0n, needed: 5n });
    expect(error.message).to.include(`${bob.account.address} holds 0 units and needs 5`);
    expect(collateral).not.to.equal(clearinghouse);
  });

  it("names the reader that takes no push, and the round that a feed does not have", async () => {
    const { index, deployment } = venue;
    const { usageIndex } = deployment;
    const hash = venue.exchange
      .wallet(0)
      .extend(walletActions)
      .writeContract({
        address: usageIndex,
        abi: usageIndexAbi,
        functionName: "addReader",
        args: [index, mute],
      });
    await venue.mined(hash);
    await venue.exchange.warp((FIRST + 9) * SECONDS_PER_DAY + 1);
    const reports = await venue.sign(FIRST + 8, 2_000n, 1);
    const receipt = await venue.mined(admin.postPrint({ index, period: FIRST + 8, reports }));
    const { PushFailed } = admin.postPrint.extract(receipt);
    expect(PushFailed.map(({ reader }) => reader)).to.deep.equal([mute]);
    const { sequence } = PushFailed[0]!;
    await refused(bob.repush({ index, reader: mute }), "RepushFailed", { index, reader: mute, sequence });

    const { abi, bytecode } = await artifacts.readArtifact("MeanAggregator");
    const feed = await deploy(bytecode as Hex, abi as Abi, [usageIndex, index, "TU1D 7-day mean"]);
    const round = (id: bigint) =>
      decoded(bob.readContract({ address: feed, abi: abi as Abi, functionName: "getRoundData", args: [id] }));
    await refused(round(99n), "NoDataPresent", { source: usageIndex, index, round: 99n });
    expect(await round(BigInt(sequence))).to.have.length(5);
    const unknown = stringToHex("NONE", { size: 32 });
    const none = deploy(bytecode as Hex, abi as Abi, [usageIndex, unknown, "none"]);
    await refused(decoded(none), "IndexNotListed", { index: unknown });
  });

  it("names what the AccessManager refuses, called itself or by the contract that asks it", async () => {
    const { clearinghouse } = venue.deployment;
    const data = encodeFunctionData({ abi: clearinghouseAbi, functionName: "stopNewRisk", args: [1] });
    const target = clearinghouse;
    const selector = data.slice(0, 10);
    const caller = bob.account.address;
    await refused(execute(bob, target, data), "AccessManagerUnauthorizedCall", { caller, target, selector });
    const direct = () =>
      decoded(
        bob.simulateContract({
          address: clearinghouse,
          abi: clearinghouseAbi,
          functionName: "stopNewRisk",
          args: [1],
          account: bob.account,
        }),
      );
    await refused(direct(), "AccessManagedUnauthorized", { caller });
    const grant = {
      ...manager(),
      functionName: "grantRole",
      args: [Roles.guardian, caller, 3_600],
    } as const;
    await refused(
      decoded(bob.simulateContract({ ...grant, account: bob.account })),
      "AccessManagerUnauthorizedAccount",
      { msgsender: caller, roleId: 0n },
    );
    const write = (from: Trader) => venue.exchange.wallet(from === bob ? 2 : 0).extend(walletActions);
    await venue.mined(write(admin).writeContract(grant));

    const operation = { ...manager(), args: [caller, target, data] } as const;
    const operationId = await bob.readContract({ ...operation, functionName: "hashOperation" });
    // Up through two contracts: the clearing house asks the AccessManager, which finds nothing scheduled.
    await refused(direct(), "AccessManagerNotScheduled", { operationId });
    const schedule = { ...manager(), functionName: "schedule", args: [target, data, 0] } as const;
    await venue.mined(write(bob).writeContract(schedule));
    await refused(execute(bob, target, data), "AccessManagerNotReady", { operationId });
    await refused(direct(), "AccessManagerNotReady", { operationId });
    await refused(
      decoded(bob.simulateContract({ ...schedule, account: bob.account })),
      "AccessManagerAlreadyScheduled",
      { operationId },
    );
    await refused(
      decoded(alice.simulateContract({ ...operation, functionName: "cancel", account: alice.account })),
      "AccessManagerUnauthorizedCancel",
      { msgsender: alice.account.address, caller, target, selector },
    );
    const expiration = await bob.readContract({ ...manager(), functionName: "expiration" });
    await venue.exchange.warp(Number(await venue.now()) + 3_600 + expiration + 1);
    await refused(execute(bob, target, data), "AccessManagerExpired", { operationId });
  });

  it("reads through a call what any contract reverts with: a text, a panic, an error of the exchange, nothing", async () => {
    const revert = (abi: Abi, args: readonly unknown[]) =>
      execute(admin, echo, encodeErrorResult({ abi, args }));
    const own = parseAbi(["error Error(string message)", "error Panic(uint256 reason)"]);
    await refused(revert([own[0]], ["no luck"]), "Error", { message: "no luck" });
    await refused(revert([own[1]], [0x12n]), "Panic", { reason: 0x12n });
    expect((await failure(revert([own[1]], [0x12n]))).message).to.include("a division by zero");
    const margin = clearinghouseAbi.filter(({ name }) => name === "InsufficientMargin");
    await refused(revert(margin, [-5n, 7n]), "InsufficientMargin", { equity: -5n, required: 7n });
    expect((await failure(revert(parseAbi(["error Odd(uint256 a)"]), [1n]))).name).to.equal(
      "CallFailedError",
    );
    await refused(execute(admin, mute, "0x12345678"), "FailedCall");
    const nobody = key(9).address;
    await refused(execute(admin, nobody, "0x12345678"), "AddressEmptyCode", { target: nobody });
  });

  it("reads them from ethers as well", async () => {
    const provider = new JsonRpcProvider(venue.exchange.rpc, undefined, { staticNetwork: true });
    try {
      const data = encodeErrorResult({ abi: parseAbi(["error Error(string message)"]), args: ["no luck"] });
      const call = (target: Address) =>
        provider.call({
          from: admin.account.address,
          to: venue.deployment.accessManager,
          data: encodeFunctionData({ abi: managerAbi, functionName: "execute", args: [target, data] }),
        });
      const error = withEthers.decodeUsanceError(await failure(call(echo)));
      expect(error).to.be.instanceOf(ContractError).with.property("message", "The call reverted: no luck.");
      expect(withEthers.decodeUsanceError(await failure(call(mute))).name).to.equal("FailedCall");
    } finally {
      provider.destroy();
    }
  });

  it("says whose signature does not count where a contract that should judge it reverts", async () => {
    const { signedOrders = zeroAddress } = venue.deployment;
    const expiry = 2n ** 40n - 1n;
    for (const operator of [signedOrders, echo, mute])
      await venue.mined(alice.setOperator({ accountId: aliceId, operator, expiry }));
    const market = await alice.getMarket({ market: 1 });
    const order = await signOrder({
      account: key(1),
      deployment: venue.deployment,
      market: 1,
      lots: 1_000n,
      tick: market.markX16 >> 16n,
      expiry: (await venue.now()) + 3_600n,
      nonce: 1n,
    });
    for (const signer of [echo, mute]) {
      const signed: SignedOrder = { ...order, signer };
      const { orderHash } = await alice.getSignedOrderState({ order: signed });
      await refused(bob.previewSignedOrder({ order: signed }), "SignatureInvalid", { signer, orderHash });
      const [attempt] = await bob.executeSignedOrders.simulate({ orders: [signed] });
      const error = decodeUsanceError({ data: attempt?.failure });
      expect(error.name).to.equal("SignatureInvalid");
      expect(error.message).to.include(`is not ${signer}'s`);
    }
  });
});
