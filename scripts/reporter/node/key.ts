import { readFileSync } from "node:fs";
import { isHex, type LocalAccount } from "viem";
import { privateKeyToAccount } from "viem/accounts";

/** Environment variable that holds a reporter's key. It is not that of traders: a host that does both shall not mix them up. */
export const REPORTER_KEY_VARIABLE = "USANCE_REPORTER_KEY";

/** Environment variable that holds the password of the keystore. */
export const PASSWORD_VARIABLE = "USANCE_KEYSTORE_PASSWORD";

/**
 * The reporter's account: from an encrypted keystore where the configuration names one, else from the environment. Never from an argument, which
 * others on the machine can see.
 * @param keystore Path of a keystore (Web3 Secret Storage, version 3).
 * @throws Error in one sentence, without key or password.
 */
export async function loadReporter(
  keystore: string | undefined,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<LocalAccount> {
  return keystore === undefined ? fromEnvironment(environment) : fromKeystore(keystore, environment);
}

function fromEnvironment(environment: NodeJS.ProcessEnv): LocalAccount {
  const key = environment[REPORTER_KEY_VARIABLE];
  if (key === undefined || key === "")
    throw new Error(
      `A reporter needs its key: set the environment variable ${REPORTER_KEY_VARIABLE}, or name a keystore in the configuration.`,
    );
  if (!isHex(key) || key.length !== 66)
    throw new Error(`${REPORTER_KEY_VARIABLE} does not hold a private key of 32 bytes in hex.`);
  return privateKeyToAccount(key);
}

async function fromKeystore(path: string, environment: NodeJS.ProcessEnv): Promise<LocalAccount> {
  const password = environment[PASSWORD_VARIABLE];
  if (password === undefined)
    throw new Error(`The keystore needs its password: set the environment variable ${PASSWORD_VARIABLE}.`);
  let json: string;
  try {
    json = readFileSync(path, "utf8");
  } catch {
    throw new Error(`There is no keystore at ${path}.`);
  }
  // viem does not read keystores, and only those who have one wait for ethers to load.
  const { Wallet, isKeystoreJson } = await import("ethers");
  if (!isKeystoreJson(json)) throw new Error(`${path} is not a keystore.`);
  try {
    const { privateKey } = await Wallet.fromEncryptedJson(json, password);
    return privateKeyToAccount(privateKey as `0x${string}`);
  } catch {
    throw new Error(`The keystore ${path} does not open with the password in ${PASSWORD_VARIABLE}.`);
  }
}
