import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { pino } from "pino";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { fetchStatements } from "../../../scripts/statements/exchange.ts";
import { verifyStatement } from "../../../scripts/statements/signed.ts";
import { parseContributor, readContributor } from "../../../scripts/reporter/contributor/config.ts";
import { runContributor } from "../../../scripts/reporter/contributor/process.ts";
import { at, DAY, inFolder } from "../log/entries.ts";
import { amounts, serving } from "../meters/servers.ts";

const account = privateKeyToAccount(generatePrivateKey());
const log = pino({ level: "silent" });
const limits = { timeoutSeconds: 5, maxBytes: 1_000_000 };

/** Runs a contributor's process until the work is done. */
async function contributing(
  config: object,
  clock: () => number,
  work: (url: string) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  let run = Promise.resolve();
  const listening = new Promise<string>((onListening, reject) => {
    run = runContributor(parseContributor(config), { account, log, signal: stop.signal, clock, onListening });
    run.catch(reject);
  });
  try {
    await work(await listening);
  } finally {
    stop.abort();
    await run;
  }
}

describe("a contributor's process", () => {
  it("meters a server, publishes each day signed, corrects it, and says the same after a restart", async () => {
    let prompt = 1_000;
    let now = at(DAY, 23);
    await inFolder((folder) =>
      serving(
        (_, response) => void response.end(`vllm:prompt_tokens_total{model_name="m"} ${prompt}\n`),
        async (server) => {
          const config = {
            contributor: "c",
            folder: join(folder, "data"),
            http: { port: 0 },
            everySeconds: 0.01,
            meters: [{ kind: "prometheus", source: "s", url: server.href, priced: true, everySeconds: 0.01 }],
          };
          const read = async (url: string) => {
            const body = (await (
              await fetch(`${url}/health`, { headers: { connection: "close" } })
            ).json()) as {
              healthy: boolean;
              sources: { lastRead?: number }[];
            };
            return body.healthy && body.sources.every(({ lastRead = 0 }) => lastRead >= now);
          };
          const statements = async (url: string) =>
            (await fetchStatements(url, DAY, limits)).map(({ signed }) => signed);
          await contributing(
            config,
            () => now,
            async (url) => {
              while (!(await read(url))) await sleep(5);
              prompt = 1_100;
              now = at(DAY, 23.5);
              while (!(await read(url))) await sleep(5);
              expect(await statements(url)).to.deep.equal([]);
              // Fifty of them fell into the next day.
              prompt = 1_200;
              now = at(DAY + 1, 0.5);
              while ((await statements(url)).length === 0) await sleep(5);
              const [signed] = await statements(url);
              if (signed === undefined) throw new Error("nothing was published");
              await verifyStatement(
                signed,
                { contributors: [{ id: "c", address: account.address }] },
                now / 1_000,
              );
              expect(signed.statement.rows.map(amounts)).to.deep.equal([[150n, 0n, 0n, 0n, 0n]]);
              const other = await fetch(`${url}/other`, { headers: { connection: "close" } });
              expect(other.status).to.equal(404);
              const posted = await fetch(url, { method: "POST", headers: { connection: "close" } });
              expect(posted.status).to.equal(405);
            },
          );
          now = at(DAY + 1, 5);
          await contributing(
            config,
            () => now,
            async (url) => {
              while (!(await read(url))) await sleep(5);
              expect(await statements(url)).to.have.length(1);
            },
          );
        },
      ),
    );
  });

  it("ends with an error that nobody foresaw", async () => {
    await inFolder(async (folder) => {
      const config = {
        contributor: "c",
        folder: join(folder, "data"),
        http: { port: 0 },
        meters: [{ kind: "csv-folder", source: "s", path: folder, priced: true }],
      };
      let isBroken = false;
      const clock = () => {
        if (isBroken) throw new Error("the clock is broken");
        return at(DAY, 1);
      };
      let error: unknown;
      await contributing({ ...config, everySeconds: 0.01 }, clock, async () => {
        await sleep(30);
        isBroken = true;
        await sleep(50);
      }).catch((reason: unknown) => (error = reason));
      expect(error).to.be.an("error").with.property("message", "the clock is broken");
    });
  });
});

describe("a contributor's configuration", () => {
  const path = new URL("../../../config/contributor.example.jsonc", import.meta.url).pathname;

  it("has an example whose values are the defaults, except where it says otherwise", () => {
    const example = readContributor(path);
    const marked = readFileSync(path, "utf8").matchAll(/^ {2}(?:"(\w+)".*|\],) \/\/ no default/gm);
    expect([...marked].map(([, name = "meters"]) => name)).to.deep.equal(["contributor", "folder", "meters"]);
    const { contributor, folder, meters } = example;
    const meter = {
      kind: "prometheus",
      source: "vllm-1",
      url: "http://127.0.0.1:8000/metrics",
      priced: true,
    };
    expect(example).to.deep.equal(parseContributor({ contributor, folder, meters: [meter] }));
    expect(meters).to.have.length(1);
  });

  it("is refused with the field, the value and what is allowed", () => {
    const good = {
      contributor: "c",
      folder: "f",
      meters: [{ kind: "csv-folder", source: "s", path: "p", priced: true }],
    };
    const refused = (change: object) => () => parseContributor({ ...good, ...change });
    expect(refused({ contributor: "C" })).to.throw(/contributor is "C": not an id/);
    expect(refused({ latestSeconds: 20_000 })).to.throw(/latestSeconds/);
    expect(refused({ key: "0x01" })).to.throw(/key/);
    expect(refused({ meters: [{ ...good.meters[0], source: "S" }] })).to.throw(
      /meters: meters\.0\.source: InvalidConfiguration\("S", a name that matches/,
    );
  });
});
