// A process that keeps statements, tells each one that it has kept, and goes on until it is killed.
import { writeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { keccak256, toHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { signStatement } from "../../scripts/statements/signed.ts";
import { StatementStore } from "../../scripts/statements/store.ts";
import { BASE, RULES, statement } from "../calculator/statements.ts";

const account = privateKeyToAccount(keccak256(toHex("contributor a")));

export const admitted = { contributors: [{ id: "a", address: account.address }], rules: RULES };

async function live([path = "", first = "0"]: string[]): Promise<void> {
  const store = new StatementStore(path, admitted);
  for (let day = Number(first); ; day++) {
    const signed = await signStatement(statement("a", BASE + day, { m: BigInt(day + 1) }), 1, account, RULES);
    await store.add(signed, { now: (BASE + day + 1) * 86_400, source: "test" });
    writeSync(1, `${day}\n`);
  }
}

// The test runner loads every file of its folder.
if (process.argv[1] === fileURLToPath(import.meta.url)) await live(process.argv.slice(2));
