import { buildModule } from "@nomicfoundation/ignition-core";
import { deployExchange } from "../exchange.ts";
import { govern, handOver } from "../governance.ts";

/**
 * An exchange on an existing collateral token: a standard ERC-20 of 6 to 18 decimals, parameter `collateral`. Its roles
 * go to the addresses that the parameters name, with their delays, and the deployer keeps nothing.
 */
export default buildModule("Usance", (m) => {
  const { contracts, setUp } = deployExchange(
    m,
    m.getParameter<string>("collateral"),
    m.getParameter<string>("keeper"),
  );
  const roles = govern(m, contracts, setUp, (role) => m.getParameter<string>(role));
  handOver(m, contracts.accessManager, roles);
  return contracts;
});
