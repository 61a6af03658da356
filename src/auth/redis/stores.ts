import { KeyLookup, type KeyLookupOptions, type LookupResult } from "../api-keys/lookup";
import { StoredApiKeys } from "../api-keys/store";
import type { ApiKeys, DataStore } from "../api/ports";
import type { RedisSettings } from "../config";
import { StoredData } from "../data/store";
import { RedisStore } from "./connection";

/** All that is kept in Redis, and what decisions know of it. */
export interface Stores {
  readonly apiKeys: ApiKeys;
  readonly data: DataStore;
  readonly lookup: KeyLookup;
  readonly redis: RedisStore;
}

export interface StoresOptions extends Pick<KeyLookupOptions, "directory" | "ring"> {
  readonly settings: RedisSettings;
  readonly password: () => string | undefined;
  readonly onLookup: (result: LookupResult) => void;
  readonly onChange: (up: boolean, problem?: string) => void;
}

/** Connects to nothing yet: `redis.start()` does. */
export function openStores({ settings, password, onChange, ...known }: StoresOptions): Stores {
  const redis = new RedisStore({ settings, password, onChange });
  return {
    redis,
    apiKeys: new StoredApiKeys({ redis, ring: known.ring }),
    data: new StoredData({ redis }),
    lookup: new KeyLookup({ redis, ...known }),
  };
}
