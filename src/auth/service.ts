import type { Server } from "node:http";
import { hostname } from "node:os";
import { orgId, PLATFORM_TENANT } from "../model/names";
import { Audit } from "./audit";
import type { Settings } from "./config";
import { decide } from "./decide";
import type { AuthorizationRequest, Decision } from "./decision";
import { refusalOf } from "./decisions/refusal";
import { routeMatch } from "../model/match";
import { ROUTES } from "../model/routes";
import { extraRoutes } from "../model/upstreams";
import { drainable } from "./drain";
import { brokenFiles, codeOf, openFiles } from "./files";
import { KeyStore, type KeyStoreOptions } from "./key-store";
import { newestRing } from "./keys";
import type { LiveFile } from "./live-file";
import { openManagement } from "./management";
import { placesOf, type Log, type Logger } from "./log";
import { createMetrics } from "./metrics";
import { createAuthServer } from "./server";
import { createTracing } from "./tracing/create";
import { tracedDecision } from "./tracing/decisions";
import type { TraceHeaders } from "./tracing/propagation";
import { noTracing, type Tracing } from "./tracing/tracing";
import { TokenCache } from "./token-cache";
import { tokenVerifier } from "./tokens";

/**
 * Milliseconds for what is in flight when the service ends. Then comes what is on its way to Loki (6 s) and the log (1 s), and the
 * container's grace is 15 s.
 */
const DRAIN = 5_000;

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
  const { files, keys, metrics, judge, management, close } = createParts(settings, log, waits);
  let draining = false;
  const server = createAuthServer({
    decide: judge,
    draining: () => draining,
    metrics: async () => ({ contentType: metrics.contentType, text: await metrics.text() }),
    readiness: () => readiness(draining, files, keys.age),
    ...(management !== undefined && { api: management.api }),
  });
  const finish = drainable(server);
  return {
    start: async () => {
      const problems = [...brokenFiles(Object.values(files)), ...(await listening(server, settings))];
      if (problems.length > 0) {
        await close();
        server.close();
        throw new Error(problems.join("\n"));
      }
      keys.start();
      management?.start();
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : settings.port;
      logger.info(`listening on ${settings.host}:${port}`);
      return { port };
    },
    drain: async (milliseconds = DRAIN) => {
      draining = true;
      const whole = await finish(milliseconds);
      if (!whole) logger.warn(`requests were still in flight after ${milliseconds} ms`);
      await close();
    },
  };
}

/** What decides, and what it is known by. */
function createParts(settings: Settings, log: Log, waits: NonNullable<KeyStoreOptions["waits"]>) {
  const { logger } = log;
  const metrics = createMetrics();
  const files = openFiles(settings, logger);
  const tracing = openTracing(settings, logger);
  const keys = new KeyStore({
    url: settings.jwksUrl,
    tracing,
    waits,
    onFetch: (result, problem) => {
      metrics.fetchedKeys(result);
      if (problem !== undefined) logger.warn({ result, problem }, "Keycloak's keys were not fetched");
      else if (result === "replaced") logger.info("Keycloak's keys are new");
    },
  });
  const ring = newestRing(files.keys, files.pepper);
  const cache = new TokenCache({ onLookup: metrics.lookedUp });
  const audit = new Audit({
    write: (record) => {
      logger.info(record);
    },
  });
  const verify = tokenVerifier(settings, keys, cache);
  const match = routeMatch([...ROUTES, ...extraRoutes(settings.upstreams)]);
  const onFailure = (error: unknown): void => {
    tracing.failed(error);
    logger.error({ where: placesOf(error) }, "a decision failed");
  };
  const management =
    settings.stores &&
    openManagement(settings, settings.stores, { logger, metrics, files, ring, tracing, verify, onFailure });
  metrics.observe({
    keysAge: () => keys.age,
    cachedTokens: () => cache.size,
    droppedLines: log.dropped,
    management,
    files,
    spans: tracing.counts,
  });
  const judge = async (
    request: AuthorizationRequest,
    requestId: string | undefined,
    trace: TraceHeaders,
  ): Promise<Decision> => {
    const began = performance.now();
    const selfService = management?.selfService;
    const known = { directory: files.tenants.value, keys: ring(), selfService, verify, match, onFailure };
    const judgement = await tracedDecision(tracing, request, trace, () => decide(request, known));
    metrics.decided(judgement, (performance.now() - began) / 1_000);
    audit.record(request, requestId, judgement);
    management?.refused(refusalOf(request, requestId, judgement));
    return judgement.decision;
  };
  const close = async (): Promise<void> => {
    keys.close();
    await Promise.all([management?.close(), tracing.close()]);
    for (const file of Object.values(files)) file.close();
    metrics.close();
    audit.close();
  };
  return { files, keys, metrics, judge, management, close };
}

function openTracing({ traces }: Settings, logger: Logger): Tracing {
  if (traces === undefined) return noTracing;
  const onFailure = (problem: string): void => {
    logger.warn({ problem }, "the collector does not take traces");
  };
  return createTracing({
    endpoint: traces.url,
    share: traces.share,
    orgId: orgId(PLATFORM_TENANT),
    replica: hostname(),
    onFailure,
  });
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
