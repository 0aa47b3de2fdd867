import {
  CallFailedError,
  ContractError,
  decodeUsanceError,
  errorsAbi,
  hashSignedOrder,
  InvalidDeploymentError,
  isContractError,
  isNodeError,
  loadDeployment,
  UsanceError,
  type ContractErrorName,
  type NodeErrorName,
} from "@usance/sdk";
import { expect } from "chai";
import { artifacts } from "hardhat";
import {
  encodeErrorResult,
  HttpRequestError,
  RawContractError,
  TimeoutError,
  UserRejectedRequestError,
  type Abi,
  type AbiParameter,
  type Hex,
} from "viem";
import { sentences } from "../../sdk/src/errors/sentences.ts";

/** A value of a type, different from the zero that would hide a swapped operand. */
function sample(parameter: AbiParameter, seed: number): unknown {
  const { type } = parameter;
  if ("components" in parameter) {
    return Object.fromEntries(parameter.components.map((part, i) => [part.name, sample(part, seed + i)]));
  }
  if (type === "address") return `0x${(seed + 1).toString(16).padStart(40, "0")}`;
  if (type === "bool") return true;
  if (type === "string") return `text ${seed}`;
  const bytes = /^bytes(\d+)$/.exec(type)?.[1];
  if (bytes) return `0x${(seed + 65).toString(16)}`.padEnd(2 + 2 * Number(bytes), "0");
  const bits = /^u?int(\d+)$/.exec(type)?.[1];
  if (bits) return Number(bits) <= 48 ? seed + 1 : BigInt(seed + 1);
  throw new Error(`no sample of ${type}`);
}

function encode(name: string, args?: unknown[]): Hex {
  const item = errorsAbi.find((error) => error.name === name);
  if (!item) throw new Error(`no error ${name}`);
  return encodeErrorResult({ abi: [item], args: args ?? item.inputs.map(sample) });
}

type AbiError = Extract<Abi[number], { type: "error" }>;

/** An error as Solidity declares it, with the types and names of its operands. */
function declarationOf({ name, inputs }: AbiError): string {
  const operand = (input: AbiParameter): string =>
    "components" in input
      ? `(${input.components.map(operand).join(",")}) ${input.name}`
      : `${input.type} ${input.name}`;
  return `${name}(${inputs.map(operand).join(",")})`;
}

/** Names of an error's operands as the SDK gives them. */
const operandsOf = ({ inputs }: AbiError) => inputs.map(({ name = "" }) => name.replace(/_$/, ""));

/** What its sentence does not say of an error, and why. */
const leftOut: Record<string, string[]> = {
  // A struct of seven amounts, which only previewOrder meets, and returns.
  Previewed: ["preview"],
};

/** Shown as words, or with words beside the number. */
const inWords = ["phase", "reason", "field"];

describe("SDK errors", () => {
  for (const item of errorsAbi) {
    it(`decodes ${item.name} with its operands and says what to do`, () => {
      const error = decodeUsanceError(new RawContractError({ data: encode(item.name) }));

      expect(error).to.be.instanceOf(ContractError);
      const { name, args, message } = error as ContractError;
      expect(name).to.equal(item.name);
      expect(args).to.deep.equal(
        Object.fromEntries(
          operandsOf(item).map((operand, place) => [operand, sample(item.inputs[place]!, place)]),
        ),
      );
      expect(message).to.match(/^.{20,}[.]$/);
      expect(message, "an operand that the error does not have").not.to.include("undefined");
      expect(message, "a placeholder left").not.to.match(/[{}]/);
    });
  }

  it("puts the operands into the sentence", () => {
    const { message } = decodeUsanceError({ data: encode("InsufficientMargin", [-5n, 700n]) });
    expect(message).to.include("-5").and.include("700").and.include("deposit more");
    expect(decodeUsanceError({ data: encode("MarketNotOpen", [3, 2]) }).message).to.include("expired");
    const field = "0x71756f72756d0000000000000000000000000000000000000000000000000000";
    expect(decodeUsanceError({ data: encode("ConfigTooSmall", [field, 0n, 1n]) }).message).to.include(
      "quorum is 0",
    );
  });

  it("finds revert data wherever viem, ethers and nodes put it", () => {
    const data = encode("ZeroAmount");
    const shapes = [
      { data },
      { data: { data } },
      { cause: { cause: { raw: data } } },
      { error: { data } },
      { info: { error: { data: { data } } } },
      Object.assign(new Error("call failed"), { code: "CALL_EXCEPTION", data }),
    ];
    for (const shape of shapes) expect(decodeUsanceError(shape).name).to.equal("ZeroAmount");
  });

  it("narrows by name", () => {
    const error: unknown = decodeUsanceError({ data: encode("InsufficientMargin", [-5n, 700n]) });
    expect(isContractError(error)).to.be.true;
    expect(isContractError(error, "ZeroAmount")).to.be.false;
    if (!isContractError(error, "InsufficientMargin")) throw new Error("not narrowed");
    expect(error.args.required - error.args.equity).to.equal(705n);
  });

  it("leaves its own errors as they are", () => {
    const error = decodeUsanceError({ data: encode("ZeroAmount") });
    expect(decodeUsanceError(error)).to.equal(error);
  });

  it("puts every operand of an error into its sentence, or leaves it out on purpose", () => {
    for (const item of errorsAbi) {
      const sentence = sentences[item.name as ContractErrorName];
      const said = [...sentence.matchAll(/\{(\w+)\}/g)].map(([, operand]) => operand!);
      const silent = operandsOf(item).filter((operand) => !said.includes(operand));
      expect(silent, item.name).to.deep.equal(leftOut[item.name] ?? []);

      const operands = operandsOf(item);
      const args = new Map(item.inputs.map((input, i) => [operands[i], sample(input, i)]));
      const words = sentence.split(/\{\w+\}/);
      const { message } = decodeUsanceError({ data: encode(item.name) });
      let at = 0;
      for (const [place, text] of words.entries()) {
        const from = message.indexOf(text, at);
        expect(from, `${item.name}: "${message}" for "${sentence}"`).to.be.at.least(at);
        const operand = said[place - 1];
        if (operand !== undefined && !inWords.includes(operand))
          expect(message.slice(at, from), `${item.name}: ${operand}`).to.equal(String(args.get(operand)));
        at = from + text.length;
      }
      expect(at, item.name).to.equal(message.length);
    }
  });

  it("knows every error of every contract, and of the AccessManager, by name, types and operands", async () => {
    const known = new Set(errorsAbi.map(declarationOf));
    const walked: string[] = [];
    for (const name of await artifacts.getAllFullyQualifiedNames()) {
      if (!/^contracts\/|^@openzeppelin\/.*:AccessManager$/.test(name)) continue;
      const { abi } = await artifacts.readArtifact(name);
      const missing = (abi as Abi).filter((item) => item.type === "error" && !known.has(declarationOf(item)));
      expect(missing, name).to.deep.equal([]);
      walked.push(name);
    }
    for (const contract of [
      "AccessManager",
      "Clearinghouse",
      "WaterfallModule",
      "UsageIndex",
      "ReporterBonds",
      "FeedSource",
      "MeanAggregator",
      "PrintAggregator",
      "SignedOrders",
      "KeeperAutomation",
      "CollateralToken",
    ])
      expect(walked.some((name) => name.endsWith(`:${contract}`))).to.equal(true, contract);
  });

  it("knows what Solady raises in assembly, where no ABI has it", () => {
    // As its sources write the selectors: 0x30116425, 0x1615e638 and 0x49f7642b.
    for (const [name, data] of Object.entries({
      DeploymentFailed: "0x30116425",
      LnWadUndefined: "0x1615e638",
      RPowOverflow: "0x49f7642b",
    }))
      expect(decodeUsanceError({ data }).name).to.equal(name);
  });

  it("says what a panic was", () => {
    expect(decodeUsanceError({ data: encode("Panic", [0x11n]) }).message).to.include("a number out of range");
    expect(decodeUsanceError({ data: encode("Panic", [0x99n]) }).message).to.include("panic 153");
    expect(decodeUsanceError({ data: encode("Error", ["no luck"]) }).message).to.include("no luck");
  });

  it("knows the common failures of nodes, providers and wallets by the words of viem, ethers and the nodes", () => {
    const cases: [NodeErrorName, unknown][] = [
      [
        "InsufficientFunds",
        new Error("x", { cause: { details: "insufficient funds for gas * price + value" } }),
      ],
      ["InsufficientFunds", { message: "Sender doesn't have enough funds to send tx" }],
      ["InsufficientFunds", { code: "INSUFFICIENT_FUNDS", message: "ethers" }],
      ["NonceTooLow", { details: "nonce too low: next nonce 7, tx nonce 5" }],
      ["NonceTooLow", { code: "NONCE_EXPIRED" }],
      ["NonceTooLow", { details: "Nonce too low. Expected nonce to be 5 but got 3." }],
      ["NonceTooHigh", { details: "Nonce too high. Expected nonce to be 5 but got 9." }],
      ["ReplacementUnderpriced", { details: "replacement transaction underpriced" }],
      ["AlreadyKnown", { details: "already known" }],
      ["FeeTooLow", { details: "max fee per gas less than block base fee: address 0x0" }],
      ["OutOfGas", { details: "Transaction ran out of gas" }],
      ["OutOfGas", { details: "intrinsic gas too low" }],
      ["RateLimited", { details: "429 Too Many Requests" }],
      ["NodeTimeout", new TimeoutError({ body: {}, url: "http://node" })],
      ["NodeUnreachable", new HttpRequestError({ url: "http://node", details: "fetch failed" })],
      ["UserRejected", new UserRejectedRequestError(new Error("no"))],
      ["UserRejected", { code: "ACTION_REJECTED" }],
    ];
    for (const [name, cause] of cases) {
      const error = decodeUsanceError(cause);
      expect(isNodeError(error, name), `${name}: ${error.name}`).to.be.true;
      expect(error).to.be.instanceOf(CallFailedError);
      expect(error.cause).to.equal(cause);
      expect(error.message).to.match(/^.{40,}[.]$/);
    }
    // A revert says more than a node.
    const both = { details: "out of gas", data: encode("ZeroAmount") };
    expect(decodeUsanceError(both).name).to.equal("ZeroAmount");
    expect(isNodeError(decodeUsanceError(new Error("something else")))).to.be.false;
  });

  it("keeps failures that no contract explains, with their cause", () => {
    const rejected = new UserRejectedRequestError(new Error("no"));
    const error = decodeUsanceError(new Error("outer", { cause: rejected }));
    expect(error).to.be.instanceOf(CallFailedError).and.instanceOf(UsanceError);
    expect(error.walk((e) => e instanceof UserRejectedRequestError)).to.equal(rejected);
    expect(error.walk((e) => e instanceof RangeError)).to.equal(undefined);
    for (const odd of [undefined, null, "text", 1n, { data: "0x12345678" }, { data: "0x" }]) {
      expect(decodeUsanceError(odd)).to.be.instanceOf(CallFailedError);
    }
    const loop: { cause?: unknown } = {};
    loop.cause = loop;
    expect(decodeUsanceError(loop)).to.be.instanceOf(CallFailedError);
  });
});

describe("SDK deployments", () => {
  const address = "0x5fbdb2315678afecb367f032d93f642f64180aa3";
  const json = {
    chainId: 31337,
    block: 0,
    accessManager: address,
    collateral: address,
    usageIndex: address,
    clearinghouse: address,
    reporterBonds: address,
  };

  it("reads a deployment file", () => {
    expect(loadDeployment({ ...json, comment: "dropped" })).to.deep.equal({
      ...json,
      ...Object.fromEntries(
        ["accessManager", "collateral", "usageIndex", "clearinghouse", "reporterBonds"].map((name) => [
          name,
          "0x5FbDB2315678afecb367f032d93F642f64180aa3",
        ]),
      ),
    });
  });

  it("reads the contracts that an exchange need not have", () => {
    const { signedOrders, automation } = loadDeployment({ ...json, signedOrders: address });
    expect(signedOrders).to.equal("0x5FbDB2315678afecb367f032d93F642f64180aa3");
    expect(automation).to.equal(undefined);
    const error = attempt(() => loadDeployment({ ...json, automation: "0x" }));
    expect((error as InvalidDeploymentError).field).to.equal("automation");
    const order = { owner: address, market: 1, lots: 1n, tick: 1n, expiry: 1n, nonce: 1n } as const;
    const missing = attempt(() => hashSignedOrder({ deployment: loadDeployment(json), ...order }));
    expect((missing as InvalidDeploymentError).field).to.equal("signedOrders");
  });

  it("names the field that is wrong", () => {
    for (const [field, value] of Object.entries({
      chainId: "31337",
      block: -1,
      accessManager: undefined,
      collateral: "0x5fbdb2315678afecb367f032d93f642f64180aa",
      usageIndex: 7,
      clearinghouse: null,
      reporterBonds: "0x",
    })) {
      const error = attempt(() => loadDeployment({ ...json, [field]: value }));
      expect(error).to.be.instanceOf(InvalidDeploymentError);
      expect((error as InvalidDeploymentError).field).to.equal(field);
    }
    expect(attempt(() => loadDeployment(null))).to.be.instanceOf(InvalidDeploymentError);
    expect(attempt(() => loadDeployment("{}"))).to.be.instanceOf(InvalidDeploymentError);
  });

  function attempt(call: () => unknown): unknown {
    try {
      return call();
    } catch (error) {
      return error;
    }
  }
});
