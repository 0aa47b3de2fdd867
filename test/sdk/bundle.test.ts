import { gzipSync } from "node:zlib";
import { collateralAbi, usageIndexAbi } from "@usance/sdk/abis";
import { expect } from "chai";
import { build } from "esbuild";
import { root } from "../../scripts/lib/production.ts";
import { collateralDecimals, lockedPrints } from "../../sdk/src/internal/contracts.ts";

/** What a program that reads and trades imports. */
const readAndTrade = [
  "loadDeployment",
  "getMarket",
  "getBook",
  "getAccount",
  "previewOrder",
  "placeOrder",
  "cancelOrder",
  "decodeUsanceError",
  "isContractError",
];

/** Bytes that a program adds to a page, gzipped, without the libraries that it stands on. */
async function sizeOf(names: readonly string[], from = "@usance/sdk") {
  const { outputFiles, metafile } = await build({
    stdin: {
      contents: `export { ${names.join(", ")} } from ${JSON.stringify(from)};`,
      resolveDir: root,
    },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "browser",
    external: ["viem", "viem/*", "ethers"],
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports.map(({ path }) => path));
  return {
    size: gzipSync(outputFiles[0]!.contents, { level: 9 }).length,
    imports: [...new Set(imports)].sort(),
  };
}

describe("SDK bundle", () => {
  it("adds at most 20 kB to a program that reads and trades", async () => {
    const { size, imports } = await sizeOf(readAndTrade);
    expect(imports).to.deep.equal(["viem", "viem/actions"]);
    expect(size).to.be.at.most(20_000);
  });

  it("holds only what is imported", async () => {
    expect((await sizeOf(["parsePrice", "formatPrice"])).size).to.be.lessThan(1_500);
    expect((await sizeOf(["getMarket"])).size).to.be.lessThan((await sizeOf(readAndTrade)).size);
  });

  it("has the functions of other contracts that it needs as the contracts have them", () => {
    const abi: readonly object[] = [...collateralAbi, ...usageIndexAbi];
    for (const item of [...collateralDecimals.abi, ...lockedPrints.abi]) expect(abi).to.deep.include(item);
  });

  it("has an entry for ethers that brings nothing of viem", async () => {
    const { size, imports } = await sizeOf(["loadDeployment", "mined", "usance"], "@usance/sdk/ethers");
    expect(imports).to.deep.equal(["ethers"]);
    expect(size).to.be.at.most(20_000);
  });
});
