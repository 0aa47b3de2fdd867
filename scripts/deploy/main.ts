// Deploys to the network of the command line and writes deployments/<chainId>.json:
//
//   npx hardhat run scripts/deploy/main.ts --network localnode
//   USANCE_PARAMETERS=ignition/parameters/<yours>.json5 HARDHAT_BUILD_PROFILE=production \
//     npx hardhat run scripts/deploy/main.ts --network <network>
//
// Without a parameter file it deploys a local exchange with a test dollar, and refuses to do so elsewhere.
import { network } from "hardhat";
import type { Address } from "viem";
import Usance from "../../ignition/modules/Usance.ts";
import { deployExchange } from "./exchange.ts";
import { deployLocal } from "./local.ts";
import { problemsOf, readParameters } from "./parameters.ts";

const LOCAL_CHAIN = 31_337;

const connection = await network.create();
try {
  const parameters = process.env.USANCE_PARAMETERS;
  const chainId = Number(await connection.provider.request({ method: "eth_chainId" }));
  if (parameters === undefined && chainId !== LOCAL_CHAIN)
    throw new Error(`Chain ${chainId} is no local node: name a parameter file in USANCE_PARAMETERS.`);
  const deployment =
    parameters === undefined ? await deployLocal({ connection }) : await deployBy(parameters);
  console.log(JSON.stringify(deployment, null, 2));
} finally {
  await connection.close();
}

async function deployBy(parameters: string) {
  const [deployer] = (await connection.provider.request({ method: "eth_accounts" })) as Address[];
  if (deployer === undefined) throw new Error("The network has no account that signs.");
  const problems = problemsOf(readParameters(parameters), deployer);
  if (problems.length > 0) throw new Error(`Nothing was deployed: ${problems.join("; ")}.`);
  return deployExchange({ connection, module: Usance, parameters, save: true });
}
