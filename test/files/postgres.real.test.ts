import { chmodSync, chownSync, cpSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderPostgres } from "../../src/render/postgres";
import { run, sendTcp, server, start, tempDir, waitUntil } from "../servers";
import { localInput, place } from "./local";

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

/** postgresql.conf and pg_hba.conf, as the real server takes them. */
describe("PostgreSQL with the rendered files", () => {
  const dir = tempDir();
  let flags: readonly string[] = [];
  let port = 0;
  let programs = { bin: "", initdb: "" };

  beforeAll(async () => {
    const input = await localInput(dir.path);
    const { directories, ports } = input.topology.services.postgres;
    port = ports.sql;
    place(renderPostgres(input));
    programs = reachable(dir.path);
    const passwordFile = join(directories.secrets, "password");
    writeFileSync(passwordFile, "correct horse\n");
    const data = join(directories.data, "pgdata");
    mkdirSync(data, { mode: 0o700 });
    if (isRoot) chownSync(data, NOBODY, NOBODY);
    const made = await run(
      programs.initdb,
      ["-D", data, "-U", "keycloak", `--pwfile=${passwordFile}`, "--auth=scram-sha-256", "--no-sync"],
      { unprivileged: true, cwd: dir.path },
    );
    expect(made.code, made.stderr).toBe(0);
    flags = ["-D", data, "-c", `config_file=${join(directories.config, "postgresql.conf")}`];
  });
  afterAll(() => {
    dir.remove();
  });

  it.each([
    ["shared_buffers", "16384"],
    ["work_mem", "1092"],
    ["max_connections", "120"],
    ["password_encryption", "scram-sha-256"],
    ["fsync", "on"],
    ["log_parameter_max_length", "0"],
  ])("reads %s as %s", async (name, value) => {
    const { stdout, stderr } = await run(programs.bin, [...flags, "-C", name], {
      unprivileged: true,
      cwd: dir.path,
    });
    expect(stdout.trim(), stderr).toBe(value);
  });

  it("starts, and asks everybody for a password by SCRAM", async () => {
    await using postgres = await start(
      programs.bin,
      [...flags, "-c", `unix_socket_directories=${dir.path}`],
      {
        ready: { port },
        unprivileged: true,
        cwd: dir.path,
        stopSignal: "SIGINT",
      },
    );
    const body = Buffer.from("\0\u0003\0\0user\0keycloak\0database\0postgres\0\0", "latin1");
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length + 4);
    let answer = Buffer.alloc(0);
    // It listens before it is ready, and says so ("E", the database system is starting up).
    await waitUntil("PostgreSQL", async () => {
      answer = Buffer.from(await sendTcp(port, Buffer.concat([length, body])));
      return !answer.toString("latin1").includes("starting up");
    });
    // R, AuthenticationSASL (10), and the one mechanism that does not send the password.
    expect(answer.toString("latin1", 0, 1)).toBe("R");
    expect(answer.readUInt32BE(5)).toBe(10);
    expect(answer.toString("latin1")).toContain("SCRAM-SHA-256");
    expect(postgres.running()).toBe(true);
  });
});

/** The programs where nobody can run them: root's cache is closed to others, and PostgreSQL refuses to run as root. */
function reachable(to: string): { readonly bin: string; readonly initdb: string } {
  const { bin, initdb } = server("postgresql");
  if (!isRoot) return { bin, initdb };
  chmodSync(to, 0o777);
  const from = dirname(dirname(bin));
  const copy = join(to, "postgresql");
  cpSync(from, copy, { recursive: true, verbatimSymlinks: true });
  return { bin: join(copy, relative(from, bin)), initdb: join(copy, relative(from, initdb)) };
}
