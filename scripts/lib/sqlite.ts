import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type * as Sqlite from "node:sqlite";
import { synchronise } from "./files.ts";

/** This Node has no SQLite of its own. */
export class SqliteMissingError extends Error {
  override readonly name = "SqliteMissingError";

  constructor(version: string) {
    super(`Node ${version} has no node:sqlite: run this with Node 22.13 or newer, as \`npx usance\` does.`);
  }
}

/**
 * Opens a file that loses nothing that was committed, whenever the process or the machine ends.
 * @param path File; its folder is made where it does not exist. ":memory:" for none.
 * @param schema Statements that may be run on every opening.
 * @throws SqliteMissingError
 */
export function openDatabase(path: string, schema: string): Sqlite.DatabaseSync {
  // Not imported: an import would end the whole command line on a Node without it.
  const sqlite = process.getBuiltinModule?.("node:sqlite") as typeof Sqlite | undefined;
  if (sqlite === undefined) throw new SqliteMissingError(process.version);
  if (path !== ":memory:") mkdirSync(dirname(path), { recursive: true });
  const database = new sqlite.DatabaseSync(path);
  // FULL: with a write-ahead log NORMAL would lose commits when the machine loses power.
  database.exec("PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
  database.exec(schema);
  // SQLite synchronises its files; that the folder knows of a new one is for us to see to.
  if (path !== ":memory:") synchronise(dirname(path));
  return database;
}

/** Triggers that refuse to change or remove a row of a table. */
export function appendOnly(table: string): string {
  return ["UPDATE", "DELETE"]
    .map(
      (verb) =>
        `CREATE TRIGGER IF NOT EXISTS ${table}_no_${verb.toLowerCase()} BEFORE ${verb} ON ${table} ` +
        `BEGIN SELECT RAISE(ABORT, '${table} is append-only'); END;`,
    )
    .join("\n");
}

/** Runs a function as one transaction that excludes other writers; its error undoes it. */
export function inTransaction<result>(database: Sqlite.DatabaseSync, run: () => result): result {
  database.exec("BEGIN IMMEDIATE");
  try {
    const value = run();
    database.exec("COMMIT");
    return value;
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}
