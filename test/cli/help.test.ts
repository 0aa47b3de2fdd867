import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { expect } from "chai";
import { createProgram, everyCommand } from "../../scripts/cli/program.ts";
import { helpOf, PAGE, reference } from "../../scripts/cli/reference.ts";

/** The commands that do something, by what is typed. */
function leaves(program: Command): { words: string; command: Command }[] {
  const nameOf = (command: Command): string =>
    command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;
  return everyCommand(program)
    .filter(({ commands }) => commands.length === 0)
    .map((command) => ({ words: nameOf(command), command }));
}

/** The lines that a help gives as examples. */
function examplesIn(help: string): string[] {
  const [, after = ""] = help.split(/^Examples?:\n/m);
  return after
    .split("\n")
    .filter((row) => row.startsWith("  usance "))
    .map((row) => row.trim());
}

describe("help of the command line", () => {
  const silent = { writeOut: () => {}, writeErr: () => {} };

  it("has examples of every command, and each is one that it takes", async () => {
    const all = leaves(createProgram(silent));
    expect(all.length).to.be.greaterThan(35);
    for (const { words, command } of all) {
      const examples = examplesIn(helpOf(command));
      // Those of other subjects have their own pages, and may do without.
      if (!/^usance (keeper|hedge)/.test(words)) expect(examples, `${words} has no example`).not.to.be.empty;
      for (const example of examples) {
        const [program, given] = [
          createProgram(silent),
          example
            .replace(/ [|>].*$/, "")
            .split(" ")
            .slice(1),
        ];
        let reached = "";
        for (const one of leaves(program)) one.command.action(() => void (reached = one.words));
        await program.parseAsync(given, { from: "user" });
        expect(reached, example).to.equal(words);
      }
    }
  });

  it("fits a terminal of 80 columns, examples aside", () => {
    for (const { words, command } of leaves(createProgram(silent)))
      for (const row of helpOf(command).split("\n"))
        if (!/^ {2}(usance |\{)/.test(row)) expect(row.length, `${words}: ${row}`).to.be.at.most(80);
  });

  it("is what docs/cli.md says: `npm run docs:cli` writes the page", () => {
    expect(readFileSync(PAGE, "utf8")).to.equal(reference());
  });
});
