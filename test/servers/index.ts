/**
 * Real servers for tests, and what it takes to run them: the lab's own (src/lab/servers). Everything listens on loopback.
 *
 *     await using redis = await start(server("redis").bin, ["--port", String(port)], { ready: { port } });
 */
export { server, type Server, type Servers } from "../../src/lab/servers/installed";
export { freePort, loopback, sendTcp, waitUntil } from "../../src/lab/servers/net";
export { startPostgres, type Postgres } from "../../src/lab/servers/postgres";
export {
  run,
  start,
  tempDir,
  type Finished,
  type ProcessOptions,
  type Ready,
  type Running,
  type TempDir,
} from "../../src/lab/servers/process";
