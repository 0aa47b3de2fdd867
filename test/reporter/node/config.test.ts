import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { encryptKeystoreJson, Wallet } from "ethers";
import { parseReporterConfig, readReporterConfig, rulesOf } from "../../../scripts/reporter/node/config.ts";
import {
  loadReporter,
  PASSWORD_VARIABLE,
  REPORTER_KEY_VARIABLE,
} from "../../../scripts/reporter/node/key.ts";
import { TU1D_RULES } from "../../../scripts/calculator/rules.ts";

const address = (digit: number) => `0x${String(digit).repeat(40)}`;
const contributor = { id: "a", address: address(1), url: "https://a.example.org" };
const least = { contributors: [contributor], peers: [] };

describe("the reporter configuration", () => {
  it("has an example whose values are the defaults, except where it says otherwise", () => {
    const path = new URL("../../../config/reporter.example.jsonc", import.meta.url).pathname;
    const {
      keystore: _keystore,
      maxFeePerGasGwei: _gas,
      publication,
      contributors,
      peers,
      ...rest
    } = readReporterConfig(path);
    const marked = readFileSync(path, "utf8").match(/no default/g);
    expect(marked).to.have.length(5);
    expect(publication).to.include({ folder: "published", licence: "CC BY 4.0" });
    const { contributors: _own, peers: _others, ...defaults } = parseReporterConfig(least);
    expect(rest).to.deep.equal(defaults);
    expect(contributors[0]).to.include({ id: "router", from: 20_089, until: 20_453 });
    expect(peers).to.have.length(1);
    expect(rulesOf(rest)).to.deep.equal(TU1D_RULES);
  });

  it("refuses what it does not know or cannot mean, naming the field", () => {
    const cases: [RegExp, object][] = [
      [/privateKey/, { privateKey: "0x01" }],
      [/contributors/, { contributors: [] }],
      [
        /contributors\.0\.address is "0x12": must be an address/,
        { contributors: [{ ...contributor, address: "0x12" }] },
      ],
      [/contributors\.0\.url/, { contributors: [{ ...contributor, url: "file:///etc/passwd" }] }],
      [
        /contributors\.0\.from is "2025-02-30": "2025-02-30" is not a date/,
        { contributors: [{ ...contributor, from: "2025-02-30" }] },
      ],
      [/a is admitted twice for the same days/, { contributors: [contributor, contributor] }],
      [
        /peers: each address must come once/,
        { peers: [1, 1].map((i) => ({ address: address(i), url: "http://p" })) },
      ],
      [/everySeconds/, { everySeconds: 0 }],
    ];
    for (const [message, change] of cases)
      expect(() => parseReporterConfig({ ...least, ...change })).to.throw(message);
    const changedKey = [
      { ...contributor, until: "2025-03-01" },
      { ...contributor, address: address(2), from: "2025-03-02" },
    ];
    expect(parseReporterConfig({ ...least, contributors: changedKey }).contributors).to.have.length(2);
    expect(
      parseReporterConfig({ ...least, peers: [{ address: address(1), url: "http://p/x//" }] }).peers[0]?.url,
    ).to.equal("http://p/x");
  });
});

describe("a reporter's key", () => {
  const key = `0x${"17".repeat(32)}`;
  const { address: reporter } = new Wallet(key);

  async function messageOf(run: Promise<unknown>): Promise<string> {
    const error: unknown = await run.catch((reason: unknown) => reason);
    return error instanceof Error ? error.message : "no error";
  }

  it("comes from the environment", async () => {
    expect((await loadReporter(undefined, { [REPORTER_KEY_VARIABLE]: key })).address).to.equal(reporter);
    expect(await messageOf(loadReporter(undefined, {}))).to.include(REPORTER_KEY_VARIABLE);
    const wrong = await messageOf(loadReporter(undefined, { [REPORTER_KEY_VARIABLE]: key.slice(0, 40) }));
    expect(wrong).to.include("does not hold a private key").and.not.include("1717");
  });

  it("or from an encrypted keystore, and never shows in an error", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "usance-")), "key.json");
    // Cheap parameters: what is tested is not how long guessing takes.
    const keystore = await encryptKeystoreJson({ address: reporter, privateKey: key }, "secret word", {
      scrypt: { N: 2, r: 8, p: 1 },
    });
    writeFileSync(path, keystore);
    expect((await loadReporter(path, { [PASSWORD_VARIABLE]: "secret word" })).address).to.equal(reporter);
    expect(await messageOf(loadReporter(path, {}))).to.include(PASSWORD_VARIABLE);
    const wrong = await messageOf(loadReporter(path, { [PASSWORD_VARIABLE]: "another word" }));
    expect(wrong).to.include("does not open").and.not.include("another word");
    expect(await messageOf(loadReporter(`${path}.no`, { [PASSWORD_VARIABLE]: "" }))).to.include(
      "There is no keystore",
    );
    writeFileSync(path, "{}");
    expect(await messageOf(loadReporter(path, { [PASSWORD_VARIABLE]: "" }))).to.include("is not a keystore");
  });
});
