import type { RedisStore } from "../redis/connection";
import { refusalName } from "../redis/keyspace";
import { isRequestId, parseRefusal, type Refusal } from "./refusal";

/** Milliseconds. */
export const KEPT = 6 * 3_600_000;

/** KEYS: of records. ARGV: milliseconds to live, then the records. The first of an id stays: nobody overwrites another's reason. */
const KEEP = `
local kept = 0
for at, name in ipairs(KEYS) do
  if redis.call('SET', name, ARGV[at + 1], 'NX', 'PX', ARGV[1]) then kept = kept + 1 end
end
return kept`;

/** Where refusals can be read again. Throws StoreUnavailable. */
export interface RefusalReader {
  readonly find: (requestId: string) => Promise<Refusal | undefined>;
}

/** Refusals in Redis by request id, so that any replica can be asked. */
export class StoredRefusals implements RefusalReader {
  /** @param kept milliseconds */
  constructor(
    private readonly redis: Pick<RedisStore, "read">,
    private readonly kept = KEPT,
  ) {}

  /** Returns how many were new. Throws StoreUnavailable: what was written before that stays. */
  async keep(refusals: readonly Refusal[]): Promise<number> {
    const names = refusals.map(({ request_id }) => refusalName(request_id));
    const texts = refusals.map((refusal) => JSON.stringify(refusal));
    // As what does not matter: it waits for no replica, and a failover may lose it.
    return Number(
      await this.redis.read((redis) => redis.eval(KEEP, names.length, ...names, this.kept, ...texts)),
    );
  }

  readonly find = async (requestId: string): Promise<Refusal | undefined> => {
    if (!isRequestId(requestId)) return undefined;
    const text = await this.redis.read((redis) => redis.get(refusalName(requestId)));
    return text === null ? undefined : parseRefusal(text);
  };
}
