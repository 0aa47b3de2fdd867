import type { Account, Address, Client, Hex } from "viem";
import { parseSignature } from "viem";
import { getBlock, getChainId, signTypedData } from "viem/actions";
import { AccountMissingError } from "../errors/inputErrors.ts";
import type { ActionErrorType } from "../errors/ContractError.ts";
import { decodeUsanceError } from "../errors/decodeUsanceError.ts";
import { collateral, type DeploymentParameter } from "../internal/contracts.ts";
import { read } from "../internal/read.ts";

/** Seconds that a permit is good for unless told otherwise. */
const lifetime = 3600n;

export type SignPermitParameters = DeploymentParameter & {
  /** Holder who signs; the client's account when left out. */
  account?: Account | Address | undefined;
  /** Collateral units that may be taken. */
  amount: bigint;
  /** Who may take them; the clearing house when left out. */
  spender?: Address | undefined;
  /** Last second (Unix time) of the permit; an hour after the latest block when left out. */
  deadline?: bigint | undefined;
};

export type SignPermitReturnType = { amount: bigint; deadline: bigint; v: number; r: Hex; s: Hex };

export type SignPermitErrorType = ActionErrorType;

/**
 * Sign an ERC-2612 permit that lets the clearing house (or another spender) take collateral, without a transaction.
 *
 * @throws `AccountMissingError` when neither client nor parameters name an account
 *
 * @example
 * import { parseCollateral, signPermit, type Deployment } from "@usance/sdk";
 * import type { WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const { deadline } = await signPermit(wallet, { deployment, amount: parseCollateral("1000") });
 *   console.log(deadline);
 * }
 */
export async function signPermit(
  client: Client,
  parameters: SignPermitParameters,
): Promise<SignPermitReturnType> {
  const { deployment, account = client.account, amount, spender = deployment.clearinghouse } = parameters;
  if (!account) throw new AccountMissingError();
  const owner = typeof account === "string" ? account : account.address;
  try {
    const [domain, nonce, chainId, deadline] = await Promise.all([
      read(client, parameters, collateral, "eip712Domain", []),
      read(client, parameters, collateral, "nonces", [owner]),
      getChainId(client),
      parameters.deadline ?? getBlock(client).then(({ timestamp }) => timestamp + lifetime),
    ]);
    const signature = await signTypedData(client, {
      account,
      domain: {
        name: domain.name,
        version: domain.version,
        chainId,
        verifyingContract: deployment.collateral,
      },
      primaryType: "Permit",
      types: { Permit: permit },
      message: { owner, spender, value: amount, nonce, deadline },
    });
    const { r, s, yParity } = parseSignature(signature);
    return { amount, deadline, v: 27 + yParity, r, s };
  } catch (error) {
    throw decodeUsanceError(error);
  }
}

const permit = [
  { name: "owner", type: "address" },
  { name: "spender", type: "address" },
  { name: "value", type: "uint256" },
  { name: "nonce", type: "uint256" },
  { name: "deadline", type: "uint256" },
] as const;
