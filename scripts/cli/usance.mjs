#!/usr/bin/env node
// Starts the command line on a Node that Hardhat accepts. npx and npm's own links run this file on
// whatever `node` comes first on the PATH, which may be older than the one in node_modules/.bin.
import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
// In a clone, or where the package was installed into another project.
const bundled = ["../../node_modules/.bin/node", "../../../.bin/node"].map(here).find(isExecutable);

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const [major, minor] = process.versions.node.split(".").map(Number);
const isRecent = major > 22 || (major === 22 && minor >= 13);
const node = bundled ?? (isRecent ? process.execPath : undefined);
if (node === undefined) {
  console.error(
    `usance needs Node 22.13 or newer, and this is ${process.version}: install one, or run npm ci on x64 Linux`,
  );
  process.exit(1);
}

const child = spawn(
  node,
  ["--import", import.meta.resolve("tsx"), here("main.ts"), ...process.argv.slice(2)],
  {
    stdio: "inherit",
  },
);
// The child ends in its own way; this process only passes the wish on and reports the outcome.
const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
const forward = (signal) => child.kill(signal);
for (const signal of signals) process.on(signal, forward);
child.on("error", (error) => {
  console.error(`usance cannot start ${node}: ${error.message}`);
  process.exit(1);
});
child.on("exit", (code, signal) => {
  if (signal === null) process.exit(code ?? 1);
  for (const name of signals) process.off(name, forward);
  process.kill(process.pid, signal);
});
