import { createInterface } from "node:readline";
import { Writable } from "node:stream";

/** Whether somebody can be asked: questions go to standard error, so that answers of a command may be piped. */
export function hasTerminal(): boolean {
  return Boolean(process.stdin.isTTY) && Boolean(process.stderr.isTTY);
}

/**
 * Asks at the terminal without showing what is typed.
 * @throws Error where the question is left with Ctrl-C or Ctrl-D.
 */
export function askSecret(question: string): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true, historySize: 0 });
  process.stderr.write(question);
  return new Promise((resolve, reject) => {
    lines.on("SIGINT", () => lines.close());
    // The promise is settled already where a line came.
    lines.on("close", () => {
      process.stderr.write("\n");
      reject(new Error("No passphrase was given."));
    });
    lines.on("line", (line) => {
      resolve(line);
      lines.close();
    });
  });
}
