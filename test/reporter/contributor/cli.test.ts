import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { generatePrivateKey } from "viem/accounts";
import { KEY_VARIABLE } from "../../../scripts/lib/client.ts";
import { root } from "../../../scripts/lib/production.ts";
import { endsWithTests } from "../../support/children.ts";
import { inFolder } from "../log/entries.ts";

const key = generatePrivateKey();

function launch(args: string[], environment: NodeJS.ProcessEnv = {}) {
  const child = endsWithTests(
    spawn(process.execPath, [join(root, "scripts/cli/usance.mjs"), ...args], {
      env: { ...process.env, [KEY_VARIABLE]: key, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    }),
  );
  const said = { out: "", err: "" };
  child.stdout.on("data", (chunk: Buffer) => (said.out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (said.err += chunk.toString()));
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, ...said }));
  return { child, said, ended };
}

describe("usance contributor run", () => {
  it("runs until it is interrupted, and keeps the key out of its logs", async () => {
    await inFolder(async (folder) => {
      const config = join(folder, "contributor.jsonc");
      const meters = [{ kind: "csv-folder", source: "files", path: folder, priced: true }];
      writeFileSync(
        config,
        JSON.stringify({ contributor: "c", folder: join(folder, "data"), http: { port: 0 }, meters }),
      );
      const { child, said, ended } = launch(["contributor", "run", "--config", config]);
      let url: string | undefined;
      while (url === undefined) {
        const [ending] = (await Promise.race([once(child.stderr, "data"), ended.then(() => ["ended"])])) as [
          unknown,
        ];
        if (ending === "ended") throw new Error(said.err);
        url = /"url":"(http:[^"]+)"/.exec(said.err)?.[1];
      }
      const health = await fetch(`${url}/health`, { headers: { connection: "close" } });
      expect([health.status, ((await health.json()) as { contributor: string }).contributor]).to.deep.equal([
        200,
        "c",
      ]);
      child.kill("SIGTERM");
      const { code, out, err } = await ended;
      expect([code, out], err).to.deep.equal([0, ""]);
      expect(err).not.to.include(key.slice(2));
    });
  });

  it("fails with one sentence without a key, and with a configuration that is wrong", async () => {
    await inFolder(async (folder) => {
      const config = join(folder, "contributor.jsonc");
      writeFileSync(
        config,
        '{ "contributor": "c", "folder": "f", "meters": [{ "kind": "otlp", "source": "S" }] }',
      );
      const wrong = await launch(["contributor", "run", "--config", config]).ended;
      expect(wrong.code).to.equal(1);
      expect(wrong.err).to.match(/meters\.0\.source: InvalidConfiguration\("S", /);
      writeFileSync(
        config,
        '{ "contributor": "c", "folder": "f", "meters": [{ "kind": "otlp", "source": "s", "priced": true }] }',
      );
      const keyless = await launch(["contributor", "run", "--config", config], { [KEY_VARIABLE]: "" }).ended;
      expect(keyless.code).to.equal(1);
      expect(keyless.err).to.include(KEY_VARIABLE);
    });
  });
});
