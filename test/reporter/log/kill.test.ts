import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { statementOf } from "../../../scripts/reporter/log/log.ts";
import { LOG_STEPS, openLog } from "../../../scripts/reporter/log/sqlite.ts";
import { endsWithTests } from "../../support/children.ts";
import { serving } from "../meters/servers.ts";
import { at, DAY, inFolder } from "./entries.ts";

const script = fileURLToPath(new URL("dying.ts", import.meta.url));

/** Runs the process until it ends, and says by which signal it was ended. */
async function live(path: string, url: URL, step = "", count = 0): Promise<string | null> {
  const args = ["--import", "tsx", script, path, url.href, step, String(count)];
  const child = endsWithTests(spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] }));
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  if (signal === null && code !== 0) throw new Error(errors);
  return signal;
}

describe("a meter that is killed", () => {
  it("at any step of logging or closing, and started again, has counted everything once", async () => {
    let hour = 0;
    let value = 1_000;
    const answer = () =>
      `# hours ${hour}\nvllm:prompt_tokens_total{model_name="m"} ${value}\nvllm:generation_tokens_total{model_name="m"} ${value}\n`;
    await inFolder((folder) =>
      serving(
        (_, response) => void response.end(answer()),
        async (url) => {
          const path = join(folder, "log.sqlite");
          expect(await live(path, url)).to.equal(null);
          for (const step of LOG_STEPS) {
            hour += 1;
            value += 111;
            expect(await live(path, url, step), step).to.equal("SIGKILL");
            // The next life finds what this one wrote, or did not, while usage goes on at the same moment.
            value += 50;
          }
          expect(await live(path, url)).to.equal(null);
          const log = openLog(path, { contributor: "c", clock: () => at(DAY + 2) });
          const total = BigInt(value - 1_000);
          const [row, ...others] = await log.rows(DAY);
          expect(others).to.deep.equal([]);
          expect([row?.input, row?.output]).to.deep.equal([total, total]);
          const { statement, closing } = await statementOf(log, DAY);
          expect(statement.rows).to.deep.equal([row]);
          const entries = await log.entries(DAY);
          expect(closing.entries).to.equal(entries.length);
          expect(new Set(entries.map(({ key }) => key)).size).to.equal(entries.length);
          const revisions = (await log.closings(DAY)).map(({ revision }) => revision);
          expect(revisions).to.deep.equal(revisions.map((_, index) => index + 1));
          log.end();
        },
      ),
    );
  });
});
