import { spawn } from "node:child_process";
import { openSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Deployment } from "@usance/sdk";
import { toHex } from "viem";
import type { HDAccount } from "viem/accounts";
import { deploymentPath } from "../deploy/deployment.ts";
import { root } from "../lib/production.ts";
import { keeperAccount, visitorAccount } from "./cast.ts";
import type { LocalNode } from "./node.ts";

/** Environment variable from which the commands take the key that signs. */
const KEY_VARIABLE = "USANCE_PRIVATE_KEY";

/**
 * Leaves the node and the keepers running, each in its own process, and writes a file that sets the key of a funded test
 * account.
 * @returns What a person needs to know to try things by hand.
 */
export async function keepRunning(node: LocalNode, deployment: Deployment, folder: string): Promise<string> {
  const log = openSync(join(folder, "keepers.log"), "w");
  const keepers = spawn(
    process.execPath,
    [join(root, "scripts/cli/usance.mjs"), "--rpc", node.url, "keeper", "run"],
    {
      cwd: root,
      detached: true,
      stdio: ["ignore", log, log],
      env: { ...process.env, [KEY_VARIABLE]: privateKeyOf(keeperAccount()) },
    },
  );
  keepers.unref();
  await node.release();
  const visitor = visitorAccount();
  const keyFile = join(folder, "local.env");
  writeFileSync(keyFile, `export ${KEY_VARIABLE}=${privateKeyOf(visitor)}\nexport USANCE_RPC=${node.url}\n`, {
    mode: 0o600,
  });
  return `
node and keepers are running: stop them with  kill ${node.pid} ${keepers.pid}
RPC URL          ${node.url}
addresses        ${relative(root, deploymentPath(deployment.chainId))}
clearing house   ${deployment.clearinghouse}
usage index      ${deployment.usageIndex}
collateral       ${deployment.collateral}
key              ${KEY_VARIABLE}, a funded test account (${visitor.address}):  source ${relative(root, keyFile)}
`;
}

function privateKeyOf(account: HDAccount): `0x${string}` {
  const key = account.getHdKey().privateKey;
  if (key === null) throw new Error("the account has no key");
  return toHex(key);
}
