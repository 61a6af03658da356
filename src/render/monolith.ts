import { duration, formatGoDuration, size } from "../model/units";

/**
 * What Mimir, Loki and Tempo have in common when all of one runs in a single process: its parts find each other through
 * rings kept in memory and talk gRPC to themselves, so that port listens on loopback and nothing else can reach it.
 */
export const innerAddress = (bind: string): string => (isWildcard(bind) ? "127.0.0.1" : bind);

const isWildcard = (bind: string): boolean => bind === "0.0.0.0" || bind === "::";

export const IN_MEMORY = { store: "inmemory" } as const;

/** A ring of one member. */
export const ringOfOne = (bind: string) =>
  ({ instance_addr: innerAddress(bind), kvstore: IN_MEMORY }) as const;

/** The `server` block all three share. */
export const serverBlock = ({ bind, ports }: { bind: string; ports: { http: number; grpc: number } }) => ({
  http_listen_address: bind,
  http_listen_port: ports.http,
  grpc_listen_address: innerAddress(bind),
  grpc_listen_port: ports.grpc,
  // What a tenant may push or ask for is bounded by its limits; Loki's own 4 MiB would fail requests that these allow.
  grpc_server_max_recv_msg_size: LARGEST_INNER_MESSAGE,
  grpc_server_max_send_msg_size: LARGEST_INNER_MESSAGE,
  // Longer than the edge waits (model/routes.ts), so that a query is cut in one place. Loki's and Tempo's own is 30 s.
  http_server_write_timeout: formatGoDuration(duration("130s")),
  log_format: "json",
  log_level: "info",
});

const LARGEST_INNER_MESSAGE = size("100MiB");

/** How often overrides are read again. Rate limits are looked up every 10 s on top of that. */
export const RELOAD_PERIOD = duration("5s");
