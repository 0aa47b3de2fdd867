import { existsSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clearinghouseAbi, reporterBondsAbi, usageIndexAbi } from "@usance/sdk/abis";
import { getFeed, type Deployment } from "@usance/sdk";
import { expect } from "chai";
import { config, network } from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";
import {
  createPublicClient,
  custom,
  getAbiItem,
  parseAbi,
  toFunctionSelector,
  type AbiFunction,
  type Address,
  type PublicClient,
} from "viem";
import { deployLocal } from "../../scripts/deploy/local.ts";
import { readDeployment, saveDeployment } from "../../scripts/deploy/deployment.ts";
import { RESTRICTED, Roles, type RoleName } from "../../scripts/deploy/roles.ts";
import { TU1D_CONFIG, TU1D_FEED } from "../../scripts/deploy/terms.ts";
import { localPanel } from "../../scripts/reporter/panel.ts";

const managerAbi = parseAbi([
  "function hasRole(uint64 role, address account) view returns (bool isMember, uint32 executionDelay)",
  "function getTargetFunctionRole(address target, bytes4 selector) view returns (uint64)",
  "function isTargetClosed(address target) view returns (bool)",
]);
const tokenAbi = parseAbi([
  "function name() view returns (string)",
  "function decimals() view returns (uint8)",
  "function authority() view returns (address)",
]);

describe("deployLocal", () => {
  let connection: NetworkConnection;
  let client: PublicClient;
  let deployment: Deployment;
  let deployer: Address;

  before(async () => {
    connection = await network.create();
    client = createPublicClient({ transport: custom(connection.provider) });
    deployment = await deployLocal({ connection, save: false });
    const accounts = (await connection.provider.request({ method: "eth_accounts" })) as Address[];
    deployer = accounts[0] ?? "0x";
  });
  after(() => connection?.close());

  it("wires index, collateral and authority", async () => {
    const clearinghouse = { address: deployment.clearinghouse, abi: clearinghouseAbi } as const;
    expect(await client.readContract({ ...clearinghouse, functionName: "collateral" })).to.equal(
      deployment.collateral,
    );
    for (const address of [deployment.clearinghouse, deployment.usageIndex])
      expect(await client.readContract({ address, abi: tokenAbi, functionName: "authority" })).to.equal(
        deployment.accessManager,
      );
    const token = { address: deployment.collateral, abi: tokenAbi } as const;
    expect(await client.readContract({ ...token, functionName: "decimals" })).to.equal(6);
    expect(await client.readContract({ ...token, functionName: "name" })).to.equal("Usance test dollar");
  });

  it("lists TU1D with its terms, panel and reader", async () => {
    const index = { address: deployment.usageIndex, abi: usageIndexAbi } as const;
    const args = [TU1D_FEED.index] as const;
    expect(await client.readContract({ ...index, functionName: "config", args })).to.deep.equal(TU1D_CONFIG);
    expect(await client.readContract({ ...index, functionName: "readers", args })).to.deep.equal([
      deployment.clearinghouse,
    ]);
    for (const [seat, { address }] of localPanel().entries())
      expect(
        await client.readContract({ ...index, functionName: "reporter", args: [address] }),
        `reporter ${seat + 1}`,
      ).to.deep.equal([true, seat]);
    expect(await client.readContract({ ...index, functionName: "panel" })).to.equal(0b111_1111);
  });

  it("follows TU1D as feed 1, with nothing pushed yet", async () => {
    const feed = await getFeed(client, { deployment, feed: 1 });
    expect(feed).to.include({ index: TU1D_FEED.index, target: 0n, followed: 0n, sequence: 0n });
    const [added] = await client.getContractEvents({
      address: deployment.clearinghouse,
      abi: clearinghouseAbi,
      eventName: "FeedAdded",
      fromBlock: BigInt(deployment.block),
      strict: true,
    });
    expect(added?.args.listing).to.deep.equal(TU1D_FEED);
  });

  it("gives every restricted function to its role, and no other function to anybody", async () => {
    for (const [contract, abi] of [
      ["clearinghouse", clearinghouseAbi],
      ["usageIndex", usageIndexAbi],
      ["reporterBonds", reporterBondsAbi],
    ] as const) {
      const roles = Object.entries(RESTRICTED[contract]) as [RoleName, readonly string[]][];
      const roleOf = new Map(roles.flatMap(([role, names]) => names.map((name) => [name, Roles[role]])));
      for (const name of roleOf.keys())
        expect(getAbiItem({ abi: abi as readonly AbiFunction[], name }), name).not.to.equal(undefined);
      for (const item of abi) {
        if (item.type !== "function") continue;
        const role = await client.readContract({
          address: deployment.accessManager,
          abi: managerAbi,
          functionName: "getTargetFunctionRole",
          args: [deployment[contract], toFunctionSelector(item)],
        });
        expect(role, item.name).to.equal(roleOf.get(item.name) ?? 0n);
      }
    }
  });

  it("gives the roles to the deployer without delay, and to nobody else", async () => {
    const [reporter] = localPanel();
    for (const role of [0n, ...Object.values(Roles)]) {
      const hasRole = (account: Address) =>
        client.readContract({
          address: deployment.accessManager,
          abi: managerAbi,
          functionName: "hasRole",
          args: [role, account],
        });
      // The bonds bring what was slashed into a fund.
      expect(await hasRole(deployment.reporterBonds), `role ${role}`).to.deep.equal([
        role === Roles.insurer,
        0,
      ]);
      expect(await hasRole(deployer), `role ${role}`).to.deep.equal([true, 0]);
      expect(await hasRole(reporter?.address ?? "0x"), `role ${role}`).to.deep.equal([false, 0]);
    }
  });

  it("leaves no journal behind, which a later deployment to a fresh node would believe", async () => {
    const server = await network.createServer("node", "127.0.0.1", 0);
    const { address, port } = await server.listen();
    try {
      const rpc = `http://${address}:${port}`;
      const first = await deployLocal({ rpc, save: false });
      const second = await deployLocal({ rpc, save: false });
      expect(second.clearinghouse).not.to.equal(first.clearinghouse);
      expect(second.block).to.be.above(first.block);
      const journals = join(config.paths.ignition, "deployments");
      expect(existsSync(journals) ? readdirSync(journals) : []).to.deep.equal([]);
    } finally {
      await server.close();
    }
  });
});

describe("deployment files", () => {
  const folder = mkdtempSync(join(tmpdir(), "usance-"));
  const path = join(folder, "nested", "31337.json");
  const deployment: Deployment = {
    chainId: 31_337,
    block: 7,
    accessManager: "0x5FbDB2315678afecb367f032d93F642f64180aa3",
    collateral: "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512",
    usageIndex: "0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0",
    clearinghouse: "0xCf7Ed3AccA5a467e9e704C703E8D87F634fB0Fc9",
    reporterBonds: "0xDc64a140Aa3E981100a9becA4E685f962f0cF6C9",
  };

  it("are read as they were written", () => {
    saveDeployment(deployment, path);
    expect(readDeployment(path)).to.deep.equal(deployment);
  });

  it("are refused in one sentence where they are missing, no JSON, or no deployment", () => {
    expect(() => readDeployment(join(folder, "none.json"))).to.throw(
      /^There is no deployment at .*none\.json/,
    );
    writeFileSync(path, "{");
    expect(() => readDeployment(path)).to.throw(/is not JSON/);
    writeFileSync(path, JSON.stringify({ ...deployment, usageIndex: "0x12" }));
    expect(() => readDeployment(path)).to.throw(/usageIndex/);
  });
});
