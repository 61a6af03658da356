import type { RenderedFile } from "../../model/files";
import { SECRET_FILES } from "../../model/secret-files";
import { serviceFile } from "../files";
import type { RenderInput } from "../input";
import { toYaml } from "../yaml";
import { adminSocket, clusters } from "./clusters";
import { certificateSecret, DRAIN_PATHS, HEALTH_PATHS, listeners } from "./listeners";
import { bindingList, delivered } from "./live";
import { FILTERS, LIVE_FILES, STATIC_FILES } from "./names";
import { runtime, overloadManager } from "./overload";
import type { Message } from "./protobuf";
import { tenantLimits } from "./rate-limits";

/** The edge. What names tenants is live; the rest depends on the environment alone. Checked against Envoy 1.40. */
export function renderEnvoy(input: RenderInput): readonly RenderedFile[] {
  const place = input.topology.services.envoy;
  const file = (kind: RenderedFile["kind"], name: string, content: Message): RenderedFile =>
    serviceFile("envoy", place, kind, name, toYaml(content));
  return [
    file("static", STATIC_FILES.bootstrap, bootstrap(input)),
    file("static", STATIC_FILES.certificate, {
      resources: [certificateSecret(place.directories.secrets, SECRET_FILES.envoy)],
    }),
    file("live", LIVE_FILES.bindings, bindingList(input.tenants)),
    file("live", LIVE_FILES.tenantLimits, delivered(FILTERS.tenantLimits, tenantLimits(input.tenants))),
  ];
}

const bootstrap = (input: RenderInput): Message => ({
  node: { id: "edge", cluster: "atalaya" },
  admin: {
    // The owner's alone (0600).
    address: { pipe: { path: adminSocket(input), mode: 0o600 } },
    allow_paths: [...HEALTH_PATHS, ...DRAIN_PATHS].map((exact) => ({ exact })),
  },
  overload_manager: overloadManager(input),
  layered_runtime: runtime(input),
  static_resources: { listeners: listeners(input), clusters: clusters(input) },
});
