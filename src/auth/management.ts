import { LRUCache } from "lru-cache";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { KeyLookup } from "./api-keys/lookup";
import { tenantApi } from "./api/app";
import { identify } from "./api/identify";
import { keycloakIssuer } from "./api/token-issuer";
import type { Settings, StoreSettings } from "./config";
import { RefusalRecorder, type RefusalCounts } from "./decisions/recorder";
import type { Refused } from "./decisions/refusal";
import type { Files } from "./files";
import type { KeyRing } from "./keys";
import { type Logger, placesOf } from "./log";
import type { Metrics } from "./metrics";
import { Room } from "./redis/room";
import { openStores } from "./redis/stores";
import type { TokenVerifier } from "./tokens";
import type { Tracing } from "./tracing/tracing";
import { openTrail, type Trail } from "./trail";
import { recorded } from "./trail/recorded";

/** Milliseconds. */
const TELL_AGAIN = 60_000;
const MOST_TOLD = 100;

/** What there is where there is a store: the tenant API, keys that people made, and a memory of acts and refusals. */
export interface Management {
  readonly api: (request: IncomingMessage, response: ServerResponse) => void;
  readonly selfService: Pick<KeyLookup, "find">;
  /** Keeps why something was refused. Waits for nothing. */
  readonly refused: (refusal: Refused | undefined) => void;
  readonly up: () => boolean;
  readonly refusals: () => RefusalCounts;
  readonly backlog: Trail["backlog"];
  /** Connects. Waits for nothing. */
  readonly start: () => void;
  /** Brings what is under way to its end, within some seconds. */
  readonly close: () => Promise<void>;
}

/** What decisions and the tenant API both work with. */
interface Common {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly files: Files;
  readonly ring: () => KeyRing | undefined;
  readonly tracing: Tracing;
  readonly verify: TokenVerifier;
  readonly onFailure: (error: unknown) => void;
}

export function openManagement(
  { tokenUrl, passwordGrant }: Settings,
  { redis, lokiUrl }: StoreSettings,
  common: Common,
): Management {
  const { logger, metrics, files, ring, tracing, verify, onFailure } = common;
  const password = (): string | undefined => files.redis?.value;
  const stores = openStores({
    settings: redis,
    ...{ password, ring, tracing, onLookup: metrics.lookedUpKey },
    directory: () => files.tenants.value,
    onChange: (up, problem) => {
      if (up) logger.info("Redis is there");
      else logger.error({ problem }, "Redis is not there");
    },
  });
  const room = new Room(stores.redis);
  // Of the same trouble a word a minute is enough.
  const told = new LRUCache<string, true>({ max: MOST_TOLD, ttl: TELL_AGAIN });
  const refusals = new RefusalRecorder({
    store: stores.refusals,
    onFailure: (error) => {
      logger.warn({ where: placesOf(error) }, "why requests were refused is not kept");
    },
  });
  const trail = openTrail({
    ...{ redis, password, tracing, loki: lokiUrl, onPush: metrics.pushed },
    seal: (text) => ring()?.hash(text),
    onProblem: (problem) => {
      if (told.has(problem)) return;
      told.set(problem, true);
      logger.error({ problem }, "the audit");
    },
  });
  const api = tenantApi({
    identify: (credentials) =>
      identify(credentials, {
        ...{ directory: files.tenants.value, keys: ring(), selfService: stores.lookup, verify, onFailure },
      }),
    ...{ keys: stores.apiKeys, data: stores.data, decisions: stores.refusals, trail },
    tokens: keycloakIssuer(tokenUrl, undefined, tracing),
    ...{ tracing, passwordGrant, onFailure, onAnswered: metrics.answered },
    onRefused: (refused) => {
      refusals.record(refused);
    },
    audit: (event) => recorded(event, logger, trail),
    full: () => room.full,
  });
  return {
    ...{ api, selfService: stores.lookup },
    refused: (refusal) => {
      if (refusal !== undefined) refusals.record(refusal);
    },
    up: () => stores.redis.up,
    refusals: () => refusals.counts,
    backlog: trail.backlog,
    start: () => {
      stores.redis.start();
      room.start();
      refusals.start();
      trail.start();
    },
    close: async () => {
      room.close();
      await Promise.all([refusals.close(), trail.close()]);
      stores.redis.close();
    },
  };
}
