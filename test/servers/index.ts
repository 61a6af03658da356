/**
 * Real servers for tests, and what it takes to run them. Everything listens on loopback.
 *
 *     await using redis = await start(server("redis").bin, ["--port", String(port)], { ready: { port } });
 */
export { server, type Server, type Servers } from "./installed";
export { freePort, loopback, sendTcp, waitUntil } from "./net";
export { startPostgres, type Postgres } from "./postgres";
export {
  run,
  start,
  tempDir,
  type Finished,
  type ProcessOptions,
  type Ready,
  type Running,
  type TempDir,
} from "./process";
