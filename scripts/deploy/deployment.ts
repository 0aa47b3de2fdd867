import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadDeployment, type Deployment } from "@usance/sdk";

const folder = fileURLToPath(new URL("../../deployments", import.meta.url));

/** File that holds the addresses of a chain's deployment. */
export function deploymentPath(chainId: number): string {
  return join(folder, `${chainId}.json`);
}

/** Writes the addresses of a deployment where the commands look for them. */
export function saveDeployment(deployment: Deployment, path = deploymentPath(deployment.chainId)): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(deployment, null, 2)}\n`);
}

/**
 * Reads the addresses of a deployment.
 * @throws Error in one sentence where the file is missing or is not a deployment.
 */
export function readDeployment(path: string): Deployment {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    throw new Error(`There is no deployment at ${path}: deploy first, or name its file with --deployment.`);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Error(`${path} is not JSON.`);
  }
  return loadDeployment(json);
}
