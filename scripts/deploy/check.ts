// Reads a deployment back and compares it with its parameter file and with these sources:
//
//   USANCE_PARAMETERS=ignition/parameters/<yours>.json5 HARDHAT_BUILD_PROFILE=production \
//     npx hardhat run scripts/deploy/check.ts --network <network>
//
// Prints what differs, a line each, and fails where anything does.
import { artifacts, network } from "hardhat";
import { createPublicClient, custom } from "viem";
import { deploymentPath, readDeployment } from "./deployment.ts";
import { readParameters } from "./parameters.ts";
import { readBack } from "./readback.ts";
import type { ReadArtifact } from "./code.ts";

const parameters = process.env.USANCE_PARAMETERS;
if (parameters === undefined) throw new Error("Name the deployment's parameter file in USANCE_PARAMETERS.");
const connection = await network.create();
try {
  const client = createPublicClient({ transport: custom(connection.provider) });
  const deployment = readDeployment(deploymentPath(await client.getChainId()));
  const readArtifact = ((name) => artifacts.readArtifact(name)) as ReadArtifact;
  const problems = await readBack(client, deployment, readParameters(parameters), readArtifact);
  for (const problem of problems) console.error(problem);
  console.log(problems.length === 0 ? "everything is as the file says" : `${problems.length} differences`);
  if (problems.length > 0) process.exitCode = 1;
} finally {
  await connection.close();
}
