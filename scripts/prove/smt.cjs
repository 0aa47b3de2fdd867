// Proves the asserts of one contract with solc's SMTChecker: node scripts/prove/smt.cjs ENGINE FILE CONTRACT, in the environment Z3=path.
// Prints what could not be proven, then "N proven, M not". A child process of scripts/prove/main.ts, since a wasm compiler blocks.
// `timeout` and `solvers` stay as they are: the z3 inside soljson.js starts a thread for its time limit, which wasm cannot.
"use strict";
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const solc = require("solc");

const [engine, file, contract] = process.argv.slice(2);
const root = path.join(__dirname, "..", "..");
const read = (name) => {
  for (const p of [path.join(root, name), path.join(root, "node_modules", name)])
    if (fs.existsSync(p)) return { contents: fs.readFileSync(p, "utf8") };
  return { error: "not found" };
};
// Seconds for one question: an answer that takes longer than that never comes.
const SECONDS = 180;
const smtSolver = (query) => {
  const { stdout, error } = spawnSync(process.env.Z3, ["-smt2", "-in", `-T:${SECONDS}`], {
    input: query,
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  return error === undefined ? { contents: stdout } : { error: error.message };
};

const input = {
  language: "Solidity",
  sources: { [file]: { content: read(file).contents } },
  settings: {
    modelChecker: {
      engine,
      solvers: ["smtlib2"],
      contracts: { [file]: [contract] },
      targets: ["assert", "overflow", "underflow", "divByZero"],
      showProvedSafe: true,
      showUnproved: true,
    },
    outputSelection: {},
  },
};
const out = JSON.parse(solc.compile(JSON.stringify(input), { import: read, smtSolver }));
let proven = 0;
let not = 0;
for (const { message, severity, formattedMessage } of out.errors ?? []) {
  if (/(CHC|BMC): .*check is safe!/.test(message)) proven += 1;
  else if (
    severity === "error" ||
    /^(CHC|BMC): (.* (might happen|happens) here|Error during)/.test(message)
  ) {
    not += 1;
    console.log(formattedMessage);
  } else if (process.env.VERBOSE) console.log(formattedMessage);
}
console.log(`${proven} proven, ${not} not`);
