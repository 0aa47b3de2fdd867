import { buildModule } from "@nomicfoundation/ignition-core";
import { deployExchange } from "../exchange.ts";
import { govern } from "../governance.ts";

/** An exchange for trying things: its collateral is a test dollar that the deployer mints, and the deployer governs it. */
export default buildModule("UsanceLocal", (m) => {
  const deployer = m.getAccount(0);
  const collateral = m.contract("CollateralToken", ["Usance test dollar", "USD", 6, deployer]);
  const { contracts, setUp } = deployExchange(m, collateral, deployer);
  govern(m, contracts, setUp, () => deployer);
  return { collateral, ...contracts };
});
