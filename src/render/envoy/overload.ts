import { size } from "../../model/units";
import type { Listener } from "../../model/routes";
import { share } from "../memory";
import type { RenderInput } from "../input";
import { extension, type Message } from "./protobuf";

/** Of the process's memory: the rest is for what the allocator does not count (stacks, code, fragmentation). */
const HEAP_SHARE = 0.75;
/** One for this much memory: a TLS connection takes some 50 KiB, with buffers. */
const MEMORY_PER_CONNECTION = size("64KiB");

/** All that Envoy holds open at a time. */
const mostConnections = ({ environment }: RenderInput): number =>
  Math.floor(environment.sizes.envoy.memory / MEMORY_PER_CONNECTION);

/**
 * Of those, what each listener may hold: together less than all, so that none can lock another one out, nor the connections
 * that are refused while they are counted.
 */
const SHARES: Readonly<Record<Listener | "health", number>> = {
  otlpGrpc: 3 / 8,
  otlpHttp: 3 / 8,
  query: 1 / 8,
  health: 1 / 64,
};

/**
 * Listeners close what is above their share at once, before TLS. They do not know whose it is: a limit per source, so that
 * one cannot take a whole listener, belongs to the load balancer in front. Not the network filter for it, because this stands
 * before all filters.
 */
export const runtime = (input: RenderInput): Message => ({
  layers: [
    {
      name: "connections",
      static_layer: Object.fromEntries(
        Object.entries(SHARES).map(([listener, share_]) => [
          `envoy.resource_limits.listener.${listener}.connection_limit`,
          Math.floor(mostConnections(input) * share_),
        ]),
      ),
    },
    {
      name: "rbac",
      // By itself RBAC looks at each value of a header that came twice, and one that is allowed would let in the other beside it.
      static_layer: { "envoy.reloadable_features.rbac_match_headers_individually": false },
    },
  ],
});

const HEAP = "envoy.resource_monitors.fixed_heap";

const above = (value: number): readonly Message[] => [{ name: HEAP, threshold: { value } }];

/** Refuses with 503 what would end the process: one that is killed loses what is in flight of every tenant. */
export function overloadManager(input: RenderInput): Message {
  const { memory } = input.environment.sizes.envoy;
  return {
    refresh_interval: "0.25s",
    resource_monitors: [
      extension(HEAP, "envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig", {
        max_heap_size_bytes: share(memory, HEAP_SHARE),
      }),
      extension(
        "envoy.resource_monitors.global_downstream_max_connections",
        "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
        { max_active_downstream_connections: mostConnections(input) },
      ),
    ],
    actions: [
      { name: "envoy.overload_actions.shrink_heap", triggers: above(0.9) },
      { name: "envoy.overload_actions.disable_http_keepalive", triggers: above(0.92) },
      { name: "envoy.overload_actions.stop_accepting_requests", triggers: above(0.95) },
      { name: "envoy.overload_actions.reject_incoming_connections", triggers: above(0.98) },
    ],
  };
}
