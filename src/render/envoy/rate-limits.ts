import { TENANT_HEADER } from "../../model/headers";
import type { EdgeLimits } from "../../model/limits";
import { DEFAULT_PLAN } from "../../model/plans";
import type { Tenant } from "../../model/tenant";
import { rate, type PerSecond } from "../../model/units";
import type { RenderInput } from "../input";
import { discovered } from "./checks";
import { FILTERS, LIVE_FILES } from "./names";
import { always, any, extension, type Message } from "./protobuf";

const TYPE = "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit";

/** An evicted bucket starts full again, so more than there will be sources or tenants. A bucket takes some 300 bytes. */
const MOST_BUCKETS = 20_000;

interface Bucket {
  readonly perSecond: PerSecond;
  readonly burst: number;
}

const bucket = ({ perSecond, burst }: Bucket): Message => ({
  max_tokens: burst,
  tokens_per_fill: perSecond,
  fill_interval: "1s",
});

interface Descriptor {
  /** Absent: every value has its own bucket. */
  readonly value?: string;
  readonly limit: Bucket;
}

interface Limiter {
  readonly statPrefix: string;
  readonly key: string;
  readonly action: Message;
  readonly descriptors: readonly Descriptor[];
  /** For requests without the key, which there are none of. */
  readonly otherwise: Bucket;
}

/** Per replica and listener: a first line in front of the backends' quotas. A changed file starts all its buckets full. */
const limiter = ({ statPrefix, key, action, descriptors, otherwise }: Limiter): Message => ({
  stat_prefix: statPrefix,
  token_bucket: bucket(otherwise),
  filter_enabled: always,
  filter_enforced: always,
  rate_limits: [{ actions: [action] }],
  descriptors: descriptors.map(({ value, limit }) => ({
    entries: [{ key, ...(value === undefined ? {} : { value }) }],
    token_bucket: bucket(limit),
  })),
  max_dynamic_descriptors: MOST_BUCKETS,
  // Its default would have everybody share the bucket above as well.
  always_consume_default_token_bucket: false,
  // For gRPC 14, which senders retry; 8 they take for final.
  rate_limited_as_resource_exhausted: false,
});

/**
 * Before any check, so that guessing and flooding cost little. One source alone may ask as much as the environment carries
 * of all tenants together: agents behind one address share this bucket. An IPv6 source is its /64, which one host can have.
 */
export function sourceLimitFilter({ environment }: RenderInput): Message {
  const limit = { perSecond: environment.capacity.requests, burst: 2 * environment.capacity.requests };
  return extension(
    FILTERS.sourceLimit,
    TYPE,
    limiter({
      statPrefix: "source_limit",
      key: "masked_remote_address",
      action: { masked_remote_address: { v4_prefix_mask_len: 32, v6_prefix_mask_len: 64 } },
      descriptors: [{ limit }],
      otherwise: limit,
    }),
  );
}

const ofEdge = ({ requests, burst }: EdgeLimits): Bucket => ({ perSecond: rate(`${requests}/s`), burst });

const TENANT_KEY = "tenant";

/** The limit of each tenant that is listed; others, the platform's own among them, each have the default plan's. */
export function tenantLimits(tenants: readonly Tenant[]): Message {
  const unlisted = ofEdge(DEFAULT_PLAN.limits.edge);
  const listed = [...tenants]
    .sort((a, b) => (a.orgId < b.orgId ? -1 : 1))
    .map(({ orgId, limits }) => ({ value: orgId, limit: ofEdge(limits.edge) }));
  return any(
    TYPE,
    limiter({
      statPrefix: "tenant_limit",
      key: TENANT_KEY,
      action: { request_headers: { header_name: TENANT_HEADER, descriptor_key: TENANT_KEY } },
      descriptors: [...listed, { limit: unlisted }],
      otherwise: unlisted,
    }),
  );
}

/** After the check, by the verified tenant. The limits are a live file (live.ts). */
export const tenantLimitsFilter = ({ topology }: RenderInput): Message =>
  discovered(FILTERS.tenantLimits, topology, LIVE_FILES.tenantLimits, tenantLimits([]));
