import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Deployment } from "@usance/sdk";
import { network } from "hardhat";
import JSON5 from "json5";
import Usance from "../../ignition/modules/Usance.ts";
import { deployAfresh } from "../../scripts/deploy/local.ts";
import { localPanel } from "../../scripts/reporter/panel.ts";

/** The parameter file of the reference deployment. */
export const REFERENCE = fileURLToPath(new URL("../../ignition/parameters/reference.json5", import.meta.url));

/** The reference deployment on a local node: its file, but for a token that is there and a panel whose keys are known. */
export async function deployReference(rpc: string): Promise<{ deployment: Deployment; parameters: string }> {
  const connection = await network.create({ network: "localnode", override: { url: rpc } });
  try {
    const [deployer] = await connection.ethers.getSigners();
    const token = await connection.ethers.deployContract("CollateralToken", [
      "Usance test dollar",
      "USD",
      6,
      deployer,
    ]);
    const file = JSON5.parse<{ Usance: Record<string, unknown> }>(readFileSync(REFERENCE, "utf8"));
    file.Usance.collateral = await token.getAddress();
    for (const [seat, { address }] of localPanel().entries()) file.Usance[`reporter${seat + 1}`] = address;
    const parameters = join(mkdtempSync(join(tmpdir(), "usance-")), "parameters.json5");
    writeFileSync(parameters, JSON.stringify(file));
    const deployment = await deployAfresh({ connection, module: Usance, parameters, save: false });
    return { deployment, parameters };
  } finally {
    await connection.close();
  }
}
