/** A fenced block of a Markdown page. */
export interface Snippet {
  /** Path of the page, as it was given. */
  page: string;
  /** 1-based line of the opening fence. */
  line: number;
  /** First word behind the fence, such as `ts`. */
  language: string;
  /** The words behind the language, such as `run`. */
  flags: string[];
  code: string;
}

/** Something on a page that is not so, with the place where it says it. */
export interface Problem {
  page: string;
  line: number;
  message: string;
}

/** Lists the fenced blocks of a page, those inside list items too. */
export function extractSnippets(page: string, markdown: string): Snippet[] {
  const snippets: Snippet[] = [];
  let open: { indent: number; fence: string; snippet: Snippet; lines: string[] } | undefined;
  for (const [index, text] of markdown.split(/\r?\n/).entries()) {
    const match = /^( *)(`{3,}|~{3,})(.*)$/.exec(text);
    const [, indent = "", fence = "", info = ""] = match ?? [];
    if (open === undefined) {
      if (match === null || (fence.startsWith("`") && info.includes("`"))) continue;
      const [language = "", ...flags] = info.trim().split(/\s+/);
      const snippet: Snippet = { page, line: index + 1, language, flags, code: "" };
      open = { indent: indent.length, fence, snippet, lines: [] };
    } else if (match !== null && info.trim() === "" && fence.startsWith(open.fence)) {
      open.snippet.code = open.lines.join("\n");
      snippets.push(open.snippet);
      open = undefined;
    } else {
      const spaces = text.length - text.trimStart().length;
      open.lines.push(text.slice(Math.min(spaces, open.indent)));
    }
  }
  if (open !== undefined) throw new Error(`${page}:${open.snippet.line}: this block is never closed`);
  return snippets;
}

/** A simple command of a shell snippet and the line of the page that it starts on. */
export interface Command {
  line: number;
  words: string[];
}

/**
 * Splits a shell snippet into its simple commands: at line ends, `&&`, `||`, `;`, `|` and `&`. Comments, leading
 * assignments and redirections are dropped, quotes are taken off, continued lines are joined.
 */
export function extractCommands(snippet: Snippet): Command[] {
  const commands: Command[] = [];
  let words: string[] = [];
  let word: string | undefined;
  let start = 0;
  let line = snippet.line + 1;
  let quote: string | undefined;
  const endWord = () => {
    if (word === undefined) return;
    if (words.length === 0) start = line;
    words.push(word);
    word = undefined;
  };
  const endCommand = () => {
    endWord();
    const clean = stripShell(words);
    if (clean.length > 0) commands.push({ line: start, words: clean });
    words = [];
  };
  const { code } = snippet;
  for (let i = 0; i < code.length; i++) {
    const c = code.charAt(i);
    if (quote !== undefined) {
      if (c === quote) quote = undefined;
      else word += c;
    } else if (c === "'" || c === '"') {
      quote = c;
      word ??= "";
    } else if (c === "\\") {
      i++;
      if (code.charAt(i) === "\n") endWord();
      else word = (word ?? "") + code.charAt(i);
    } else if (c === "#" && word === undefined) {
      while (i + 1 < code.length && code.charAt(i + 1) !== "\n") i++;
    } else if (c === "\n" || c === ";" || c === "|" || (c === "&" && !word?.endsWith(">"))) endCommand();
    else if (c === " " || c === "\t") endWord();
    else word = (word ?? "") + c;
    if (code.charAt(i) === "\n") line++;
  }
  if (quote !== undefined) throw new Error(`${snippet.page}:${snippet.line}: a quote is never closed`);
  endCommand();
  return commands;
}

function stripShell(words: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? "";
    if (kept.length === 0 && /^\w+=/.test(word)) continue;
    const redirection = /^\d?(?:>>?|<)(.*)$/.exec(word);
    if (redirection === null) kept.push(word);
    else if (redirection[1] === "") i++;
  }
  return kept;
}
