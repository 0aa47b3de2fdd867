// A process that signs reports of whatever its source says at the moment, tells each signature, and goes on until it is killed.
import { writeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { hashReport } from "@usance/sdk";
import { keccak256, toHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { TU1D } from "../../../scripts/reporter/calculation.ts";
import { SigningGuard, signGuarded } from "../../../scripts/reporter/node/guard.ts";

export const account = privateKeyToAccount(keccak256(toHex("reporter")));
export const domain = { chainId: 31_337, usageIndex: "0x9fe46736679d2d9a65f0992f2272de9f3c7fa6e0" } as const;

/** A report as a source gives it that has been revised this often. */
export const reportOf = (period: number, revision: number, source: number) => ({
  index: TU1D,
  period,
  revision,
  value: 10n ** 21n + BigInt(source % 5),
  vintage: keccak256(toHex(source >> 3)),
  deadline: 1_000_000n,
});

async function live([path = "", seed = "0"]: string[]): Promise<void> {
  const guard = new SigningGuard(path, domain);
  for (let source = Number(seed); ; source += 1)
    for (let period = 1; period <= 40; period++) {
      const { signed, report } = await signGuarded(
        guard,
        account,
        domain,
        reportOf(period, 1, source + period),
      );
      // At once and whole, so that everything that was told is known to whoever kills.
      writeSync(1, `${period} ${hashReport({ ...report, ...domain })} ${signed.r}${signed.vs.slice(2)}\n`);
    }
}

// The test runner loads every file of its folder.
if (process.argv[1] === fileURLToPath(import.meta.url)) await live(process.argv.slice(2));
