// The project's configuration with another seed and more runs; read by `hardhat --config`, for one shard of a campaign.
import { defineConfig } from "hardhat/config";
import base from "../../hardhat.config.ts";

const whole = (name: string): number => {
  const value = Number(process.env[name]);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${name} must be a whole number from 1`);
  return value;
};

export default defineConfig({
  ...base,
  test: {
    solidity: {
      fuzz: { seed: `0x${whole("CAMPAIGN_SEED").toString(16).padStart(64, "0")}` },
      invariant: { runs: whole("CAMPAIGN_RUNS"), depth: whole("CAMPAIGN_DEPTH"), failOnRevert: true },
    },
  },
});
