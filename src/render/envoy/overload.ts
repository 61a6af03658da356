import { size } from "../../model/units";
import { share } from "../memory";
import type { RenderInput } from "../input";
import { extension, type Message } from "./protobuf";

/** Of the process's memory: the rest is for what the allocator does not count (stacks, code, fragmentation). */
const HEAP_SHARE = 0.75;
/** One for this much memory: a TLS connection takes some 50 KiB, with buffers. */
const MEMORY_PER_CONNECTION = size("64KiB");

const HEAP = "envoy.resource_monitors.fixed_heap";

const above = (value: number): readonly Message[] => [{ name: HEAP, threshold: { value } }];

/** Refuses with 503 what would end the process: one that is killed loses what is in flight of every tenant. */
export function overloadManager({ environment }: RenderInput): Message {
  const { memory } = environment.sizes.envoy;
  return {
    refresh_interval: "0.25s",
    resource_monitors: [
      extension(HEAP, "envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig", {
        max_heap_size_bytes: share(memory, HEAP_SHARE),
      }),
      extension(
        "envoy.resource_monitors.global_downstream_max_connections",
        "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
        { max_active_downstream_connections: Math.floor(memory / MEMORY_PER_CONNECTION) },
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
