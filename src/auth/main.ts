import { readSettings } from "./config";
import { openLog } from "./log";
import { createAuthService } from "./service";

const log = openLog();

/** Ends as soon as these lines, and all before them, are written. */
function fail(...messages: readonly string[]): void {
  for (const message of messages) log.logger.fatal(message);
  void log.close().then(() => process.exit(1));
}

async function main(): Promise<void> {
  const service = createAuthService(readSettings(process.env), log);
  let ending = false;
  const end = (signal: NodeJS.Signals): void => {
    if (ending) {
      fail(`ended by a second ${signal}`);
      return;
    }
    ending = true;
    log.logger.info(`${signal}: finishing what is in flight`);
    void service
      .drain()
      .then(log.close)
      .then(() => process.exit(0));
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, end);
  await service.start();
}

process.on("uncaughtException", (error) => {
  fail(`uncaught: ${error.stack ?? error.message}`);
});
main().catch((error: unknown) => {
  fail(...(error as Error).message.split("\n"), "the auth service does not start");
});
