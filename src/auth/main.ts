import { readSettings, type Settings } from "./config";
import { decide } from "./decide";
import { parseDirectory, parseKeys } from "./directory";
import { KeyRing } from "./keys";
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
  const keys = new LiveFile(
    settings.keysFile,
    (text) => new KeyRing(parseKeys(text), settings.pepper),
    report,
  );
  const verify = tokenVerifier(settings, remoteKeys(settings));
  directory.watch();
  keys.watch();
  const server = createAuthServer({
    ready: () => directory.value !== undefined && keys.value !== undefined,
    decide: (request) => decide(request, { directory: directory.value, keys: keys.value, verify }),
  });
  server.listen(settings.port, settings.host, () => {
    log("info", `listening on ${settings.host}:${settings.port}`);
  });
  process.once("SIGTERM", () => {
    directory.close();
    keys.close();
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
