import type { Deployment } from "@usance/sdk";
import { encodeDeployData, getAddress, sliceHex, type Abi, type Address, type Client, type Hex } from "viem";
import { call, getCode } from "viem/actions";
import { MODULES, moduleName } from "../../ignition/exchange.ts";

/** What the check needs of an artifact of Hardhat. */
export interface Artifact {
  abi: Abi;
  bytecode: Hex;
  deployedBytecode: Hex;
  /** Places of each immutable in the code, in bytes. */
  immutableReferences?: Record<string, readonly { start: number; length: number }[]> | undefined;
}

/** Reads the artifact of a contract by its name. */
export type ReadArtifact = (name: string) => Promise<Artifact>;

/**
 * Compares the code on the chain with what these sources compile to, immutables included: the constructor is run in a
 * call with the arguments that it should have had. So all modules have the same authority, collateral and index.
 */
export async function codeProblems(
  client: Client,
  deployment: Deployment,
  { bond, keeper }: { bond: { amount: bigint; proverBps: number; fundMarket: number }; keeper: Address },
  readArtifact: ReadArtifact,
): Promise<string[]> {
  const configuration = {
    authority: deployment.accessManager,
    collateral: deployment.collateral,
    index: deployment.usageIndex,
  };
  const house = await readArtifact("Clearinghouse");
  const modules = modulesIn(
    house,
    await codeAt(client, deployment.clearinghouse),
    Object.values(configuration),
  );
  if (modules.length !== MODULES.length)
    return [`clearinghouse: its code names ${modules.length} modules instead of ${MODULES.length}`];
  const named = Object.fromEntries(MODULES.map((name, place) => [name, modules[place] as Address]));
  const problems: string[] = [];
  const compare = async (name: string, address: Address, args: readonly unknown[]) => {
    const { abi, bytecode } = await readArtifact(name);
    const { data } = await call(client, { data: encodeDeployData({ abi, bytecode, args }) });
    if (data !== (await codeAt(client, address)))
      problems.push(`${name} at ${address}: its code or what was built into it is not what it should be`);
  };
  for (const module of MODULES) await compare(moduleName(module), named[module] as Address, [configuration]);
  await compare("Clearinghouse", deployment.clearinghouse, [configuration, named]);
  await compare("ReporterBonds", deployment.reporterBonds, [
    deployment.accessManager,
    deployment.usageIndex,
    deployment.clearinghouse,
    bond.fundMarket,
    bond.amount,
    bond.proverBps,
  ]);
  if (deployment.automation)
    await compare("KeeperAutomation", deployment.automation, [
      deployment.clearinghouse,
      deployment.usageIndex,
      keeper,
    ]);
  // These build their own address in, which a call cannot foresee: there the code between immutables is compared.
  const compareBetween = async (name: string, address: Address) => {
    const artifact = await readArtifact(name);
    const found = withoutImmutables(artifact, await codeAt(client, address));
    if (found !== withoutImmutables(artifact, artifact.deployedBytecode))
      problems.push(`${name} at ${address}: its code is not what it should be`);
  };
  await compareBetween("UsageIndex", deployment.usageIndex);
  if (deployment.signedOrders) await compareBetween("SignedOrders", deployment.signedOrders);
  return problems;
}

async function codeAt(client: Client, address: Address): Promise<Hex> {
  return (await getCode(client, { address })) ?? "0x";
}

/** Addresses that the clearing house's code holds, in the order of their declaration, but for the known ones. */
function modulesIn({ immutableReferences = {} }: Artifact, code: Hex, known: readonly Address[]): Address[] {
  const addresses = Object.entries(immutableReferences)
    .sort(([a], [b]) => Number(a) - Number(b))
    .flatMap(([, [place]]) => {
      if (place === undefined || code.length < 2 + 2 * (place.start + place.length)) return [];
      const word = sliceHex(code, place.start, place.start + place.length);
      // The number of units in a millionth of a token is far below any address.
      return BigInt(word) >> 64n === 0n ? [] : [getAddress(sliceHex(word, 12))];
    });
  return addresses.filter((address) => !known.includes(address));
}

function withoutImmutables({ immutableReferences = {} }: Artifact, code: Hex): string {
  const digits = code.split("");
  for (const { start, length } of Object.values(immutableReferences).flat())
    digits.fill("0", 2 + 2 * start, 2 + 2 * (start + length));
  return digits.join("");
}
