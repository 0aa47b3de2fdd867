import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { expect } from "chai";
import { root } from "../../scripts/lib/production.ts";
import { endsWithTests } from "../support/children.ts";

// The launcher is copied beside a command line of the test's own, which tells what reaches it.
const main = `
const [what, ...rest] = process.argv.slice(2);
if (what === "echo") console.log(JSON.stringify({ rest, node: process.versions.node satisfies string }));
else if (what === "exit") process.exit(Number(rest[0]));
else { setInterval(() => {}, 1000); console.log("waiting"); }
`;

describe("usance launcher", () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "usance-launcher-"));
    mkdirSync(join(folder, "scripts", "cli"), { recursive: true });
    copyFileSync(join(root, "scripts", "cli", "usance.mjs"), join(folder, "scripts", "cli", "usance.mjs"));
    writeFileSync(join(folder, "scripts", "cli", "main.ts"), main);
    writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  function start(...words: string[]) {
    const child = endsWithTests(
      spawn(process.execPath, [join(folder, "scripts", "cli", "usance.mjs"), ...words], {
        stdio: ["ignore", "pipe", "inherit"],
      }),
    );
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    const end = once(child, "close").then(([code, signal]) => ({
      code: code as unknown,
      signal: signal as unknown,
    }));
    return { child, end, output: () => output };
  }

  it("hands every word on, to a Node that Hardhat accepts", async () => {
    const run = start("echo", "--flag", "a b", "");
    expect(await run.end).to.deep.equal({ code: 0, signal: null });
    const { node, rest } = JSON.parse(run.output()) as { node: string; rest: string[] };
    expect(rest).to.deep.equal(["--flag", "a b", ""]);
    const [major = 0, minor = 0] = node.split(".").map(Number);
    expect(major > 22 || (major === 22 && minor >= 13)).to.be.true;
  });

  it("ends as the command line ended", async () => {
    expect(await start("exit", "3").end).to.deep.equal({ code: 3, signal: null });
  });

  for (const signal of ["SIGINT", "SIGTERM"] as const)
    it(`passes ${signal} on and leaves no process behind`, async () => {
      const run = start("wait");
      await once(run.child.stdout, "data");
      run.child.kill(signal);
      // The child holds the pipe: "close" comes only once it is gone too.
      expect(await run.end).to.deep.equal({ code: null, signal });
    });
});
