import { spawn, type SpawnOptions } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  chownSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Folder of PostgreSQL's programs, on the path or where Debian has them; undefined where it is not installed. */
export function findPostgres(): string | undefined {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  return [
    ...(process.env.PATH ?? "").split(delimiter),
    ...versions.map((version) => join(debian, version, "bin")),
  ].find(
    (folder) => folder !== "" && existsSync(join(folder, "postgres")) && existsSync(join(folder, "initdb")),
  );
}

/** A server for a test. */
export interface TemporaryPostgres {
  /** Address for a superuser. */
  readonly url: string;
  /** Ends the server and takes its data away. */
  stop(): Promise<void>;
}

/**
 * Starts a server with data of its own on a free port of this computer. It needs a password, so that nobody else on the
 * computer can use it.
 * @param programs Folder from `findPostgres`.
 */
export async function startPostgres(programs: string): Promise<TemporaryPostgres> {
  const folder = mkdtempSync(join(tmpdir(), "usance-postgres-"));
  // PostgreSQL refuses to run as root.
  const user = process.getuid?.() === 0 ? unprivilegedUser() : undefined;
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  const options: SpawnOptions = { cwd: folder, stdio: "ignore", ...user };
  const data = join(folder, "data");
  const port = await freePort();
  const password = crypto.randomUUID();
  try {
    const passwordFile = join(folder, "password");
    writeFileSync(passwordFile, password, { mode: 0o600 });
    if (user !== undefined) chownSync(passwordFile, user.uid, user.gid);
    const made = spawn(
      join(programs, "initdb"),
      ["-D", data, "-U", "test", "--auth=scram-sha-256", "--no-sync", `--pwfile=${passwordFile}`],
      options,
    );
    const [code] = (await once(made, "exit")) as [number | null];
    if (code !== 0) throw new Error(`initdb ended with ${code ?? "a signal"}`);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  const arguments_ = [
    "-D",
    data,
    "-p",
    String(port),
    "-k",
    folder,
    "-c",
    "listen_addresses=127.0.0.1",
    "-c",
    "fsync=off",
  ];
  const server = spawn(join(programs, "postgres"), arguments_, options);
  const ended = once(server, "exit");
  const stop = async () => {
    if (server.exitCode === null) server.kill("SIGINT");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  for (let tries = 0; !isReady(data); tries++) {
    if (server.exitCode !== null || tries > 300) {
      await stop();
      throw new Error("PostgreSQL did not start");
    }
    await sleep(100);
  }
  return { url: `postgres://test:${password}@127.0.0.1:${port}/postgres`, stop };
}

/** The last line of the server's own file says what it is doing. */
function isReady(data: string): boolean {
  const file = join(data, "postmaster.pid");
  return existsSync(file) && readFileSync(file, "utf8").trimEnd().endsWith("ready");
}

function unprivilegedUser(): { uid: number; gid: number } {
  for (const name of ["postgres", "nobody"]) {
    const line = readFileSync("/etc/passwd", "utf8")
      .split("\n")
      .find((each) => each.startsWith(`${name}:`));
    const [, , uid, gid] = line?.split(":") ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error("PostgreSQL cannot run as root, and there is neither a user postgres nor a user nobody");
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
