import { buildModule } from "@nomicfoundation/ignition-core";
import { deployExchange } from "../exchange.ts";

/** An exchange for trying things: its collateral is a test dollar that the deployer mints. */
export default buildModule("UsanceLocal", (m) => {
  const collateral = m.contract("CollateralToken", ["Usance test dollar", "USD", 6, m.getAccount(0)]);
  return { collateral, ...deployExchange(m, collateral) };
});
