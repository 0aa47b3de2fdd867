// Memory and time of a keeper's accounts: filling, re-marking all of them after a price, and recounting. Built and
// read by the code that keepers run, on one thread, without a node. Times are processor time, so that other work on the
// machine does not count. Run by npm run bench:keeper; --json prints the figures as JSON.
import { clearinghouseAbi } from "@usance/sdk/abis";
import { decodeFunctionResult, encodeFunctionResult, zeroAddress } from "viem";
import { population, termsAt, type Member } from "./bench/population.ts";
import { differences } from "./keepers/accounts/compare.ts";
import { BATCH } from "./keepers/accounts/reading.ts";
import { screen } from "./keepers/accounts/screen.ts";
import { FIRST_ACCOUNT } from "./keepers/accounts/shard.ts";
import { AccountTable } from "./keepers/accounts/table.ts";

const SIZES = [10_000, 100_000, 1_000_000];
const REPEATS = 15;

/** What is measured for one number of accounts. */
interface Figures {
  accounts: number;
  positions: number;
  megabytes: number;
  bytesPerAccount: number;
  /** Milliseconds of processor time of one pass over all accounts: the middle and the longest of the repeats. */
  remark: number;
  longest: number;
  /** Accounts in a hundred that a pass would have read from the chain: where nobody falls short, and after two falls of the index. */
  atRest: number;
  afterTwo: number;
  afterEight: number;
}

function measure(accounts: number): Figures {
  const table = new AccountTable();
  let row = 0;
  for (const member of population(accounts)) table.put(row++, { retired: false, ...member });
  // Prices that differ from one another, as they come: none of the passes has the numbers of the one before.
  const falls = Array.from({ length: REPEATS + 5 }, (_, i) => termsAt(-200 + i));
  const times = falls
    .map((terms) => timed(() => screen(table, terms)))
    .slice(5)
    .sort((a, b) => a - b);
  const share = (moveBps: number) => (100 * screen(table, termsAt(moveBps)).length) / accounts;
  return {
    accounts,
    positions: table.positions,
    megabytes: table.bytes / 1e6,
    bytesPerAccount: table.bytes / accounts,
    remark: times[REPEATS >> 1]!,
    longest: times.at(-1)!,
    atRest: share(0),
    afterTwo: share(-200),
    afterEight: share(-800),
  };
}

/** Milliseconds of processor time that the keeper itself spends on one answer of the lens: decoding it and taking it in, or comparing it. */
function measureBatch(): { fill: number; recount: number; kilobytes: number } {
  const members = [...population(BATCH)];
  const data = encodeFunctionResult({
    abi: clearinghouseAbi,
    functionName: "accounts",
    result: members.map(viewOf),
  });
  const decode = () => decodeFunctionResult({ abi: clearinghouseAbi, functionName: "accounts", data });
  const table = new AccountTable();
  const fill = () => decode().forEach((view, row) => table.put(row, view));
  const recount = () =>
    decode().forEach((view, row) => {
      if (differences(table.get(row)!, view).length > 0) throw new Error(`Row ${row} differs from itself.`);
    });
  const middle = (task: () => void) => {
    const times = Array.from({ length: 200 }, () => timed(task)).sort((a, b) => a - b);
    return times[100]!;
  };
  return { fill: middle(fill), recount: middle(recount), kilobytes: data.length / 2 / 1_000 };
}

/** An account as the lens returns it, as far as it matters here. */
function viewOf({ cash, positions }: Member, i: number) {
  return {
    id: FIRST_ACCOUNT + i,
    owner: zeroAddress,
    subaccount: 0,
    retired: false,
    ...{ cash, equity: cash, initialMargin: 0n, maintenanceMargin: 0n, withdrawable: 0n },
    positions: positions.map((position) => ({ ...position, pendingFunding: 0n, pendingLots: 0n })),
  };
}

/** Milliseconds of processor time that a task takes. */
function timed(task: () => unknown): number {
  const start = process.cpuUsage();
  task();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}

const batch = measureBatch();
const figures = SIZES.map(measure);
if (process.argv.includes("--json")) console.log(JSON.stringify({ batch, figures }, null, 2));
else {
  const columns: [string, (of: Figures) => string][] = [
    ["accounts", (of) => of.accounts.toLocaleString("en")],
    ["positions", (of) => of.positions.toLocaleString("en")],
    ["memory", (of) => `${of.megabytes.toFixed(1)} MB`],
    ["an account", (of) => `${of.bytesPerAccount.toFixed(0)} B`],
    ["re-marking", (of) => `${of.remark.toFixed(1)} ms`],
    ["longest", (of) => `${of.longest.toFixed(1)} ms`],
    ["read at rest", (of) => `${of.atRest.toFixed(2)} %`],
    ["after -2 %", (of) => `${of.afterTwo.toFixed(2)} %`],
    ["after -8 %", (of) => `${of.afterEight.toFixed(2)} %`],
  ];
  const line = (cells: string[]) => console.log(cells.map((cell) => cell.padStart(14)).join(""));
  line(columns.map(([name]) => name));
  for (const each of figures) line(columns.map(([, cell]) => cell(each)));
  console.log(
    `\nOne batch of ${BATCH} accounts, ${batch.kilobytes.toFixed(0)} kB, without the node's time: ` +
      `${batch.fill.toFixed(2)} ms to take in, ${batch.recount.toFixed(2)} ms to compare.`,
  );
}
