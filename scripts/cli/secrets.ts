import { KEY_VARIABLE, PASSPHRASE_VARIABLE } from "../lib/keys.ts";

const KEY_OPTION = /^--?(private-?key|key|pk|secret|mnemonic|seed-?phrase)(=|$)/i;
const PASSPHRASE_OPTION = /^--?(keystore-)?(pass-?phrase|pass-?word|pw)(=|$)/i;
/** 32 bytes in hex, alone or as the value of an option: no command takes a hash. */
const KEY = /(^|=)(0x)?[0-9a-f]{64}$/i;
/** Words of a seed. */
const SEED = /^\s*([a-z]+\s+){11,23}[a-z]+\s*$/;

const SEEN = "other programs and the shell's history see it";

/**
 * Refuses a key or passphrase among the arguments, before anything repeats them.
 * @throws Error that says why and what to do, without what was given.
 */
export function refuseSecrets(args: readonly string[]): void {
  if (args.some((arg) => KEY_OPTION.test(arg) || KEY.test(arg) || SEED.test(arg)))
    throw new Error(
      `A private key is never taken from an argument, because ${SEEN}: put it into a keystore by \`usance key import\`, or into the environment variable ${KEY_VARIABLE}, and take no key any more that was an argument.`,
    );
  if (args.some((arg) => PASSPHRASE_OPTION.test(arg)))
    throw new Error(
      `A passphrase is never taken from an argument, because ${SEEN}: type it when you are asked, name a file by --passphrase-file, or set the environment variable ${PASSPHRASE_VARIABLE}.`,
    );
}
