import { buildModule } from "@nomicfoundation/ignition-core";
import { deployExchange } from "../exchange.ts";

/** An exchange on an existing collateral token: a standard ERC-20 of 6 to 18 decimals, parameter `collateral`. */
export default buildModule("Usance", (m) => deployExchange(m, m.getParameter<string>("collateral")));
