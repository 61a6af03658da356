import { LRUCache } from "lru-cache";
import type { AuthorizationRequest, Judgement } from "./decision";
import { shown } from "./log";

/** Milliseconds in which the same user, tenant and route is counted and not told again. */
const REPEAT = 60_000;
/** Of users, tenants and routes: the least recently seen is told when there are more. */
const MAXIMUM = 10_000;
/** Characters, as in Envoy's access log. */
export const LONGEST_PATH = 256;
export const LONGEST_FIELD = 128;

/** One decision, as it is written. Only `path`, `request_id` and `requested_tenant` are the client's own words. */
export interface AuditRecord {
  readonly audit: "decision" | "repeats";
  readonly request_id?: string;
  readonly method?: string;
  readonly path?: string;
  readonly routes: readonly string[];
  readonly credential: string;
  readonly user?: string;
  readonly tenant?: string;
  readonly requested_tenant?: string;
  readonly outcome: Judgement["decision"]["kind"];
  readonly code?: string;
  /** Allows like this one since the last record that were not told. */
  readonly repeats?: number;
}

interface Seen {
  readonly record: AuditRecord;
  readonly told: number;
  repeats: number;
}

export interface AuditOptions {
  readonly write: (record: AuditRecord) => void;
  readonly now?: () => number;
  readonly maximum?: number;
}

/** Tells every denial and every "cannot decide", and of allows those that do not repeat one of the last minute. */
export class Audit {
  readonly #seen: LRUCache<string, Seen>;
  readonly #now: () => number;

  constructor(private readonly options: AuditOptions) {
    this.#now = options.now ?? (() => performance.now());
    this.#seen = new LRUCache({
      max: options.maximum ?? MAXIMUM,
      dispose: (seen, _key, reason) => {
        if (reason !== "set") this.#tellRepeats(seen);
      },
    });
  }

  record(request: AuthorizationRequest, requestId: string | undefined, judgement: Judgement): void {
    const key = repeatable(judgement);
    if (key === undefined) {
      this.options.write(recordOf(request, requestId, judgement));
      return;
    }
    const seen = this.#seen.get(key);
    const now = this.#now();
    if (seen !== undefined && now - seen.told < REPEAT) {
      seen.repeats++;
      return;
    }
    const record = recordOf(request, requestId, judgement);
    this.#seen.set(key, { record, told: now, repeats: 0 });
    const repeats = seen?.repeats ?? 0;
    this.options.write(repeats === 0 ? record : { ...record, repeats });
  }

  /** Tells what was counted and not told. */
  close(): void {
    this.#seen.clear();
  }

  #tellRepeats({ record, repeats }: Seen): void {
    if (repeats === 0) return;
    const { routes, credential, user = "", tenant = "", outcome } = record;
    this.options.write({ audit: "repeats", routes, credential, user, tenant, outcome, repeats });
  }
}

/** What an allow is a repeat of. Nothing in it can hold a space. */
const repeatable = ({ decision, routes, credential }: Judgement): string | undefined =>
  decision.kind === "allow"
    ? `${credential} ${decision.userId} ${decision.orgId} ${routes[0]?.id ?? ""}`
    : undefined;

function recordOf(
  { method, path, requestedTenant }: AuthorizationRequest,
  requestId: string | undefined,
  { decision, routes, credential, user, tenant }: Judgement,
): AuditRecord {
  return {
    audit: "decision",
    ...(requestId !== undefined && { request_id: shown(requestId, LONGEST_FIELD) }),
    method: shown(method, LONGEST_FIELD),
    path: shown(path, LONGEST_PATH),
    routes: routes.map(({ id }) => id),
    credential,
    ...(user !== undefined && { user }),
    ...(tenant !== undefined && { tenant }),
    ...(requestedTenant !== undefined && { requested_tenant: shown(requestedTenant, LONGEST_FIELD) }),
    outcome: decision.kind,
    ...(decision.kind !== "allow" && { code: decision.code }),
  };
}
