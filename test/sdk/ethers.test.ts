import {
  ContractError,
  decodeUsanceError,
  errorsAbi,
  InvalidDeploymentError,
  loadDeployment,
} from "@usance/sdk";
import * as abis from "@usance/sdk/abis";
import * as withEthers from "@usance/sdk/ethers";
import { expect } from "chai";
import { getAddress } from "ethers";
import fc from "fast-check";
import { encodeErrorResult, type AbiParameter } from "viem";

/** Any value of a type, as viem writes it. */
function valueOf(parameter: AbiParameter): fc.Arbitrary<unknown> {
  const { type } = parameter;
  if ("components" in parameter) {
    const parts = parameter.components.map((part): [string, fc.Arbitrary<unknown>] => [
      part.name ?? "",
      valueOf(part),
    ]);
    return fc.record(Object.fromEntries(parts));
  }
  if (type === "address") return hex(20).map(getAddress);
  if (type === "bool") return fc.boolean();
  if (type === "string") return fc.string();
  const bytes = /^bytes(\d+)$/.exec(type)?.[1];
  if (bytes !== undefined) return hex(Number(bytes));
  const [, unsigned, bits] = /^(u?)int(\d+)$/.exec(type) ?? [];
  if (bits === undefined) throw new Error(`no values of ${type}`);
  const size = BigInt(bits);
  const [min, max] = unsigned ? [0n, (1n << size) - 1n] : [-(1n << (size - 1n)), (1n << (size - 1n)) - 1n];
  return fc.bigInt({ min, max }).map((value) => (size <= 48n ? Number(value) : value));
}

function hex(bytes: number): fc.Arbitrary<string> {
  return fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .map((word) => `0x${Buffer.from(word).toString("hex")}`);
}

describe("SDK for ethers", () => {
  it("has a factory for every ABI, with the same functions, events and errors", () => {
    for (const [name, abi] of Object.entries(abis)) {
      const contract = `${name[0]!.toUpperCase()}${name.slice(1, -3)}`;
      const factory = withEthers[`${contract}__factory` as "Clearinghouse__factory"];
      expect(factory.abi, name).to.equal(abi);
      const { fragments } = factory.createInterface();
      expect(fragments).to.have.length(abi.length);
    }
  });

  it("decodes every error as the entry for viem does, whatever its operands", () => {
    for (const item of errorsAbi) {
      fc.assert(
        fc.property(fc.tuple(...item.inputs.map(valueOf)), (args) => {
          const cause = Object.assign(new Error("call failed"), {
            code: "CALL_EXCEPTION",
            data: encodeErrorResult({ abi: [item], args }),
          });
          const [expected, actual] = [decodeUsanceError(cause), withEthers.decodeUsanceError(cause)];
          expect(actual).to.be.instanceOf(ContractError);
          expect(actual.name).to.equal(item.name);
          expect(actual.message).to.equal(expected.message);
          expect((actual as ContractError).args).to.deep.equal((expected as ContractError).args);
          expect(actual.cause).to.equal(cause);
        }),
        { numRuns: 5 },
      );
    }
  });

  it("leaves what no contract explains as the cause of a failed call", () => {
    for (const odd of [undefined, null, "text", { data: "0x12345678" }, { data: "0x" }]) {
      const error = withEthers.decodeUsanceError(odd);
      expect(error).to.be.instanceOf(withEthers.CallFailedError);
      expect(error.cause).to.equal(odd);
      expect(withEthers.decodeUsanceError(error)).to.equal(error);
    }
  });

  it("reads a deployment as the entry for viem does", () => {
    const address = "0x5fbdb2315678afecb367f032d93f642f64180aa3";
    const names = ["accessManager", "collateral", "usageIndex", "clearinghouse", "reporterBonds"];
    const json = { chainId: 31337, block: 0, ...Object.fromEntries(names.map((name) => [name, address])) };
    expect(withEthers.loadDeployment(json)).to.deep.equal(loadDeployment(json));
    const wrong = [address.slice(2), `${address}0`, address.replace("f", "F"), "", 7, undefined];
    for (const usageIndex of wrong) {
      for (const load of [loadDeployment, withEthers.loadDeployment]) {
        expect(() => load({ ...json, usageIndex }), String(usageIndex))
          .to.throw(InvalidDeploymentError)
          .with.property("field", "usageIndex");
      }
    }
  });

  it("makes orders that trade at once, never beyond slippage or band", () => {
    const market = { id: 3n, bestBid: 1_999n, bestAsk: 2_001n, lowestFill: 1_900n, highestFill: 2_100n };
    const common = { market: 3, kind: "fillOrKill", reduceOnly: false };
    expect(withEthers.marketOrder(market, 5n)).to.deep.equal({ ...common, lots: 5n, tick: 2_100n });
    expect(withEthers.marketOrder(market, -5n)).to.deep.equal({ ...common, lots: -5n, tick: 1_900n });
    // 2001 × 1.0010 = 2003.001 and 1999 × 0.9990 = 1997.001: to the tick that is nearer.
    expect(withEthers.marketOrder(market, 5n, { slippageBps: 10 }).tick).to.equal(2_003n);
    expect(withEthers.marketOrder(market, -5n, { slippageBps: 10 }).tick).to.equal(1_998n);
    expect(withEthers.marketOrder(market, 5n, { slippageBps: 900 }).tick).to.equal(2_100n);
    expect(withEthers.marketOrder(market, -5n, { slippageBps: 900 }).tick).to.equal(1_900n);
    expect(withEthers.marketOrder({ ...market, bestAsk: 0n }, 5n, { slippageBps: 0 }).tick).to.equal(2_100n);
    expect(withEthers.marketOrder(market, 5n, { kind: "immediateOrCancel", reduceOnly: true })).to.include({
      kind: "immediateOrCancel",
      reduceOnly: true,
    });
  });
});
