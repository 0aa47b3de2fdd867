// Writes sdk/src/abis.ts: the ABI `as const` of each contract that the SDK talks to, from the compiled contracts; and
// sdk/src/ethers/contracts: the same contracts as TypeChain types them for ethers; sdk/src/errors/errorLines.ts: every error
// with its sentence of sentences.ts, as few bytes as a bundle can hold.
// `--check` writes nothing and fails where a committed file is stale.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { transformSync } from "esbuild";
import { generateEthers } from "./lib/gen-ethers.mjs";

const artifacts = new URL("../artifacts/default/", import.meta.url);

// Every module that stands behind the clearing house's fallback.
const modules = readdirSync(new URL("contracts/clearing/modules/", artifacts))
  .sort()
  .map((file) => `contracts/clearing/modules/${file.replace(/\.sol$/, "")}`);

// The first artifact gives functions and events; every one gives its errors, since a call may fail in code that the
// interface does not name: a module behind the fallback, a library of OpenZeppelin.
const contracts = {
  clearinghouse: [
    "contracts/clearing/interfaces/IClearinghouse",
    "contracts/clearing/Clearinghouse",
    ...modules,
  ],
  usageIndex: ["contracts/index/interfaces/IUsageIndex", "contracts/index/UsageIndex"],
  collateral: ["contracts/token/CollateralToken"],
  reporterBonds: ["contracts/index/interfaces/IReporterBonds", "contracts/index/ReporterBonds"],
  signedOrders: ["contracts/periphery/SignedOrders"],
  automation: ["contracts/periphery/interfaces/IKeeperAutomation", "contracts/periphery/KeeperAutomation"],
};

// Contracts that the SDK has no action for, and whose refusals reach a program all the same: what governs the exchange, and
// the feeds beside the index.
const errorsOnly = [
  "@openzeppelin/contracts/access/manager/AccessManager",
  "contracts/index/adapters/FeedSource",
  "contracts/index/adapters/MeanAggregator",
  "contracts/index/adapters/PrintAggregator",
];

// No ABI has these: the compiler's own, and those that Solady raises in assembly.
const hidden = [
  { inputs: [{ name: "message", type: "string" }], name: "Error", type: "error" },
  { inputs: [{ name: "reason", type: "uint256" }], name: "Panic", type: "error" },
  ...["DeploymentFailed", "LnWadUndefined", "RPowOverflow"].map((name) => ({
    inputs: [],
    name,
    type: "error",
  })),
];

/** Functions, events and errors in the compiler's order, without constructors. */
function merge(paths) {
  const items = new Map();
  for (const [position, path] of paths.entries()) {
    const file = new URL(`${path}.sol/${path.split("/").at(-1)}.json`, artifacts);
    const { abi } = JSON.parse(readFileSync(file, "utf8"));
    for (const item of abi) {
      const named = position === 0 && (item.type === "function" || item.type === "event");
      if (named || item.type === "error") items.set(print(item), item);
    }
  }
  return [...items.values()];
}

/** JSON without the compiler's notes on Solidity types, which only TypeChain needs: they name its structs. */
function print(abi, space) {
  return JSON.stringify(abi, (key, value) => (key === "internalType" ? undefined : value), space);
}

const abis = Object.fromEntries(Object.entries(contracts).map(([name, paths]) => [name, merge(paths)]));
// A program that only trades meets errors of every contract, and should not bring their functions for that.
const known = new Set(abis.clearinghouse.map((item) => print(item)));
const otherErrors = new Map();
const others = Object.entries(abis).flatMap(([name, abi]) => (name === "clearinghouse" ? [] : abi));
for (const item of [...others, ...merge(errorsOnly), ...hidden]) {
  if (item.type === "error" && !known.has(print(item))) otherErrors.set(print(item), item);
}

const sources = new URL("../sdk/src/", import.meta.url);
const { sentences } = await importTypeScript(new URL("errors/sentences.ts", sources));

/** A module whose only imports are types, whatever Node runs this. */
async function importTypeScript(file) {
  const { code } = transformSync(readFileSync(file, "utf8"), { loader: "ts", format: "esm" });
  return import(`data:text/javascript,${encodeURIComponent(code)}`);
}

/** The sentence of an error, with operands by their place: `{0}` in place of `{reporter}`. */
function sentenceOf({ name, inputs }) {
  const sentence = sentences[name];
  if (sentence === undefined) throw new Error(`error ${name} has no sentence: write it into sentences.ts`);
  return sentence.replaceAll(/\{(\w+)\}/g, (_, operand) => {
    const place = inputs.findIndex((input) => input.name.replace(/_$/, "") === operand);
    if (place < 0) throw new Error(`the sentence of ${name} names ${operand}, which the error does not have`);
    return `{${place}}`;
  });
}

/** A line such as `NotReader(bytes32 index,address account)` and the sentence: a fraction of what the ABI takes. */
function lineOf(item) {
  const odd = item.inputs.some((input) => input.name === "" || "components" in input);
  if (odd)
    throw new Error(`error ${item.name} has a struct or an operand without a name, which a line cannot say`);
  return `${item.name}(${item.inputs.map(({ type, name }) => `${type} ${name}`).join(",")})${sentenceOf(item)}`;
}

/** The same error as a type, so that its name and operands are known where it is caught. */
function typeOf({ name, inputs }) {
  const operands = inputs.map((input) => `{ name: "${input.name}"; type: "${input.type}" }`);
  return `  | { type: "error"; name: "${name}"; inputs: readonly [${operands.join(", ")}] }`;
}

function printErrors(own, others) {
  const names = [...own, ...others].map(({ name }) => name);
  const twice = names.filter((name, place) => names.indexOf(name) !== place);
  if (twice.length > 0)
    throw new Error(`two errors with the same name share a sentence: ${twice.join(", ")}`);
  const unknown = Object.keys(sentences).filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`no contract has ${unknown.join(", ")}: remove from sentences.ts`);
  const list = (lines) => JSON.stringify(lines, null, 2);
  return `${NOTE}

/** Sentences of the clearing house's errors, in the order of its ABI. */
export const clearinghouseSentences: readonly string[] = ${list(own.map(sentenceOf))};

/** Every other error, a line each, with its sentence. */
export const otherErrors: readonly string[] = ${list(others.map(lineOf))};

/** The same as items of an ABI. */
export type OtherError =
${others.map(typeOf).join("\n")};
`;
}

const NOTE = "// Generated by scripts/gen-abis.mjs from the compiled contracts. Do not edit.";
const ethers = new URL("ethers/contracts/", sources);
const files = new Map([
  [
    new URL("abis.ts", sources).href,
    [
      NOTE,
      ...Object.entries(abis).map(([name, abi]) => `export const ${name}Abi = ${print(abi, 2)} as const;`),
      "",
    ].join("\n\n"),
  ],
  [
    new URL("errors/errorLines.ts", sources).href,
    printErrors(
      abis.clearinghouse.filter(({ type }) => type === "error"),
      [...otherErrors.values()],
    ),
  ],
  ...Object.entries(await generateEthers(abis)).map(([path, text]) => [new URL(path, ethers).href, text]),
]);

const stale = [...files].filter(
  ([file, text]) => !existsSync(new URL(file)) || readFileSync(new URL(file), "utf8") !== text,
);
const written = existsSync(ethers) ? readdirSync(ethers, { recursive: true, encoding: "utf8" }) : [];
const left = written
  .filter((path) => path.endsWith(".ts"))
  .map((path) => new URL(path, ethers).href)
  .filter((file) => !files.has(file));

if (process.argv.includes("--check")) {
  const wrong = [...stale.map(([file]) => file), ...left].map((file) => file.slice(sources.href.length));
  if (wrong.length > 0) {
    console.error(`stale in sdk/src: ${wrong.join(", ")}; run npm run gen`);
    process.exitCode = 1;
  }
} else {
  // An unchanged file keeps its time, so nothing downstream builds again.
  for (const [file, text] of stale) {
    mkdirSync(new URL(".", file), { recursive: true });
    writeFileSync(new URL(file), text);
  }
  for (const file of left) rmSync(new URL(file));
}
