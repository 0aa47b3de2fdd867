// Writes docs/cli.md: what the command line's own help says. A test compares the two.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { createProgram } from "./program.ts";

/** Where the page stands. */
export const PAGE = fileURLToPath(new URL("../../docs/cli.md", import.meta.url));

const INTRODUCTION = `# The command line

\`usance\` shows the index and the markets, trades, and runs keepers and reporters. It works from a clone, after \`npm ci\`:

\`\`\`sh
npx usance --help
\`\`\`

or from the packages that \`npm pack\` makes in one. Their names are not registered with npm yet, so they are installed from their files, both together, in
a folder of your own; there \`npx usance\` finds the command, and nowhere else.

\`\`\`sh
npm pack -w sdk
npm pack
npm install --prefix ../trading ./usance-sdk-0.1.0.tgz ./usance-0.1.0.tgz
cd ../trading
npx usance --help
\`\`\`

**Node and exchange.** \`--rpc\` or \`USANCE_RPC\` names the node, \`--deployment\` or \`USANCE_DEPLOYMENT\` the file with the exchange's addresses.

**Keys.** Whatever signs does so with a key from a keystore, an encrypted file (Web3 Secret Storage, version 3) that \`usance key\` makes, or from the
environment variable \`USANCE_PRIVATE_KEY\`. An argument never holds a key or a passphrase, because other programs and the shell's history see it;
one that does is refused. The passphrase is asked for unseen, or comes from \`--passphrase-file\` (also a descriptor such as \`/dev/fd/3\`) or
\`USANCE_KEYSTORE_PASSPHRASE\`.

\`\`\`sh
npx usance key new trader.json
export USANCE_KEYSTORE=trader.json
npx usance key address
npx usance account open 1000
\`\`\`

**Units.** Sizes are contracts, prices points (USD in markets on a price), amounts tokens of the collateral, times UTC. All are decimal texts, exact to the
last unit.

**For programs.** \`--json\` prints one answer as JSON (\`book --watch\`: one a line), and an error as \`{ "error": { "name", "message" } }\` on standard
error. The exit code is 0, or 1 after an error, of which one sentence is printed. \`history --csv\` is for spreadsheets.

**What it costs is said before it is sent.** \`order preview\` and \`--dry-run\` send nothing. \`roll\` never accepts a worse spread than it has shown
unless \`--spread\` allows one.
`;

/** The page, made from the help of every command. */
export function reference(): string {
  const program = createProgram({ writeOut: () => {}, writeErr: () => {} });
  return [INTRODUCTION, ...sections(program, "usance", 2)].join("\n");
}

function sections(command: Command, words: string, depth: number): string[] {
  const own = `${"#".repeat(depth)} ${words}\n\n\`\`\`text\n${helpOf(command)}\n\`\`\`\n`;
  return [
    own,
    ...command.commands.flatMap((one) => sections(one, `${words} ${one.name()}`, Math.min(depth + 1, 4))),
  ];
}

/** Help as a terminal of 80 columns shows it, with what stands after it. */
export function helpOf(command: Command): string {
  let text = "";
  const before = command.configureOutput();
  command.configureOutput({
    writeOut: (part) => (text += part),
    getOutHelpWidth: () => 80,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  command.configureOutput(before);
  return text.trimEnd();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(PAGE, reference());
