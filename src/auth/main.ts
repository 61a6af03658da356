import { readSettings, type Settings } from "./config";
import { decide } from "./decide";
import { parseDirectory, parseKeys } from "./directory";
import { newestRing, parsePepper } from "./keys";
import { LiveFile } from "./live-file";
import { createAuthServer } from "./server";
import { remoteKeys, tokenVerifier } from "./tokens";

const log = (level: "info" | "error", message: string): void => {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), level, message })}\n`);
};

function start(settings: Settings): void {
  const report = (problem: string): void => {
    log("error", problem);
  };
  const directory = new LiveFile(settings.directoryFile, parseDirectory, report);
  const keys = new LiveFile(settings.keysFile, parseKeys, report);
  const pepper = new LiveFile(settings.pepperFile, parsePepper, report);
  const ring = newestRing(keys, pepper);
  const verify = tokenVerifier(settings, remoteKeys(settings));
  const files = [directory, keys, pepper];
  for (const file of files) file.watch();
  const server = createAuthServer({
    ready: () => files.every((file) => file.value !== undefined),
    decide: (request) => decide(request, { directory: directory.value, keys: ring(), verify }),
  });
  server.listen(settings.port, settings.host, () => {
    log("info", `listening on ${settings.host}:${settings.port}`);
  });
  process.once("SIGTERM", () => {
    for (const file of files) file.close();
    // Finishes what is in flight; Envoy sees the closed listener and answers 503 for what comes after.
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  });
}

try {
  start(readSettings(process.env));
} catch (error) {
  log("error", (error as Error).message);
  process.exit(1);
}
