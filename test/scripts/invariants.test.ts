import { expect } from "chai";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/lib/production.ts";

const folder = join(root, "test/solidity/invariants");

describe("the list of invariants", () => {
  const listed = [
    ...readFileSync(join(folder, "Invariants.md"), "utf8").matchAll(/^\| ([A-Z]-\d\d) \| (.+) \|$/gm),
  ].map(([, id = "", sentence = ""]) => ({ id, sentence: sentence.trim() }));
  // An id in the code is the beginning of the message with which its check fails.
  const checked = readdirSync(folder)
    .filter((file) => file.endsWith(".sol"))
    .flatMap((file) => [...readFileSync(join(folder, file), "utf8").matchAll(/"([A-Z]-\d\d)(?:"|: )/g)])
    .map(([, id = ""]) => id);

  it("names every property that is checked, and none that is not", () => {
    expect([...new Set(listed.map(({ id }) => id))].sort()).to.deep.equal([...new Set(checked)].sort());
  });

  it("has at least forty, each once and in a sentence", () => {
    expect(listed.length).to.be.at.least(40);
    expect(new Set(listed.map(({ id }) => id)).size).to.equal(listed.length);
    for (const { sentence } of listed) expect(sentence).to.match(/^[A-Z].+\.$/);
  });
});
