import type { RenderedFile } from "../model/files";
import { HEADER, toLines, type Setting } from "./directives";
import { serviceFile } from "./files";
import type { RenderInput } from "./input";
import { share } from "./memory";

const KIBIBYTE = 1024;
/** PostgreSQL's own unit in files: memory in kB of 1024 bytes. */
const kilobytes = (bytes: number): string => `${Math.floor(bytes / KIBIBYTE)}kB`;

/** Keycloak's pool is 100 at most by default; a few more for whoever looks, and the server's own reserve. */
const CONNECTIONS = 120;

/** PostgreSQL 15 or later, for Keycloak. The folder of the data (PGDATA) is the image's business and stays out of this. */
export function renderPostgres({ environment, topology }: RenderInput): readonly RenderedFile[] {
  const place = topology.services.postgres;
  const { memory } = environment.sizes.postgres;
  const settings = {
    listen_addresses: place.bind === "0.0.0.0" ? "*" : place.bind,
    port: place.ports.sql,
    hba_file: `${place.directories.config}/pg_hba.conf`,
    max_connections: CONNECTIONS,
    password_encryption: "scram-sha-256",
    // A quarter of the memory and what the system caches beside it: the manual's starting points.
    shared_buffers: kilobytes(share(memory, 0.25)),
    effective_cache_size: kilobytes(share(memory, 0.6)),
    maintenance_work_mem: kilobytes(share(memory, 0.05)),
    // Each connection may use it, several times even; the minimum is 64 kB.
    work_mem: kilobytes(Math.max(64 * KIBIBYTE, (memory * 0.25) / CONNECTIONS)),
    fsync: true,
    full_page_writes: true,
    synchronous_commit: true,
    wal_compression: true,
    wal_level: "replica",
    max_wal_size: "1GB",
    statement_timeout: "60s",
    idle_in_transaction_session_timeout: "60s",
    log_connections: false,
    log_destination: "stderr",
    logging_collector: false,
    log_lock_waits: true,
    log_min_duration_statement: "1s",
    // Statements may hold what people typed: only their text, never their values.
    log_parameter_max_length: 0,
    log_parameter_max_length_on_error: 0,
    log_timezone: "UTC",
    timezone: "UTC",
  };
  return [
    serviceFile("postgres", place, "static", "postgresql.conf", toLines(settings, line)),
    serviceFile("postgres", place, "static", "pg_hba.conf", HBA),
  ];
}

/** Text is quoted, and a quote in it doubled. */
const line = (name: string, value: Setting): string => {
  if (typeof value === "boolean") return `${name} = ${value ? "on" : "off"}`;
  return `${name} = ${typeof value === "number" ? value : `'${value.replaceAll("'", "''")}'`}`;
};

/** Everybody needs a password, also on the socket; `all` does not cover replication, so there is none. */
const HBA = [
  [HEADER],
  ["# TYPE", "DATABASE", "USER", "ADDRESS", "METHOD"],
  ["local", "all", "all", "", "scram-sha-256"],
  ["host", "all", "all", "all", "scram-sha-256"],
]
  .map((columns) =>
    columns
      .map((column) => column.padEnd(10))
      .join("")
      .trimEnd(),
  )
  .join("\n")
  .concat("\n");
