import type { Server } from "node:http";
import { Audit } from "./audit";
import type { Settings } from "./config";
import { decide } from "./decide";
import type { AuthorizationRequest, Decision } from "./decision";
import type { KeyFile } from "../model/directory";
import { type Directory, parseDirectory, parseKeys } from "./directory";
import { drainable } from "./drain";
import { KeyStore, type KeyStoreOptions } from "./key-store";
import { newestRing, parsePepper } from "./keys";
import { LiveFile } from "./live-file";
import { placesOf, type Log, type Logger } from "./log";
import { createMetrics } from "./metrics";
import { openStores, type StoresOptions } from "./redis/stores";
import { createAuthServer } from "./server";
import { TokenCache } from "./token-cache";
import { tokenVerifier } from "./tokens";

/** Milliseconds for what is in flight when the service ends. The container's grace is 15 s. */
const DRAIN = 10_000;

export interface AuthService {
  /** Listens. Throws one Error that lists all that is wrong, and leaves nothing running. */
  readonly start: () => Promise<{ readonly port: number }>;
  /** Takes nothing new, finishes what is in flight within the bound, and ends. */
  readonly drain: (milliseconds?: number) => Promise<void>;
}

/** All that the service consists of, put together. */
export function createAuthService(
  settings: Settings,
  log: Log,
  waits: KeyStoreOptions["waits"] = {},
): AuthService {
  const { logger } = log;
  const { files, keys, stores, metrics, judge, ...parts } = createParts(settings, log, waits);
  let draining = false;
  const server = createAuthServer({
    decide: judge,
    draining: () => draining,
    metrics: async () => ({ contentType: metrics.contentType, text: await metrics.text() }),
    readiness: () => readiness(draining, files, keys.age),
  });
  const finish = drainable(server);
  return {
    start: async () => {
      const problems = [...brokenFiles(Object.values(files)), ...(await listening(server, settings))];
      if (problems.length > 0) {
        parts.close();
        server.close();
        throw new Error(problems.join("\n"));
      }
      keys.start();
      stores?.redis.start();
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : settings.port;
      logger.info(`listening on ${settings.host}:${port}`);
      return { port };
    },
    drain: async (milliseconds = DRAIN) => {
      draining = true;
      const whole = await finish(milliseconds);
      if (!whole) logger.warn(`requests were still in flight after ${milliseconds} ms`);
      parts.close();
    },
  };
}

/** What decides, and what it is known by. */
function createParts(settings: Settings, log: Log, waits: NonNullable<KeyStoreOptions["waits"]>) {
  const { logger } = log;
  const metrics = createMetrics();
  const files = openFiles(settings, logger);
  const keys = new KeyStore({
    url: settings.jwksUrl,
    waits,
    onFetch: (result, problem) => {
      metrics.fetchedKeys(result);
      if (problem !== undefined) logger.warn({ result, problem }, "Keycloak's keys were not fetched");
      else if (result === "replaced") logger.info("Keycloak's keys are new");
    },
  });
  const ring = newestRing(files.keys, files.pepper);
  const stores = openRedis(settings, logger, {
    password: () => files.redis?.value,
    directory: () => files.tenants.value,
    ring,
    onLookup: metrics.lookedUpKey,
  });
  const cache = new TokenCache({ onLookup: metrics.lookedUp });
  metrics.observe({
    keysAge: () => keys.age,
    cachedTokens: () => cache.size,
    droppedLines: log.dropped,
    redisUp: stores && (() => stores.redis.up),
    files,
  });
  const audit = new Audit({
    write: (record) => {
      logger.info(record);
    },
  });
  const verify = tokenVerifier(settings, keys, cache);
  const selfService = stores?.lookup;
  const onFailure = (error: unknown): void => {
    logger.error({ where: placesOf(error) }, "a decision failed");
  };
  const judge = async (request: AuthorizationRequest, requestId: string | undefined): Promise<Decision> => {
    const began = performance.now();
    const known = { directory: files.tenants.value, keys: ring(), selfService, verify, onFailure };
    const judgement = await decide(request, known);
    metrics.decided(judgement, (performance.now() - began) / 1_000);
    audit.record(request, requestId, judgement);
    return judgement.decision;
  };
  const close = (): void => {
    keys.close();
    stores?.redis.close();
    for (const file of Object.values(files)) file.close();
    metrics.close();
    audit.close();
  };
  return { files, keys, stores, metrics, judge, close };
}

/** Undefined where the environment has none: then nobody makes keys of his own, and there is no data. */
function openRedis(
  { redis: settings }: Settings,
  logger: Logger,
  known: Omit<StoresOptions, "settings" | "onChange">,
) {
  if (settings === undefined) return undefined;
  const onChange = (up: boolean, problem?: string): void => {
    if (up) logger.info("Redis is there");
    else logger.error({ problem }, "Redis is not there");
  };
  return openStores({ settings, onChange, ...known });
}

function openFiles(settings: Settings, logger: Logger): Files {
  const live = <T>(path: string, parse: (text: string) => T): LiveFile<T> =>
    new LiveFile(path, parse, (problem) => {
      logger.error(problem);
    });
  return {
    tenants: live(settings.directoryFile, parseDirectory),
    keys: live(settings.keysFile, parseKeys),
    pepper: live(settings.pepperFile, parsePepper),
    ...(settings.redis !== undefined && { redis: live(settings.redis.passwordFile, parsePassword) }),
  };
}

/** By the names that readiness and metrics call them. */
type Files = Readonly<{
  tenants: LiveFile<Directory>;
  keys: LiveFile<KeyFile>;
  pepper: LiveFile<Buffer>;
  /** Its password. */
  redis?: LiveFile<string>;
}>;

function parsePassword(text: string): string {
  if (text.trim() === "") throw new Error("it is empty");
  return text.trim();
}

function readiness(
  draining: boolean,
  files: Readonly<Record<string, LiveFile<unknown>>>,
  keysAge: number | undefined,
) {
  const missing = Object.entries(files).flatMap(([name, { value }]) => (value === undefined ? [name] : []));
  const status = draining ? "draining" : missing.length > 0 ? "waiting" : "ready";
  return {
    ready: status === "ready",
    status,
    missing,
    // Keys of Keycloak's are not waited for: without them API keys are decided all the same.
    keys_age_seconds: keysAge === undefined ? null : Math.round(keysAge),
  };
}

/** A file that is not there yet may come. One that is there and wrong is somebody's mistake, and so is a missing directory. */
const brokenFiles = (files: readonly LiveFile<unknown>[]): readonly string[] =>
  files.flatMap((file) => {
    if (file.refused) return [file.problem ?? ""];
    try {
      file.watch();
      return [];
    } catch (error) {
      return [`cannot follow ${file.path}: its directory is not readable (${codeOf(error)})`];
    }
  });

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? (error as Error).message;

function listening(server: Server, { host, port }: Settings): Promise<readonly string[]> {
  return new Promise((resolve) => {
    server.once("error", (error) => {
      const code = codeOf(error);
      const why = code === "EADDRINUSE" ? "somebody else listens there" : code;
      resolve([`cannot listen on ${host}:${port}: ${why}`]);
    });
    server.listen(port, host, () => {
      resolve([]);
    });
  });
}
