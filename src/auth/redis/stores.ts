import { KeyLookup, type KeyLookupOptions, type LookupResult } from "../api-keys/lookup";
import { StoredApiKeys } from "../api-keys/store";
import type { ApiKeys, DataStore } from "../api/ports";
import type { RedisSettings } from "../config";
import { StoredData } from "../data/store";
import { StoredRefusals } from "../decisions/store";
import type { Tracing } from "../tracing/tracing";
import { RedisStore } from "./connection";

/** All that is kept in Redis, and what decisions know of it. */
export interface Stores {
  readonly apiKeys: ApiKeys;
  readonly data: DataStore;
  readonly lookup: KeyLookup;
  readonly refusals: StoredRefusals;
  readonly redis: RedisStore;
}

export interface StoresOptions extends Pick<KeyLookupOptions, "directory" | "ring"> {
  readonly settings: RedisSettings;
  readonly tracing?: Tracing;
  readonly password: () => string | undefined;
  readonly onLookup: (result: LookupResult) => void;
  readonly onChange: (up: boolean, problem?: string) => void;
}

/** Connects to nothing yet: `redis.start()` does. */
export function openStores({ settings, password, onChange, tracing, ...known }: StoresOptions): Stores {
  const redis = new RedisStore({ settings, password, onChange, ...(tracing !== undefined && { tracing }) });
  return {
    redis,
    apiKeys: new StoredApiKeys({ redis, ring: known.ring }),
    data: new StoredData({ redis }),
    lookup: new KeyLookup({ redis, ...known }),
    refusals: new StoredRefusals(redis),
  };
}
