import { expect } from "chai";
import { decimalOf, parseDecimal } from "../../scripts/prices/decimal.ts";
import { PriceError } from "../../scripts/prices/errors.ts";

describe("parseDecimal", () => {
  it("reads decimals exactly, in lowest terms", () => {
    expect(parseDecimal("0")).to.deep.equal({ numerator: 0n, denominator: 1n });
    expect(parseDecimal("12")).to.deep.equal({ numerator: 12n, denominator: 1n });
    expect(parseDecimal("0.0028")).to.deep.equal({ numerator: 7n, denominator: 2_500n });
    expect(parseDecimal("0.003625")).to.deep.equal({ numerator: 29n, denominator: 8_000n });
    expect(parseDecimal("2.5e-7")).to.deep.equal({ numerator: 1n, denominator: 4_000_000n });
    expect(parseDecimal("1.5e+2")).to.deep.equal({ numerator: 150n, denominator: 1n });
  });

  it("refuses everything else", () => {
    for (const text of ["", "-1", "+1", ".5", "1.", "1,5", "0x1", "NaN", "Infinity", " 1", "1e400"])
      expect(() => parseDecimal(text), text)
        .to.throw(PriceError)
        .with.property("code", "InvalidDecimal");
  });
});

describe("decimalOf", () => {
  it("gives the decimal that was written, and not what a float is near to", () => {
    // As floats, 0.1 + 0.2 is not 0.3.
    expect(decimalOf(0.1)).to.deep.equal({ numerator: 1n, denominator: 10n });
    expect(decimalOf(0.2288)).to.deep.equal({ numerator: 143n, denominator: 625n });
    expect(decimalOf(0.00000025)).to.deep.equal({ numerator: 1n, denominator: 4_000_000n });
    expect(decimalOf(1e21)).to.deep.equal({ numerator: 10n ** 21n, denominator: 1n });
  });

  it("refuses what is no price", () => {
    for (const value of [-0.1, NaN, Infinity])
      expect(() => decimalOf(value))
        .to.throw(PriceError)
        .with.property("actual", String(value));
  });
});
