import { expect } from "chai";
import { checkShell, type Surroundings } from "../../scripts/lib/doc-commands.ts";

const help: Record<string, string> = {
  "": "Usage: usance [options] [command]\n\nOptions:\n  --rpc <url>  node\n  -h, --help  this text\n\nCommands:\n  keeper  run the keepers\n",
  keeper: "Usage: usance keeper [options] [command]\n\nCommands:\n  run [options]  all of them\n",
  "keeper run": "Usage: usance keeper run [options]\n\nOptions:\n  -d, --dry-run  send nothing\n",
  "order|o place": "Usage: usance order|o place [options] <market>\n\nOptions:\n  --size <lots>  signed\n",
};

const surroundings: Surroundings = {
  scripts: new Map([
    ["", new Set(["build", "test"])],
    ["sdk", new Set(["check"])],
  ]),
  exists: (path) => path === "scripts/a.ts" || path === ".ci/run",
  help(tool, words) {
    if (tool === "hardhat")
      return words[0] === "node"
        ? {
            code: 0,
            output: "Usage: hardhat [GLOBAL OPTIONS] node [--port <INT>]\n\nOPTIONS:\n  --port  the port\n",
          }
        : { code: 1, output: `Error HHE404: Task "${words[0] ?? ""}" not found\n` };
    if (words[0] === "broken") return { code: 3, output: "cannot start\n" };
    // As commander does it: help of the deepest command that the words name, and the end is always good.
    const path = words.join(" ");
    if (path.startsWith("keeper run")) return { code: 0, output: help["keeper run"] ?? "" };
    if (path.startsWith("keeper")) return { code: 0, output: help.keeper ?? "" };
    if (/^(order|o) place/.test(path)) return { code: 0, output: help["order|o place"] ?? "" };
    return { code: 0, output: help[""] ?? "" };
  },
};

const messages = (code: string) =>
  checkShell({ page: "README.md", line: 1, language: "sh", flags: [], code }, surroundings).map(
    ({ line, message }) => `${line}: ${message}`,
  );

describe("checkShell", () => {
  it("accepts what is there", () => {
    const lines = [
      "git clone https://example.org/usance.git && cd usance",
      "npm ci",
      "npm test -- test/a.ts --nonsense",
      "npm run build",
      "npm run check -w sdk",
      "npm run check --workspace=sdk",
      "npx usance --help",
      "npx usance keeper run --dry-run -d --rpc http://127.0.0.1:8545",
      "npx usance o place TUX-PERP --size=-5",
      "npx hardhat node --port 8545",
      "npx tsx scripts/a.ts",
      ".ci/run",
    ];
    expect(messages(lines.join("\n"))).to.deep.equal([]);
  });

  it("finds an npm script that does not exist", () => {
    expect(messages("npm ci\nnpm run nothing")).to.deep.equal(["3: package.json has no script nothing"]);
    expect(messages("npm start")).to.deep.equal(["2: package.json has no script start"]);
    expect(messages("npm run build -w sdk")).to.deep.equal(["2: sdk/package.json has no script build"]);
    expect(messages("npm run build -w app")).to.deep.equal(["2: there is no workspace app"]);
  });

  it("finds a command of usance that does not exist, although its help ends well", () => {
    expect(messages("npx usance nothing")).to.deep.equal([
      "2: `usance nothing`: usance has no command nothing",
    ]);
  });

  it("finds an option that does not exist", () => {
    expect(messages("npx usance keeper run --dry")).to.deep.equal([
      "2: `usance keeper run --dry`: there is no option --dry",
    ]);
    expect(messages("npx usance keeper run --size 1")).to.deep.equal([
      "2: `usance keeper run --size 1`: there is no option --size",
    ]);
    expect(messages("npx hardhat node --prt 1")).to.deep.equal([
      "2: `hardhat node --prt 1`: there is no option --prt",
    ]);
  });

  it("reports a command line that fails", () => {
    expect(messages("npx usance broken")).to.deep.equal([
      "2: `usance broken --help` ends with 3: cannot start",
    ]);
    expect(messages("npx hardhat nod")).to.deep.equal([
      '2: `hardhat nod --help` ends with 1: Error HHE404: Task "nod" not found',
    ]);
  });

  it("finds a file that does not exist", () => {
    expect(messages("npx tsx scripts/b.ts")).to.deep.equal(["2: there is no scripts/b.ts"]);
    expect(messages("./scripts/b.sh")).to.deep.equal(["2: there is no ./scripts/b.sh"]);
  });

  it("lets nothing through that it cannot check", () => {
    expect(messages("make all")).to.deep.equal([
      "2: nothing checks `make all`: make it an npm script, or a command of usance",
    ]);
    expect(messages("npm frobnicate")).to.deep.equal(["2: nothing checks `npm frobnicate`"]);
  });
});
