import { chmodSync, chownSync, cpSync, mkdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { server } from "./installed";
import { freePort, loopback, sendTcp } from "./net";
import { nobody, run, start, tempDir, type Ready } from "./process";

/** A PostgreSQL with an empty database, superuser `postgres`, no password, on loopback only. */
export interface Postgres extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** The rows of one SQL text as PostgreSQL prints them. Throws what the server says when it refuses. */
  query(sql: string): Promise<(string | null)[][]>;
  stop(): Promise<void>;
}

const user = "postgres";

/** Makes a database in a folder of its own and starts a PostgreSQL on it; `stop` removes it. Takes about a second. */
export async function startPostgres(): Promise<Postgres> {
  const dir = tempDir();
  try {
    const { bin, initdb } = await postgresPrograms(dir.path);
    const data = join(dir.path, "data");
    mkdirSync(data, { mode: 0o700 });
    if (process.getuid?.() === 0) chownSync(data, nobody, nobody);
    const flags = ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"];
    const made = await run(initdb, ["-D", data, "-U", user, ...flags], { unprivileged: true, cwd: dir.path });
    if (made.code !== 0)
      throw new Error(`initdb: exit ${made.code ?? "by a signal"}\n${made.stdout}${made.stderr}`);

    const port = await freePort();
    const settings = ["listen_addresses=" + loopback, "unix_socket_directories=", "fsync=off"];
    const running = await start(
      bin,
      ["-D", data, "-p", String(port), ...settings.flatMap((setting) => ["-c", setting])],
      // SIGINT is PostgreSQL's fast shutdown: SIGTERM would wait for clients to leave.
      { ready: ready(port), unprivileged: true, cwd: dir.path, stopSignal: "SIGINT" },
    );
    const stop = async () => {
      await running.stop();
      dir.remove();
    };
    return {
      port,
      url: `postgresql://${user}@${loopback}:${port}/postgres`,
      query: (sql) => query(port, sql),
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    dir.remove();
    throw error;
  }
}

/** PostgreSQL accepts connections a moment before it answers them. */
function ready(port: number): Ready {
  const check = () =>
    query(port, "SELECT 1").then(
      () => true,
      () => false,
    );
  return { what: `PostgreSQL on ${loopback}:${port}`, check };
}

/**
 * The programs where the user who is to run them can reach them. Root's home is closed to others, and with it root's
 * cache: then they are copied into `dir` (60 MB).
 */
export async function postgresPrograms(
  dir: string,
): Promise<{ readonly bin: string; readonly initdb: string }> {
  const { bin, initdb } = server("postgresql");
  if (process.getuid?.() !== 0) return { bin, initdb };
  chmodSync(dir, 0o711);
  try {
    const { code } = await run(bin, ["--version"], { unprivileged: true, cwd: dir });
    if (code === 0) return { bin, initdb };
  } catch {
    // EACCES: fall through to the copy
  }
  const from = dirname(dirname(bin));
  const to = join(dir, "postgresql");
  cpSync(from, to, { recursive: true, verbatimSymlinks: true });
  return { bin: join(to, relative(from, bin)), initdb: join(to, relative(from, initdb)) };
}

/** One message of PostgreSQL's protocol 3.0: a type letter, the length including itself, the body. */
interface Message {
  readonly type: string;
  readonly body: Buffer;
}

function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(type.length + 4, type, "latin1");
  head.writeUInt32BE(body.length + 4, type.length);
  return Buffer.concat([head, body]);
}

function messages(received: Buffer): Message[] {
  const found: Message[] = [];
  for (let at = 0; at + 5 <= received.length;) {
    const end = at + 1 + received.readUInt32BE(at + 1);
    if (end > received.length) break;
    found.push({ type: received.toString("latin1", at, at + 1), body: received.subarray(at + 5, end) });
    at = end;
  }
  return found;
}

const startupOf = (as: string): Buffer =>
  message("", Buffer.concat([Buffer.from([0, 3, 0, 0]), Buffer.from(`user\0${as}\0database\0postgres\0\0`)]));

/** Whether it would let somebody log in: it accepts connections a moment before. */
export async function takesLogins(port: number, as: string): Promise<boolean> {
  try {
    const [answer] = messages(await sendTcp(port, startupOf(as)));
    return answer?.type === "R";
  } catch {
    return false;
  }
}

/** Speaks just enough of the protocol to send one SQL text without a password, because a bare machine has no psql. */
export async function query(port: number, sql: string, as = user): Promise<(string | null)[][]> {
  const startup = startupOf(as);
  // Sent at once: the server reads the query when it has answered the startup. Z (ready for query) follows each.
  const sent = Buffer.concat([startup, message("Q", Buffer.from(`${sql}\0`))]);
  const isWhole = (received: Buffer) => {
    const types = messages(received).map(({ type }) => type);
    return types.filter((type) => type === "Z").length === 2 || types.includes("E");
  };
  const answer = messages(await sendTcp(port, sent, isWhole, 10_000));
  const refusal = answer.find(({ type }) => type === "E");
  if (refusal !== undefined) {
    const fields = refusal.body.toString("utf8").split("\0");
    throw new Error(
      `PostgreSQL: ${fields.find((field) => field.startsWith("M"))?.slice(1) ?? "refused"}: ${sql}`,
    );
  }
  return answer.filter(({ type }) => type === "D").map(({ body }) => columns(body));
}

/** The columns of a row: a count, then for each a length (-1 is NULL) and that many bytes of text. */
function columns(row: Buffer): (string | null)[] {
  let at = 2;
  return Array.from({ length: row.readUInt16BE(0) }, () => {
    const length = row.readInt32BE(at);
    at += 4;
    if (length < 0) return null;
    at += length;
    return row.toString("utf8", at - length, at);
  });
}
