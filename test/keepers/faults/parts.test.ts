import { expect } from "chai";
import { InvalidInputRpcError, HttpRequestError } from "viem";
import { BaseFees, doubled, feesFor, raised } from "../../../scripts/keepers/sending/fees.ts";
import { costOf, pays } from "../../../scripts/keepers/sending/income.ts";
import { rejectionOf, type Rejection } from "../../../scripts/keepers/sending/rejections.ts";
import { publicUrl, redactor, secretsOf } from "../../../scripts/lib/redact.ts";
import { GWEI } from "./scene.ts";

describe("fees", () => {
  const market = { baseFee: 10n * GWEI, tip: 2n * GWEI };

  it("leave room above the base fee, more where it is urgent, and never pass the cap", () => {
    expect(feesFor(market, "patient").maxFeePerGas).to.equal((29n * GWEI) / 2n);
    expect(feesFor(market, "urgent").maxFeePerGas).to.equal(22n * GWEI);
    expect(feesFor(market, "urgent", 15n * GWEI).maxFeePerGas).to.equal(15n * GWEI);
    expect(feesFor(market, "urgent", GWEI)).to.deep.equal({ maxFeePerGas: GWEI, maxPriorityFeePerGas: GWEI });
  });

  it("rise by an eighth of both, or to the market, until the cap leaves no room", () => {
    const fees = { maxFeePerGas: 8n * GWEI, maxPriorityFeePerGas: 1n };
    const low = { maxFeePerGas: 1n, maxPriorityFeePerGas: 0n };
    expect(raised(fees, low)).to.deep.equal({ maxFeePerGas: 9n * GWEI, maxPriorityFeePerGas: 2n });
    expect(
      raised(fees, { maxFeePerGas: 30n * GWEI, maxPriorityFeePerGas: 0n }, 20n * GWEI)?.maxFeePerGas,
    ).to.equal(20n * GWEI);
    expect(raised(fees, low, 9n * GWEI)?.maxFeePerGas).to.equal(9n * GWEI);
    expect(raised(fees, low, 9n * GWEI - 1n)).to.equal(undefined);
    expect(doubled(fees, 12n * GWEI)?.maxFeePerGas).to.equal(12n * GWEI);
    expect(doubled(fees, 8n * GWEI)).to.equal(undefined);
  });

  it("tell a jump from what gas costs these days, and get used to what stays", () => {
    const fees = new BaseFees();
    expect(fees.isJump(GWEI, 10)).to.equal(false);
    for (let block = 0n; block < 100n; block++) fees.note(block, GWEI);
    expect(fees.isJump(10n * GWEI, 10)).to.equal(false);
    expect(fees.isJump(10n * GWEI + 1n, 10)).to.equal(true);
    // A block counts once, however often it is looked at.
    for (let look = 0; look < 300; look++) fees.note(99n, 100n * GWEI);
    expect(fees.isJump(100n * GWEI, 10)).to.equal(true);
    for (let block = 100n; block < 240n; block++) fees.note(block, 100n * GWEI);
    expect(fees.isJump(100n * GWEI, 10)).to.equal(false);
  });
});

describe("income", () => {
  // 200,000 gas at 50 gwei are 0.01 coins; a coin is worth 2,500 of collateral with six decimals.
  const trade = { gas: 200_000n, price: 50n * GWEI, nativePrice: 2_500_000_000n };

  it("pays where it is at least what the gas costs, to the unit", () => {
    expect(costOf(trade)).to.equal(25_000_000n);
    expect(pays({ ...trade, income: 25_000_000n })).to.equal(true);
    expect(pays({ ...trade, income: 24_999_999n })).to.equal(false);
    expect(costOf({ ...trade, gas: 1n, price: 1n })).to.equal(1n);
  });

  it("pays where nobody has said what a coin is worth", () => {
    expect(pays({ ...trade, income: 0n, nativePrice: undefined })).to.equal(true);
  });
});

describe("answers of nodes to transactions", () => {
  const said: Record<string, Rejection> = {
    "already known": "known",
    "Known transaction: 0x01": "known",
    AlreadyKnown: "known",
    "replacement transaction underpriced": "underpriced",
    "Replacement transaction underpriced. A gasPrice/maxFeePerGas of at least 5500000000 is necessary to replace the existing transaction with nonce 0.":
      "underpriced",
    ReplacementNotAllowed: "underpriced",
    "nonce too low: next nonce 5, tx nonce 4": "consumed",
    "Transaction nonce too low. Expected nonce to be at least 1 but got 0.": "consumed",
    "nonce has already been used": "consumed",
    "Nonce too high. Expected nonce to be 0 but got 2. Note that transactions can't be queued when automining.":
      "gap",
    "transaction underpriced: gas tip cap 0, minimum needed 1": "cheap",
    "max fee per gas less than block base fee: address 0x01, maxFeePerGas: 1, baseFee: 7": "cheap",
    "Transaction maxFeePerGas (1) is too low for the next block, which has a baseFeePerGas of 7": "cheap",
    "insufficient funds for gas * price + value": "refused",
    "exceeds block gas limit": "refused",
  };

  it("are told apart by their words, since nodes agree on no code", () => {
    for (const [text, rejection] of Object.entries(said))
      expect(rejectionOf(new InvalidInputRpcError(new Error(text))), text).to.equal(rejection);
  });

  it("may be missing: then nobody knows whether the transaction arrived", () => {
    expect(rejectionOf(new HttpRequestError({ url: "http://127.0.0.1:1" }))).to.equal("unanswered");
  });
});

describe("what may be written", () => {
  const url =
    "https://operator:p%40ssword-of-mine@node.example:8545/v3/0123456789abcdef?apikey=fedcba9876543210";

  it("is the place of an address, without user, path and query", () => {
    expect(publicUrl(url)).to.equal("https://node.example:8545");
    expect(publicUrl("not an address")).to.equal("[redacted]");
  });

  it("has no secret in any form", () => {
    const key = `0x${"1f".repeat(32)}`;
    const hide = redactor([key, undefined, ...secretsOf([url])]);
    const text = `${url} ${decodeURIComponent(url)} ${key} ${key.slice(2)} Basic ${btoa("operator:p@ssword-of-mine")} v3 short`;
    const hidden = hide(text);
    for (const secret of [
      "operator",
      "ssword",
      "0123456789abcdef",
      "fedcba",
      "1f1f",
      btoa("operator:p@ss").slice(0, 12),
    ])
      expect(hidden).not.to.include(secret);
    expect(hidden).to.include("node.example:8545").and.include("v3 short");
  });
});
