import type { Command, Problem, Snippet } from "./snippets.ts";
import { extractCommands } from "./snippets.ts";

/** The command lines whose own help says what they accept. */
export type Tool = "usance" | "hardhat";

/** What a shell snippet is held against. */
export interface Surroundings {
  /** Names of the npm scripts, by workspace folder; the root's under "". */
  scripts: ReadonlyMap<string, ReadonlySet<string>>;
  /** Is there a file or folder of this path, relative to the repository? */
  exists: (path: string) => boolean;
  /** Runs the tool with these words and `--help`. */
  help: (tool: Tool, words: readonly string[]) => { code: number; output: string };
}

// Commands of the reader's own system, which this project cannot check.
const foreign = new Set(["cat", "cd", "cp", "curl", "echo", "export", "git", "mkdir"]);
// npm commands that need no script of that name; those of `lifecycle` are scripts.
const npmOwn = new Set(["audit", "ci", "install", "ls", "pack"]);
const lifecycle = new Set(["restart", "start", "stop", "test"]);

/** Lists what a `sh` block tells its reader to run although it is not there. */
export function checkShell(snippet: Snippet, surroundings: Surroundings): Problem[] {
  return extractCommands(snippet).flatMap((command) => {
    const message = checkCommand(command, surroundings);
    return message === undefined ? [] : [{ page: snippet.page, line: command.line, message }];
  });
}

function checkCommand({ words }: Command, surroundings: Surroundings): string | undefined {
  const [program = "", ...rest] = words;
  if (foreign.has(program)) return undefined;
  if (program === "npm") return checkNpm(rest, surroundings);
  if (program === "npx" && (rest[0] === "usance" || rest[0] === "hardhat"))
    return checkTool(rest[0], rest.slice(1), surroundings);
  const isRunner = program === "node" || program === "tsx" || (program === "npx" && rest[0] === "tsx");
  const file = program === "npx" ? rest[1] : rest[0];
  if (isRunner)
    return file !== undefined && surroundings.exists(file) ? undefined : `there is no ${file ?? "file"}`;
  if (program.includes("/")) return surroundings.exists(program) ? undefined : `there is no ${program}`;
  return `nothing checks \`${words.join(" ")}\`: make it an npm script, or a command of usance`;
}

function checkNpm(words: readonly string[], { scripts }: Surroundings): string | undefined {
  const own = words.includes("--") ? words.slice(0, words.indexOf("--")) : words;
  const { operands, workspace } = npmOperands(own);
  const known = scripts.get(workspace);
  if (known === undefined) return `there is no workspace ${workspace}`;
  const [name = "", script] = operands;
  const wanted = name === "run" ? script : lifecycle.has(name) ? name : name === "t" ? "test" : undefined;
  if (wanted !== undefined) {
    const place = workspace === "" ? "package.json" : `${workspace}/package.json`;
    return known.has(wanted) ? undefined : `${place} has no script ${wanted}`;
  }
  return npmOwn.has(name) ? undefined : `nothing checks \`npm ${words.join(" ")}\``;
}

function npmOperands(words: readonly string[]): { operands: string[]; workspace: string } {
  const operands: string[] = [];
  let workspace = "";
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? "";
    const [, value] = /^--workspace=(.*)$/.exec(word) ?? [];
    if (value !== undefined) workspace = value;
    else if (word === "-w" || word === "--workspace") workspace = words[++i] ?? "";
    else if (!word.startsWith("-")) operands.push(word);
  }
  return { operands, workspace };
}

/**
 * A command line that asks for help may end well even where it names a command or an option that does not exist, so
 * the text of the help decides: its usage line says which command answered, and the options stand below.
 */
function checkTool(tool: Tool, words: readonly string[], { help }: Surroundings): string | undefined {
  const line = `${tool} ${words.join(" ")}`.trim();
  const own = words.includes("--") ? words.slice(0, words.indexOf("--")) : words;
  const { code, output } = help(tool, own);
  if (code !== 0) return `\`${line} --help\` ends with ${code}: ${output.trim().split("\n").at(-1) ?? ""}`;
  const [, usage = ""] = new RegExp(`^Usage: ${tool} ?(.*)$`, "m").exec(output) ?? [];
  const answered = usage.split(/\s+/).flatMap((word) => (/^[a-z]/.test(word) ? word.split("|") : []));
  // A command that has none of its own takes the words that are left as its arguments.
  const isGroup = answered.length === 0 || usage.includes("[command]");
  const unknown = isGroup ? leadingWords(own).find((word) => !answered.includes(word)) : undefined;
  if (unknown !== undefined) return `\`${line}\`: ${tool} has no command ${unknown}`;
  const general = answered.length > 0 ? help(tool, []).output : "";
  for (const option of own.filter((word) => /^--?[a-z]/.test(word)).map((word) => word.replace(/=.*$/, ""))) {
    const listed = new RegExp(`^ .*(?<![\\w-])${option}(?![\\w-])`, "m");
    if (!listed.test(output) && !listed.test(general)) return `\`${line}\`: there is no option ${option}`;
  }
  return undefined;
}

function leadingWords(words: readonly string[]): readonly string[] {
  const end = words.findIndex((word) => word.startsWith("-"));
  return end === -1 ? words : words.slice(0, end);
}
