import { createHash } from "node:crypto";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { KEYCLOAK_DATABASE } from "../model/keycloak";
import { secretMarker } from "../preview/markers";
import { startKeycloak } from "./keycloak/server";
import { Secrets } from "./keycloak/secrets";
import { FreePorts } from "./ports";
import { cacheDir, pins, server } from "./servers/installed";
import { loopback } from "./servers/net";
import { postgresPrograms, query, takesLogins } from "./servers/postgres";
import { nobody, run, start, tempDir } from "./servers/process";

/** Passwords that are in the database: the program's resources of these names. */
const PASSWORDS = ["postgres-password", "keycloak-administrator-password"] as const;
type Passwords = Readonly<Record<(typeof PASSWORDS)[number], string>>;

const markerOf = (name: string): string =>
  secretMarker("random:index/randomPassword:RandomPassword", name, "result");

/** A database in which Keycloak has been once, and no realm of ours yet: its first start takes half a minute. */
export interface PreparedDatabase {
  readonly data: string;
  readonly passwords: Passwords;
}

const INITDB = ["--auth=trust", "--data-checksums", "--encoding=UTF8", "--locale=C", "--no-instructions"];

/** Changes with everything that the prepared database depends on. */
function folder(): string {
  const { postgresql, keycloak } = pins();
  const text = JSON.stringify([1, postgresql, keycloak, INITDB]);
  return join(cacheDir(), `lab-database-${createHash("sha256").update(text).digest("hex").slice(0, 12)}`);
}

const of = (path: string): PreparedDatabase => ({
  data: join(path, "data"),
  passwords: JSON.parse(readFileSync(join(path, "passwords.json"), "utf8")) as Passwords,
});

/** The prepared database, made where there is none yet. Its passwords are this machine's, in a file of its owner's alone. */
export async function preparedDatabase(
  say: (line: string) => void,
  abort?: AbortSignal,
): Promise<PreparedDatabase> {
  const path = folder();
  if (!existsSync(path)) {
    say("preparing a database for Keycloak, once (about half a minute) ...");
    await prepare(path, abort);
  }
  return of(path);
}

/** The passwords of a prepared database are what the program's are to be. */
export function rememberPasswords(secrets: Secrets, { passwords }: PreparedDatabase): void {
  for (const name of PASSWORDS) secrets.set(markerOf(name), passwords[name]);
}

/** Puts a copy of it where the lab's PostgreSQL is to find it. */
export function placeDatabase({ data }: PreparedDatabase, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(data, to, { recursive: true });
  ownedByServer(to);
}

/** PostgreSQL refuses to run as root, and on data that others may read. */
export function ownedByServer(directory: string): void {
  chmodSync(directory, 0o700);
  if (process.getuid?.() !== 0) return;
  chownSync(directory, nobody, nobody);
  for (const entry of readdirSync(directory, { recursive: true }))
    chownSync(join(directory, String(entry)), nobody, nobody);
}

async function prepare(path: string, abort?: AbortSignal): Promise<void> {
  using dir = tempDir();
  const free = new FreePorts();
  try {
    const secrets = new Secrets();
    const passwords = Object.fromEntries(
      PASSWORDS.map((name) => [name, secrets.of(markerOf(name))]),
    ) as Passwords;
    const data = await fill(dir.path, free, passwords, abort);
    // Beside it and renamed: of two that prepare it at once the second is thrown away.
    const partial = `${path}.partial-${process.pid}`;
    mkdirSync(partial, { recursive: true, mode: 0o700 });
    cpSync(data, join(partial, "data"), { recursive: true });
    writeFileSync(join(partial, "passwords.json"), JSON.stringify(passwords), { mode: 0o600 });
    try {
      renameSync(partial, path);
    } catch (error) {
      rmSync(partial, { recursive: true });
      if (!existsSync(path)) throw error;
    }
  } finally {
    free.close();
  }
}

/** Returns the folder of a database that Keycloak has filled and that nothing runs on. */
async function fill(
  dir: string,
  free: FreePorts,
  passwords: Passwords,
  abort?: AbortSignal,
): Promise<string> {
  const { bin, initdb } = await postgresPrograms(dir);
  const data = join(dir, "data");
  const passwordFile = join(dir, "password");
  writeFileSync(passwordFile, passwords["postgres-password"], { mode: 0o600 });
  mkdirSync(data);
  ownedByServer(data);
  if (process.getuid?.() === 0) chownSync(passwordFile, nobody, nobody);
  const flags = ["-D", data, "-U", KEYCLOAK_DATABASE, `--pwfile=${passwordFile}`, "--no-sync", ...INITDB];
  const made = await run(initdb, flags, { unprivileged: true, cwd: dir });
  if (made.code !== 0)
    throw new Error(`initdb: exit ${made.code ?? "by a signal"}\n${made.stdout}${made.stderr}`);
  const port = await free.take();
  const settings = [`listen_addresses=${loopback}`, "unix_socket_directories=", "fsync=off"];
  const postgres = await start(
    bin,
    ["-D", data, "-p", String(port), ...settings.flatMap((setting) => ["-c", setting])],
    {
      ready: { what: "PostgreSQL", check: () => takesLogins(port, KEYCLOAK_DATABASE) },
      unprivileged: true,
      cwd: dir,
      stopSignal: "SIGINT",
      graceMs: 30_000,
      ...(abort !== undefined && { abort }),
    },
  );
  try {
    await query(port, `CREATE DATABASE ${KEYCLOAK_DATABASE}`, KEYCLOAK_DATABASE);
    await visit(join(dir, "keycloak"), port, free, passwords, abort);
  } finally {
    await postgres.stop();
  }
  return data;
}

/** Keycloak's first start fills the database. */
async function visit(
  directory: string,
  port: number,
  free: FreePorts,
  passwords: Passwords,
  abort?: AbortSignal,
): Promise<void> {
  const ports = { http: await free.take(), management: await free.take() };
  const keycloak = await startKeycloak({
    program: server("keycloak"),
    directory,
    bind: loopback,
    ports,
    hostname: `http://${loopback}:${ports.http}`,
    adminPassword: passwords["keycloak-administrator-password"],
    database: {
      host: loopback,
      port,
      name: KEYCLOAK_DATABASE,
      user: KEYCLOAK_DATABASE,
      password: passwords["postgres-password"],
    },
    ...(abort !== undefined && { abort }),
  });
  await keycloak.stop();
}
