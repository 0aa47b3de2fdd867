import { Command } from "commander";
import { getAddress } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import {
  accountOfKey,
  choosePassphrase,
  KEY_VARIABLE,
  loadAccount,
  openKeystore,
  readSecretLine,
  requireNew,
  statedAddress,
  writeKeystore,
  type PassphraseSource,
} from "../../lib/keys.ts";
import { askSecret, hasTerminal } from "../../lib/terminal.ts";
import { examples } from "../options.ts";
import { answer, type GlobalOptions } from "../session.ts";

/** `usance key`: keystores, the encrypted files that hold the key which signs. */
export function keyCommand(): Command {
  const command = new Command("key").description("keystores: encrypted files with the key that signs");
  examples(
    command
      .command("new")
      .description("make a key and write it, encrypted, to a new file that you alone may read")
      .argument("<file>", "keystore to write; --keystore or USANCE_KEYSTORE names it from then on")
      .action((path: string, _: unknown, self: Command) => create(self, path)),
    "usance key new trader.json",
    "usance key new trader.json --passphrase-file /run/secrets/passphrase",
  );
  examples(
    command
      .command("import")
      .description(
        `encrypt a key that is there: from ${KEY_VARIABLE}, a file, or typed unseen when you are asked`,
      )
      .argument("<file>", "keystore to write")
      .option("--from <file>", "file whose first line is the key in hex; `-` is standard input")
      .action((path: string, options: { from?: string }, self: Command) => take(self, path, options)),
    "usance key import trader.json",
    "usance key import trader.json --from /dev/fd/3",
  );
  examples(
    command
      .command("address")
      .description("the address of the key that would sign, or of a keystore")
      .argument("[file]", "keystore (default: the one that commands would use)")
      .option("--check", "open it by its passphrase, rather than believe what it states", false)
      .action((path: string | undefined, options: { check: boolean }, self: Command) =>
        show(self, path, options),
      ),
    "usance key address",
    "usance key address trader.json --check",
  );
  return command;
}

async function create(command: Command, path: string): Promise<void> {
  requireNew(path);
  const passphrase = await choosePassphrase(path, sourceOf(command));
  const key = generatePrivateKey();
  await writeKeystore(path, key, passphrase);
  written(command, path, privateKeyToAccount(key).address);
}

async function take(command: Command, path: string, { from }: { from?: string }): Promise<void> {
  requireNew(path);
  const { key, place } = await givenKey(from);
  const { address } = accountOfKey(key, place);
  const passphrase = await choosePassphrase(path, sourceOf(command));
  await writeKeystore(path, key as `0x${string}`, passphrase);
  written(command, path, address);
}

async function givenKey(from: string | undefined): Promise<{ key: string; place: string }> {
  const normal = (key: string) => (/^[0-9a-f]{64}$/i.test(key) ? `0x${key}` : key);
  if (from !== undefined)
    return { key: normal(readSecretLine(from).trim()), place: from === "-" ? "Standard input" : from };
  const key = process.env[KEY_VARIABLE];
  if (key) return { key: normal(key), place: KEY_VARIABLE };
  if (!hasTerminal())
    throw new Error(
      `There is no key to import and no terminal to ask at: set the environment variable ${KEY_VARIABLE}, or name a file by --from.`,
    );
  return { key: normal((await askSecret("Private key: ")).trim()), place: "What was typed" };
}

async function show(
  command: Command,
  path: string | undefined,
  { check }: { check: boolean },
): Promise<void> {
  const globals = command.optsWithGlobals<GlobalOptions>();
  const keystore = path ?? globals.keystore;
  const stated = keystore === undefined || check ? undefined : statedAddress(keystore);
  const address =
    stated === undefined
      ? (await (keystore === undefined ? loadAccount(globals) : openKeystore(keystore, globals))).address
      : getAddress(stated);
  answer(command, { json: { address }, text: [address] });
}

function written(command: Command, keystore: string, address: string): void {
  answer(command, {
    json: { keystore, address },
    text: [`wrote ${keystore}: the key of ${address}. Without file and passphrase it is gone: back both up.`],
  });
}

function sourceOf(command: Command): PassphraseSource {
  const { passphraseFile } = command.optsWithGlobals<GlobalOptions>();
  return { passphraseFile };
}
