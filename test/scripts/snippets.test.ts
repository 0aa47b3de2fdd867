import { expect } from "chai";
import { extractCommands, extractSnippets } from "../../scripts/lib/snippets.ts";

const commands = (...lines: string[]) =>
  extractCommands({ page: "page.md", line: 10, language: "sh", flags: [], code: lines.join("\n") });

describe("extractSnippets", () => {
  it("says page, line, language, flags and code of each block", () => {
    const page = ["# Title", "", "```ts run", "const a = 1;", "```", "text", "```sh", "npm ci", "```"].join(
      "\n",
    );
    expect(extractSnippets("README.md", page)).to.deep.equal([
      { page: "README.md", line: 3, language: "ts", flags: ["run"], code: "const a = 1;" },
      { page: "README.md", line: 7, language: "sh", flags: [], code: "npm ci" },
    ]);
  });

  it("takes the indentation of a list item off, and no more", () => {
    const page = ["1. First", "", "   ```sh", "   npm ci", "     npm test", "", "   ```"].join("\n");
    expect(extractSnippets("a.md", page).map(({ code }) => code)).to.deep.equal(["npm ci\n  npm test\n"]);
  });

  it("keeps a shorter fence inside a longer one", () => {
    const page = ["````md", "```sh", "npm ci", "```", "````"].join("\n");
    expect(extractSnippets("a.md", page).map(({ code }) => code)).to.deep.equal(["```sh\nnpm ci\n```"]);
  });

  it("reads pages with Windows line ends and tilde fences", () => {
    expect(extractSnippets("a.md", "~~~sh\r\nnpm ci\r\n~~~\r\n").map(({ code }) => code)).to.deep.equal([
      "npm ci",
    ]);
  });

  it("does not take inline code for a block", () => {
    expect(extractSnippets("a.md", "``` `not` a block ```\n")).to.deep.equal([]);
  });

  it("refuses a block that is never closed", () => {
    expect(() => extractSnippets("a.md", "text\n```sh\nnpm ci\n")).to.throw(
      "a.md:2: this block is never closed",
    );
  });
});

describe("extractCommands", () => {
  it("splits at line ends and operators and says the line of the page", () => {
    expect(commands("npm ci", "cd sdk && npm test; npm start | cat &")).to.deep.equal([
      { line: 11, words: ["npm", "ci"] },
      { line: 12, words: ["cd", "sdk"] },
      { line: 12, words: ["npm", "test"] },
      { line: 12, words: ["npm", "start"] },
      { line: 12, words: ["cat"] },
    ]);
  });

  it("drops comments, assignments and redirections", () => {
    const found = commands(
      "# a comment; npm nothing",
      "A=1 B='2 3' npm run x > out.txt 2>&1 # why",
      "npm ci >log <in",
    );
    expect(found).to.deep.equal([
      { line: 12, words: ["npm", "run", "x"] },
      { line: 13, words: ["npm", "ci"] },
    ]);
  });

  it("joins continued lines", () => {
    expect(commands("npx usance run \\", "  --dry-run", "npm ci")).to.deep.equal([
      { line: 11, words: ["npx", "usance", "run", "--dry-run"] },
      { line: 13, words: ["npm", "ci"] },
    ]);
  });

  it("takes quotes off and splits nothing inside them", () => {
    expect(commands(`echo "a; b" 'c && d' e\\ f #g h#i`)).to.deep.equal([
      { line: 11, words: ["echo", "a; b", "c && d", "e f"] },
    ]);
    expect(commands("echo h#i ''")).to.deep.equal([{ line: 11, words: ["echo", "h#i", ""] }]);
  });

  it("refuses a quote that is never closed", () => {
    expect(() => commands("echo 'a")).to.throw("page.md:10: a quote is never closed");
  });
});
