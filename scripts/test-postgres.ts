// Runs the tests that need a real PostgreSQL: on the server that POSTGRES_TEST_URL names, or on a temporary one.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { root } from "./lib/production.ts";
import { findPostgres, startPostgres } from "./tools/postgres.ts";

const hardhat = createRequire(import.meta.url)
  .resolve("hardhat/package.json")
  .replace("package.json", "dist/src/cli.js");

function run(url: string): number {
  const { status } = spawnSync(
    process.execPath,
    [hardhat, "test", "mocha", "--no-compile", "test/reporter/meters/litellm-postgres.test.ts"],
    { cwd: root, stdio: "inherit", env: { ...process.env, POSTGRES_TEST_URL: url } },
  );
  return status ?? 1;
}

const given = process.env.POSTGRES_TEST_URL;
const programs = findPostgres();
if (given !== undefined) process.exitCode = run(given);
else if (programs === undefined)
  console.log("PostgreSQL is not installed and POSTGRES_TEST_URL names no server: its tests were not run");
else {
  const server = await startPostgres(programs);
  try {
    process.exitCode = run(server.url);
  } finally {
    await server.stop();
  }
}
