import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { RefusalError } from "./errors.ts";
import { synchronise, writeWhole } from "./files.ts";
import { openDatabase } from "./sqlite.ts";

/** What is wrong with a backup, or with where it should go. */
export type BackupErrorCode = "NothingThere" | "NotEmpty" | "Damaged" | "Malformed";

/** Refusal to back up or to restore. What was there before is as it was. */
export class BackupError extends RefusalError<BackupErrorCode> {
  override readonly name = "BackupError";
}

const LIST = "backup.json";
const MARK = "restored.json";
const DATABASE = /^[a-z-]+\.sqlite$/;

const listSchema = z.strictObject({
  format: z.literal(1),
  takenAt: z.int().min(0),
  files: z.array(
    z.strictObject({
      name: z.string().regex(DATABASE),
      bytes: z.int().min(0),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
    }),
  ),
});
const markSchema = z.strictObject({ restoredAt: z.int().min(0), takenAt: z.int().min(0) });

/** What a backup has. */
export type BackupList = z.infer<typeof listSchema>;

/**
 * Copies every database of a folder, each as it is at one moment, while its process runs.
 * @param target A folder that does not exist, or is empty.
 * @param now Unix seconds.
 * @throws BackupError NothingThere, NotEmpty.
 */
export function backUp(folder: string, target: string, now: number): BackupList {
  const names = databasesOf(folder);
  if (names.length === 0) throw new BackupError("NothingThere", folder, "no database", "at least one");
  mkdirSync(target, { recursive: true });
  const [there] = readdirSync(target);
  if (there !== undefined) throw new BackupError("NotEmpty", target, there, "an empty folder");
  const files = names.map((name) => {
    const database = openDatabase(join(folder, name), "");
    try {
      // A copy of its own, with what the write-ahead log holds: copying files beside a running process would tear them.
      database.prepare("VACUUM INTO ?").run(join(target, name));
    } finally {
      database.close();
    }
    synchronise(join(target, name));
    const content = readFileSync(join(target, name));
    return { name, bytes: content.length, sha256: hashOf(content) };
  });
  const list: BackupList = { format: 1, takenAt: now, files };
  // The list comes last: without it there is no backup.
  writeWhole(join(target, LIST), list);
  return list;
}

/**
 * Puts a backup into a folder that has none of its databases, and leaves the mark there that a restored process obeys: what it signed after the
 * backup is not known to it.
 * @param now Unix seconds.
 * @throws BackupError NothingThere, NotEmpty, Malformed, Damaged.
 */
export function restore(source: string, folder: string, now: number): BackupList {
  if (!existsSync(join(source, LIST)))
    throw new BackupError("NothingThere", source, `no ${LIST}`, "a whole backup");
  const list = parse(listSchema, join(source, LIST));
  mkdirSync(folder, { recursive: true });
  const [there] = databasesOf(folder);
  if (there !== undefined) throw new BackupError("NotEmpty", folder, there, "a folder without databases");
  for (const { name, sha256 } of list.files) {
    const found = existsSync(join(source, name)) ? hashOf(readFileSync(join(source, name))) : "no file";
    if (found !== sha256) throw new BackupError("Damaged", join(source, name), found, sha256);
  }
  // The mark comes first: databases without it would be taken for whole.
  writeWhole(join(folder, MARK), { restoredAt: now, takenAt: list.takenAt });
  for (const { name } of list.files) {
    const part = join(folder, `${name}.part`);
    copyFileSync(join(source, name), part);
    synchronise(part);
    renameSync(part, join(folder, name));
  }
  synchronise(folder);
  return list;
}

/**
 * When a folder was restored from a backup, Unix seconds; 0 where it never was. What was signed between the backup and that moment is lost, so
 * its process signs nothing new for days that had ended by then.
 * @throws BackupError Malformed.
 */
export function restoredAt(folder: string): number {
  const path = join(folder, MARK);
  return existsSync(path) ? parse(markSchema, path).restoredAt : 0;
}

const databasesOf = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => DATABASE.test(name))
        .sort()
    : [];

const hashOf = (content: Uint8Array): string => createHash("sha256").update(content).digest("hex");

function parse<value>(schema: z.ZodType<value>, path: string): value {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    throw new BackupError("Malformed", path, "no JSON", "what a backup writes");
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success)
    throw new BackupError("Malformed", path, parsed.error.issues[0]?.message ?? "?", "what a backup writes");
  return parsed.data;
}
