import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { isHex, type Hex, type LocalAccount } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { askSecret, hasTerminal } from "./terminal.ts";

/** Environment variable that holds the sender's key. */
export const KEY_VARIABLE = "USANCE_PRIVATE_KEY";

/** Environment variable that names the sender's keystore. */
export const KEYSTORE_VARIABLE = "USANCE_KEYSTORE";

/** Environment variable that holds the passphrase of the sender's keystore. */
export const PASSPHRASE_VARIABLE = "USANCE_KEYSTORE_PASSPHRASE";

/** Fewest characters of the passphrase of a new keystore. */
export const MIN_PASSPHRASE = 8;

/** Where a passphrase may come from, in this order. An argument is not among them: others on the machine can see those. */
export interface PassphraseSource {
  /** File or descriptor (`/dev/fd/3`) whose first line it is. */
  passphraseFile?: string | undefined;
  environment?: NodeJS.ProcessEnv;
  /** Environment variable that holds it; `USANCE_KEYSTORE_PASSPHRASE` when left out. */
  variable?: string;
  /** Whether to ask at the terminal where neither has it; yes when left out. */
  ask?: boolean;
}

/** Where a sender's key may come from: a keystore that is named, else the environment. */
export interface KeySource extends PassphraseSource {
  /** Keystore (Web3 Secret Storage, version 3). */
  keystore?: string | undefined;
}

/**
 * The account of the key in the environment.
 * @throws Error in one sentence, without the key, where there is none or it is not one.
 */
export function accountFromEnvironment(
  environment: NodeJS.ProcessEnv = process.env,
  variable = KEY_VARIABLE,
): LocalAccount {
  const key = environment[variable];
  if (key === undefined || key === "")
    throw new Error(`This needs a key to sign with: set the environment variable ${variable}.`);
  return accountOfKey(key, variable);
}

/**
 * The account of a private key.
 * @param place Where the key was found, for the error.
 * @throws Error in one sentence, without the key, where it is none.
 */
export function accountOfKey(key: string, place: string): LocalAccount {
  const refused = new Error(`${place} does not hold a private key of 32 bytes in hex.`);
  if (!isHex(key) || key.length !== 66) throw refused;
  try {
    return privateKeyToAccount(key);
  } catch {
    // Zero, or beyond the order of the curve.
    throw refused;
  }
}

/**
 * The account that signs: from the keystore that is named, else from what the environment names.
 * @throws Error in one sentence, without key or passphrase.
 */
export async function loadAccount(source: KeySource = {}): Promise<LocalAccount> {
  const { environment = process.env } = source;
  if (source.keystore !== undefined) return openKeystore(source.keystore, source);
  const keystore = environment[KEYSTORE_VARIABLE] || undefined;
  const hasKey = Boolean(environment[KEY_VARIABLE]);
  if (hasKey && keystore !== undefined)
    throw new Error(`Both ${KEY_VARIABLE} and ${KEYSTORE_VARIABLE} are set: unset the one not meant.`);
  if (keystore !== undefined) return openKeystore(keystore, source);
  if (hasKey) return accountFromEnvironment(environment);
  throw new Error(
    `This needs a key to sign with: name a keystore by --keystore or ${KEYSTORE_VARIABLE}, or set the environment variable ${KEY_VARIABLE}.`,
  );
}

/**
 * Opens a keystore.
 * @throws Error in one sentence, without key or passphrase.
 */
export async function openKeystore(path: string, source: PassphraseSource = {}): Promise<LocalAccount> {
  const json = readKeystore(path);
  const passphrase = await readPassphrase(path, source);
  // viem does not read keystores, and only those who have one wait for ethers to load.
  const { decryptKeystoreJson } = await import("ethers");
  let key: string;
  try {
    ({ privateKey: key } = await decryptKeystoreJson(json, passphrase));
  } catch {
    throw new Error(`The keystore ${path} does not open with the passphrase given.`);
  }
  return privateKeyToAccount(key as Hex);
}

/**
 * The address that a keystore states, which nothing proves until it is opened; undefined where it states none.
 * @throws Error in one sentence where there is no keystore.
 */
export function statedAddress(path: string): string | undefined {
  const { address } = JSON.parse(readKeystore(path)) as { address?: unknown };
  if (typeof address !== "string" || !/^(0x)?[0-9a-f]{40}$/i.test(address)) return undefined;
  return `0x${address.replace(/^0x/i, "")}`;
}

/**
 * Encrypts a key into a new file that its owner alone may read.
 * @throws Error in one sentence where the file is there already: what it holds may be the only copy of a key.
 */
export async function writeKeystore(path: string, privateKey: Hex, passphrase: string): Promise<void> {
  requireNew(path);
  const { encryptKeystoreJson } = await import("ethers");
  const { address } = privateKeyToAccount(privateKey);
  const json = await encryptKeystoreJson({ address, privateKey }, passphrase);
  writeFileSync(path, `${json}\n`, { mode: 0o600, flag: "wx" });
  // The mode above is less whatever the process masks; this is not.
  chmodSync(path, 0o600);
}

/** Refuses to write where something is. */
export function requireNew(path: string): void {
  try {
    readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
  }
  throw new Error(`${path} is there already, and may be the only copy of a key: choose another name.`);
}

/**
 * The passphrase of a keystore that shall be written; asked twice at the terminal.
 * @throws Error in one sentence where it is too short or the two differ.
 */
export async function choosePassphrase(path: string, source: PassphraseSource): Promise<string> {
  const given = givenPassphrase(source);
  const passphrase = given ?? (await ask(`New passphrase for ${path}: `, source));
  if ([...passphrase].length < MIN_PASSPHRASE)
    throw new Error(`The passphrase must have at least ${MIN_PASSPHRASE} characters.`);
  if (given === undefined && (await ask("The same again: ", source)) !== passphrase)
    throw new Error("The two passphrases differ: nothing was written.");
  return passphrase;
}

/** First line of what a file, or standard input for `-`, holds. */
export function readSecretLine(path: string): string {
  let text: string;
  try {
    text = readFileSync(path === "-" ? 0 : path, "utf8");
  } catch {
    throw new Error(`${path === "-" ? "Standard input" : path} cannot be read.`);
  }
  return text.split(/\r?\n/, 1)[0] ?? "";
}

function readKeystore(path: string): string {
  let json: string;
  try {
    json = readFileSync(path, "utf8");
  } catch {
    throw new Error(`There is no keystore at ${path}.`);
  }
  if (!isKeystore(json)) throw new Error(`${path} is not a keystore.`);
  return json;
}

function isKeystore(json: string): boolean {
  try {
    const { version, Crypto, crypto = Crypto } = JSON.parse(json) as Record<string, unknown>;
    return Number(version) === 3 && typeof crypto === "object" && crypto !== null;
  } catch {
    return false;
  }
}

function givenPassphrase(source: PassphraseSource): string | undefined {
  const { passphraseFile, environment = process.env, variable = PASSPHRASE_VARIABLE } = source;
  return passphraseFile === undefined ? environment[variable] : readSecretLine(passphraseFile);
}

function readPassphrase(path: string, source: PassphraseSource): Promise<string> {
  const given = givenPassphrase(source);
  return given === undefined ? ask(`Passphrase of ${path}: `, source) : Promise.resolve(given);
}

function ask(question: string, { variable = PASSPHRASE_VARIABLE, ask = true }: PassphraseSource) {
  if (ask && hasTerminal()) return askSecret(question);
  throw new Error(
    `The keystore needs its passphrase and there is no terminal to ask at: set the environment variable ${variable}${ask ? ", or name a file by --passphrase-file" : ""}.`,
  );
}
