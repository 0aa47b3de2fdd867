import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { build } from "esbuild";
import { ended, launch } from "../support/command-line.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

function npm(...args: string[]): string {
  // npm says on standard error what it does; only the answer counts. Scripts stay out: what is packed has been built before.
  const { status, stdout, stderr } = spawnSync("npm", [...args, "--ignore-scripts"], {
    cwd: root,
    encoding: "utf8",
  });
  expect(status, stderr).to.equal(0);
  return stdout;
}

describe("the packed command line", () => {
  const folder = mkdtempSync(join(tmpdir(), "usance-pack-"));
  const modules = join(folder, "node_modules");
  const packed = new Set<string>();

  /** Packs a package and unpacks it where npm installs it. */
  function install(name: string, ...workspace: string[]): string[] {
    const [answer] = JSON.parse(npm("pack", "--json", "--pack-destination", folder, ...workspace)) as {
      filename: string;
      files: { path: string }[];
    }[];
    const target = join(modules, name);
    mkdirSync(target, { recursive: true });
    const archive = join(folder, answer?.filename ?? "");
    const { status } = spawnSync("tar", ["-xzf", archive, "-C", target, "--strip-components", "1"]);
    expect(status).to.equal(0);
    return answer?.files.map(({ path }) => path) ?? [];
  }

  before(() => {
    for (const path of install("usance")) packed.add(path);
    install("@usance/sdk", "-w", "sdk");
  });

  it("has every file that it runs, and nothing that only builds or tests", async () => {
    const { metafile } = await build({
      absWorkingDir: root,
      entryPoints: ["scripts/cli/main.ts"],
      bundle: true,
      write: false,
      platform: "node",
      format: "esm",
      packages: "external",
      metafile: true,
    });
    const inputs = Object.keys(metafile.inputs);
    expect(inputs.length).to.be.greaterThan(100);
    for (const file of [...inputs, "scripts/cli/usance.mjs", "LICENSE"])
      expect(packed.has(file), file).to.be.true;
    for (const file of packed)
      expect(file).not.to.match(/^(test|contracts|sdk|cache|artifacts|node_modules)\//);

    // What is not packed is a dependency: those of development are not there.
    const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      dependencies: Record<string, string>;
    };
    const own = new Set([...Object.keys(dependencies), "@usance/sdk"]);
    for (const { imports } of Object.values(metafile.inputs))
      for (const { path, external } of imports) {
        if (!external || isBuiltin(path)) continue;
        const name = path.split("/", path.startsWith("@") ? 2 : 1).join("/");
        expect(own.has(name), path).to.be.true;
      }
  });

  it("runs where it is installed, beside the SDK and what both depend on", async () => {
    for (const name of readdirSync(join(root, "node_modules")))
      if (!/^(@usance|usance)$/.test(name))
        symlinkSync(join(root, "node_modules", name), join(modules, name));
    const program = join(modules, "usance", "scripts", "cli", "usance.mjs");
    const [help, connected] = await Promise.all([
      ended(launch(["--help"], {}, program)),
      ended(launch(["markets", "--rpc", "http://127.0.0.1:1", "--json"], {}, program)),
    ]);
    expect(help.code, help.err).to.equal(0);
    expect(help.out).to.match(/^Usage: usance \[options\] \[command\]/);
    expect(connected.code).to.equal(1);
    expect(JSON.parse(connected.err))
      .to.have.nested.property("error.message")
      .that.matches(/^The node at 127\.0\.0\.1:1 does not answer/);
  });
});
