import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { encryptKeystoreJson } from "ethers";
import {
  KEY_VARIABLE,
  KEYSTORE_VARIABLE,
  MIN_PASSPHRASE,
  openKeystore,
  PASSPHRASE_VARIABLE,
} from "../../scripts/lib/keys.ts";
import { endsWithTests } from "../support/children.ts";
import {
  CommandLine,
  launcher,
  privateKeyOf,
  runHere,
  sentence,
  type Result,
} from "../support/command-line.ts";
import { Exchange, key } from "../support/exchange.ts";

const PASSPHRASE = "correct horse battery";
const WALLET = 5;

describe("keys of the command line", () => {
  const folder = mkdtempSync(join(tmpdir(), "usance-"));
  const secret = privateKeyOf(WALLET);
  const { address } = key(WALLET);
  const keystore = join(folder, "trader.json");
  const passphraseFile = join(folder, "passphrase");
  const said: string[] = [];

  before(async () => {
    // Cheap parameters: what is tested is not how long guessing takes.
    const scrypt = { N: 2, r: 8, p: 1 };
    writeFileSync(
      keystore,
      await encryptKeystoreJson({ address, privateKey: secret }, PASSPHRASE, { scrypt }),
    );
    writeFileSync(passphraseFile, `${PASSPHRASE}\nanother line\n`);
  });

  // Whatever a command did here, it said nothing that opens an account.
  afterEach(() => {
    for (const text of said) {
      expect(text.toLowerCase()).not.to.include(secret.slice(2).toLowerCase());
      expect(text).not.to.include(PASSPHRASE);
      expect(text).not.to.include("wrong word");
    }
  });

  async function usance(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Result> {
    const result = await runHere(args, environment);
    said.push(result.out, result.err);
    return result;
  }

  it("are made into an encrypted file that its owner alone may read", async () => {
    const path = join(folder, "new.json");
    const made = await usance(["key", "new", path, "--json"], { [PASSPHRASE_VARIABLE]: PASSPHRASE });
    expect(made.code, made.err).to.equal(0);
    const answer = JSON.parse(made.out) as { address: string };
    expect(statSync(path).mode & 0o777).to.equal(0o600);
    const {
      version,
      crypto,
      Crypto = crypto,
    } = JSON.parse(readFileSync(path, "utf8")) as {
      version: number;
      crypto?: { kdfparams: { n: number } };
      Crypto?: { kdfparams: { n: number } };
    };
    expect(version).to.equal(3);
    expect(Crypto?.kdfparams.n).to.be.at.least(2 ** 17);
    const shown = await usance(["key", "address", path]);
    expect(shown.out).to.equal(`${answer.address}\n`);
    // What it states is what it opens to.
    const opened = await usance(["key", "address", path, "--check"], { [PASSPHRASE_VARIABLE]: PASSPHRASE });
    expect(opened.out).to.equal(`${answer.address}\n`);
    const again = await usance(["key", "new", path], { [PASSPHRASE_VARIABLE]: PASSPHRASE });
    expect(sentence(again)).to.include("is there already");
  });

  it("are imported from the environment or a file, and refused where they are none", async () => {
    const path = join(folder, "imported.json");
    const withPassphrase = ["--passphrase-file", passphraseFile];
    const taken = await usance(["key", "import", path, ...withPassphrase], { [KEY_VARIABLE]: secret });
    expect(taken.out).to.include(address).and.include("back both up");
    const { address: opened } = await openKeystore(path, { passphraseFile });
    expect(opened).to.equal(address);
    const file = join(folder, "key.txt");
    writeFileSync(file, `${secret.slice(2)}\n`);
    const other = join(folder, "from-file.json");
    expect((await usance(["key", "import", other, "--from", file, ...withPassphrase])).out).to.include(
      address,
    );
    for (const wrong of [secret.slice(0, 40), `0x${"0".repeat(64)}`, `0x${"f".repeat(64)}`]) {
      writeFileSync(file, wrong);
      const refused = await usance([
        "key",
        "import",
        join(folder, "no.json"),
        "--from",
        file,
        ...withPassphrase,
      ]);
      expect(sentence(refused)).to.equal(`${file} does not hold a private key of 32 bytes in hex.`);
    }
    expect(sentence(await usance(["key", "import", join(folder, "no.json")]))).to.include(
      "no terminal to ask at",
    );
  });

  it("need a passphrase that is not short", async () => {
    const short = await usance(["key", "new", join(folder, "no.json")], { [PASSPHRASE_VARIABLE]: "short" });
    expect(sentence(short)).to.equal(`The passphrase must have at least ${MIN_PASSPHRASE} characters.`);
    const none = await usance(["key", "new", join(folder, "no.json")]);
    expect(sentence(none)).to.include(PASSPHRASE_VARIABLE).and.include("--passphrase-file");
  });

  it("never come from an argument, and what was given is not repeated", async () => {
    const cases: [RegExp, string[]][] = [
      [
        /^A private key is never taken from an argument, because .* `usance key import`/,
        ["--private-key", secret],
      ],
      [/^A private key/, [`--private-key=${secret}`]],
      [/^A private key/, ["account", "show", "--key", "anything"]],
      [/^A private key/, ["key", "import", join(folder, "no.json"), secret]],
      [/^A private key/, ["key", "import", join(folder, "no.json"), secret.slice(2).toUpperCase()]],
      [/^A private key/, ["markets", `--account=${secret}`]],
      [/^A private key/, ["--mnemonic", "test test test test test test test test test test test junk"]],
      [/^A private key/, ["markets", "test test test test test test test test test test test junk"]],
      [/^A passphrase is never .* --passphrase-file/, ["key", "new", "no.json", "--passphrase", PASSPHRASE]],
      [/^A passphrase/, ["key", "new", "no.json", `--password=${PASSPHRASE}`]],
    ];
    for (const [message, args] of cases) expect(sentence(await usance(args)), args[0]).to.match(message);
    const asJson = await usance(["markets", "--json", "--private-key", secret]);
    expect(JSON.parse(asJson.err))
      .to.have.nested.property("error.message")
      .that.matches(/^A private key/);
  });

  it("are asked for at a terminal without showing what is typed", async function () {
    if (spawnSync("script", ["--version"]).status !== 0) this.skip();
    const path = join(folder, "typed.json");
    // `script` gives the command a terminal of its own; node is quick here, for the launcher starts another process.
    const command = [process.execPath, launcher, "key", "new", path].map((word) => `'${word}'`).join(" ");
    const child = endsWithTests(
      spawn("script", ["-qec", command, "/dev/null"], {
        env: { ...process.env, [KEY_VARIABLE]: "", [KEYSTORE_VARIABLE]: "" },
        stdio: ["pipe", "pipe", "inherit"],
      }),
    );
    let out = "";
    const answers = [/New passphrase for .*: $/, /The same again: $/];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
      if (answers[0]?.test(out)) {
        answers.shift();
        child.stdin.write(`${PASSPHRASE}\r`);
      }
    });
    const code = await new Promise((resolve) => child.on("close", resolve));
    said.push(out);
    expect(code, out).to.equal(0);
    expect(out).to.match(/New passphrase for .*: \r?\n.*The same again: \r?\n.*wrote /);
    expect(await openKeystore(path, { environment: { [PASSPHRASE_VARIABLE]: PASSPHRASE } })).to.have.property(
      "address",
    );
  });

  describe("sign", () => {
    let exchange: Exchange;
    let line: CommandLine;

    before(async () => {
      exchange = await Exchange.start();
      line = new CommandLine(exchange);
      await exchange.mint(WALLET, 1_000_000_000n);
    });
    after(() => exchange?.close());

    const withKeystore = (...args: string[]) => usance(args, line.environment());

    it("from a keystore that an option or the environment names", async () => {
      const options = ["--keystore", keystore, "--passphrase-file", passphraseFile];
      const opened = await withKeystore("account", "open", "100", ...options);
      expect(opened.code, opened.err).to.equal(0);
      expect(opened.out).to.match(/^deposits 100 USD of 1000 USD/);
      const more = await usance(["deposit", "5", "--json"], {
        ...line.environment(),
        [KEYSTORE_VARIABLE]: keystore,
        [PASSPHRASE_VARIABLE]: PASSPHRASE,
      });
      expect(JSON.parse(more.out)).to.include({ cash: "105" });
      // Looking needs no passphrase: the keystore states its address.
      const shown = await withKeystore("account", "show", "--keystore", keystore);
      expect(shown.out).to.include(address);
    });

    it("and not without the right passphrase, which no error repeats", async () => {
      const wrong = { ...line.environment(), [PASSPHRASE_VARIABLE]: "wrong word" };
      expect((await usance(["deposit", "1", "--keystore", keystore], wrong)).err).to.equal(
        `The keystore ${keystore} does not open with the passphrase given.\n`,
      );
      const none = await withKeystore("deposit", "1", "--keystore", keystore);
      expect(none.err).to.include("no terminal to ask at");
      const gone = await withKeystore("deposit", "1", "--keystore", join(folder, "gone.json"));
      expect(sentence(gone)).to.equal(`There is no keystore at ${join(folder, "gone.json")}.`);
      expect(sentence(await withKeystore("deposit", "1", "--keystore", passphraseFile))).to.include(
        "is not a keystore",
      );
      const both = { ...line.environment(WALLET), [KEYSTORE_VARIABLE]: keystore };
      expect(sentence(await usance(["deposit", "1"], both))).to.match(/^Both .* are set/);
      expect(sentence(await withKeystore("deposit", "1"))).to.match(/^This needs a key to sign with/);
    });
  });
});
