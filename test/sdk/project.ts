import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { root } from "../../scripts/lib/production.ts";
import { endsWithTests } from "../support/children.ts";

/** What npm packs. */
export interface Package {
  file: string;
  /** Paths inside the package. */
  contents: string[];
  /** Bytes of the packed file. */
  size: number;
}

/** Without what an outer npm says about itself. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.toLowerCase().startsWith("npm_")),
);

function npm(cwd: string, cache: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync("npm", [...args, "--offline", "--cache", cache], {
    cwd,
    env: environment,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  if (status !== 0) throw error ?? new Error(`npm ${args.join(" ")} failed:\n${stdout}${stderr}`);
  return stdout;
}

/** npm's cache goes where the packed file goes, and away with it. */
function cacheBeside(folder: string): string {
  return join(folder, "npm-cache");
}

/** An empty folder outside the repository, into which the packed SDK is installed as a user would. */
export class Project {
  private constructor(readonly folder: string) {}

  /** Packs the SDK as it is built. */
  static pack(folder: string): Package {
    mkdirSync(folder, { recursive: true });
    const flags = ["--json", "--ignore-scripts", "--pack-destination", folder];
    const [packed] = JSON.parse(npm(join(root, "sdk"), cacheBeside(folder), "pack", ...flags)) as [
      { filename: string; size: number; files: { path: string }[] },
    ];
    return {
      file: join(folder, packed.filename),
      contents: packed.files.map(({ path }) => path).sort(),
      size: packed.size,
    };
  }

  /**
   * Installs a package into an empty folder.
   * @param peers What the user has installed beside it: these come from the repository, since a test asks no registry.
   */
  static install({ file }: Package, peers: readonly string[]): Project {
    const folder = mkdtempSync(join(tmpdir(), "usance-project-"));
    writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
    npm(
      folder,
      cacheBeside(dirname(file)),
      "install",
      file,
      "--legacy-peer-deps",
      "--no-audit",
      "--no-fund",
      "--ignore-scripts",
    );
    for (const peer of peers) {
      symlinkSync(join(root, "node_modules", peer), join(folder, "node_modules", peer), "junction");
    }
    return new Project(folder);
  }

  /**
   * Runs a program of the folder.
   * @returns What it wrote to its output.
   * @throws Error with what it wrote, where it fails.
   */
  async run(
    program: string,
    variables: Record<string, string>,
    args: readonly string[] = [],
  ): Promise<string> {
    const types = process.features.typescript ? [] : ["--experimental-strip-types"];
    const child = endsWithTests(
      spawn(process.execPath, [...types, program, ...args], {
        cwd: this.folder,
        env: { ...environment, ...variables, NODE_OPTIONS: "" },
        stdio: ["ignore", "pipe", "pipe"],
      }),
    );
    let [out, err] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    // An error of viem goes on for thousands of lines.
    if (code !== 0) throw new Error(`${program} ended with ${code}:\n${out}${err.slice(0, 2_000)}`);
    return out;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
