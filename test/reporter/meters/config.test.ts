import { expect } from "chai";
import { readJsonc } from "../../../scripts/lib/jsonc.ts";
import { parseMeters } from "../../../scripts/reporter/meters/config.ts";
import { DAY, refusal } from "../log/entries.ts";

const server = { kind: "prometheus", source: "a", url: "http://127.0.0.1:8000/metrics", priced: true };
const refused = async (value: unknown) => refusal(() => parseMeters(value));

describe("the configuration of meters", () => {
  it("fills in what is left out, but never whether usage is paid for", async () => {
    expect(parseMeters([server])[0]).to.deep.equal({
      kind: "prometheus",
      source: "a",
      url: new URL("http://127.0.0.1:8000/metrics"),
      timeoutSeconds: 10,
      maxBytes: 20_000_000,
      priced: true,
      ownAccount: false,
      labelled: true,
      freeModels: [],
      everySeconds: 60,
    });
    const { priced: _, ...silent } = server;
    const allowed = "Invalid input: expected boolean, received undefined";
    expect(await refused([silent])).to.deep.equal(["MeterError", "InvalidConfiguration", "nothing", allowed]);
  });

  it("has an example in which every kind stands", () => {
    const example = readJsonc(
      new URL("../../../config/meters.example.jsonc", import.meta.url).pathname,
      "configuration of meters",
    );
    const kinds = parseMeters(example).map(({ kind }) => kind);
    expect(kinds).to.have.members([
      "prometheus",
      "litellm-postgres",
      "litellm-csv",
      "otlp",
      "published",
      "csv-folder",
    ]);
    // Of what has a default, the example says the default.
    const required = [
      "kind",
      "source",
      "url",
      "urlEnv",
      "path",
      "from",
      "priced",
      "format",
      "tokenEnv",
      "model",
    ];
    const bare = (example as Record<string, unknown>[]).map((each) =>
      Object.fromEntries(Object.entries(each).filter(([name]) => required.includes(name))),
    );
    const marked = ["freeModels", "accountAttributes", "ownAccounts", "own"];
    const without = (meters: object[]) =>
      meters.map((each) =>
        Object.fromEntries(Object.entries(each).filter(([name]) => !marked.includes(name))),
      );
    expect(without(parseMeters(example))).to.deep.equal(without(parseMeters(bare)));
  });

  it("reads days as dates", () => {
    const [meter] = parseMeters([
      {
        kind: "published",
        source: "p",
        url: "https://example.org",
        priced: true,
        format: "csv",
        from: "2026-09-01",
      },
    ]);
    expect(meter).to.include({ kind: "published", from: DAY, days: 10 });
  });

  it("is refused with the value that is wrong and what is allowed", async () => {
    const second = { ...server, source: "b" };
    const cases: [object, string, unknown, unknown][] = [
      [{ everySeconds: 0 }, "everySeconds", "0", "Too small: expected number to be >0"],
      [{ everySeconds: 3_601 }, "everySeconds", "3601", "Too big: expected number to be <=3600"],
      [{ source: "B" }, "source", '"B"', "a name that matches ^[a-z0-9][a-z0-9._-]{0,63}$"],
      [{ source: "a" }, "source", '"a"', "a name that no other meter has"],
      [{ interval: 5 }, "interval", "5", "no such field"],
      [
        { tokenEnv: "sk-123" },
        "tokenEnv",
        '"sk-123"',
        "the name of a variable of the environment, such as API_TOKEN",
      ],
      [
        { url: "http://me:secret@127.0.0.1/" },
        "url",
        '"http://…@127.0.0.1/"',
        "an http or https address without a password; a token goes into the environment",
      ],
      [{ url: "file:///etc/passwd" }, "url", '"file:///etc/passwd"', /^an http or https address/],
      [{ kind: "other" }, "kind", '"other"', /^Invalid/],
    ];
    for (const [change, field, actual, allowed] of cases) {
      const call = () => parseMeters([server, { ...second, ...change }]);
      expect(call, field).to.throw(`meters.1.${field}: InvalidConfiguration`);
      const [name, code, found, wanted] = (await refusal(call)) ?? [];
      expect([name, code, found]).to.deep.equal(["MeterError", "InvalidConfiguration", actual]);
      if (allowed instanceof RegExp) expect(wanted).to.match(allowed);
      else expect(wanted).to.equal(allowed);
    }
    const published = { kind: "published", source: "p", url: server.url, priced: true, format: "csv" };
    const day = await refused([{ ...published, from: "2026-02-30" }]);
    expect(day?.slice(2)).to.deep.equal(['"2026-02-30"', "a date such as 2025-01-31"]);
    expect((await refused([]))?.[2]).to.equal("[]");
    expect((await refused("x"))?.[2]).to.equal('"x"');
    expect((await refused(undefined))?.[2]).to.equal("nothing");
  });
});
