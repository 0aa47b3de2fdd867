import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { StatementStore } from "../../scripts/statements/store.ts";
import { BASE, statement } from "../calculator/statements.ts";
import { endsWithTests } from "../support/children.ts";
import { admitted } from "./storing.ts";

describe("a store of statements whose process is killed", () => {
  it("has everything that it said it had, and goes on", async () => {
    const script = fileURLToPath(new URL("storing.ts", import.meta.url));
    const path = join(mkdtempSync(join(tmpdir(), "usance-")), "statements.sqlite");
    const kept: number[] = [];
    for (const first of [0, 10_000]) {
      const child = endsWithTests(
        spawn(process.execPath, ["--import", "tsx", script, path, String(first)], {
          stdio: ["ignore", "pipe", "inherit"],
        }),
      );
      let text = "";
      child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
        if (text.split("\n").length > 10) child.kill("SIGKILL");
      });
      const [, signal] = (await once(child, "close")) as [number | null, string | null];
      expect(signal).to.equal("SIGKILL");
      kept.push(...text.split("\n").slice(0, -1).map(Number));
    }
    expect(kept.length).to.be.above(19);
    const store = new StatementStore(path, admitted);
    for (const day of kept) {
      const [found] = store.knownAt(BASE + day, (BASE + day + 1) * 86_400 + 1);
      expect(found?.statement).to.deep.equal(statement("a", BASE + day, { m: BigInt(day + 1) }));
    }
    store.close();
  });
});
