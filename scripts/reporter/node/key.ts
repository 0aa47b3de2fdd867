import type { LocalAccount } from "viem";
import { accountOfKey, openKeystore } from "../../lib/keys.ts";

/** Environment variable that holds a reporter's key. It is not that of traders: a host that does both shall not mix them up. */
export const REPORTER_KEY_VARIABLE = "USANCE_REPORTER_KEY";

/** Environment variable that holds the password of the keystore. */
export const PASSWORD_VARIABLE = "USANCE_KEYSTORE_PASSWORD";

/**
 * The reporter's account: from an encrypted keystore where the configuration names one, else from the environment. Never from an argument, which
 * others on the machine can see, and never asked for: a reporter's node starts by itself.
 * @param keystore Path of a keystore (Web3 Secret Storage, version 3).
 * @throws Error in one sentence, without key or password.
 */
export async function loadReporter(
  keystore: string | undefined,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<LocalAccount> {
  if (keystore !== undefined)
    return openKeystore(keystore, { environment, variable: PASSWORD_VARIABLE, ask: false });
  const key = environment[REPORTER_KEY_VARIABLE];
  if (key === undefined || key === "")
    throw new Error(
      `A reporter needs its key: set the environment variable ${REPORTER_KEY_VARIABLE}, or name a keystore in the configuration.`,
    );
  return accountOfKey(key, REPORTER_KEY_VARIABLE);
}
