import {
  encodeFunctionData,
  hexToBigInt,
  isAddressEqual,
  recoverAddress,
  size,
  slice,
  parseAbi,
  type Address,
  type Client,
  type Hash,
  type Hex,
} from "viem";
import { call, getCode } from "viem/actions";
import { isTemporary } from "../../lib/temporary.ts";

const erc1271Abi = parseAbi(["function isValidSignature(bytes32, bytes) view returns (bytes4)"]);

/** What a contract answers that takes a signature for its own. */
const MAGIC = "0x1626ba7e";

/** Gas that asking a contract may take: somebody else pays for it when the order is executed. */
const MOST_GAS = 500_000n;

const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

/** Whether a signature is good as the contract judges: of a key, or of a contract that vouches for it (ERC-1271). */
export async function isGoodSignature(
  client: Client,
  { signer, hash, signature }: { signer: Address; hash: Hash; signature: Hex },
): Promise<boolean> {
  if ((await getCode(client, { address: signer })) === undefined) return isOfKey(signer, hash, signature);
  try {
    const { data = "0x" } = await call(client, {
      to: signer,
      data: encodeFunctionData({
        abi: erc1271Abi,
        functionName: "isValidSignature",
        args: [hash, signature],
      }),
      gas: MOST_GAS,
    });
    return size(data) >= 32 && slice(data, 0, 4) === MAGIC;
  } catch (error) {
    if (isTemporary(error)) throw error;
    return false;
  }
}

/** 65 bytes, the smaller of the two s, and v as the precompile takes it: everything else the contract refuses. */
async function isOfKey(signer: Address, hash: Hash, signature: Hex): Promise<boolean> {
  if (size(signature) !== 65) return false;
  const v = hexToBigInt(slice(signature, 64, 65));
  if (hexToBigInt(slice(signature, 32, 64)) > HALF_ORDER || (v !== 27n && v !== 28n)) return false;
  try {
    return isAddressEqual(await recoverAddress({ hash, signature }), signer);
  } catch {
    return false;
  }
}
