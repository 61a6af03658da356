import { pb, pbAt, typeName } from "./envoy";
import { nothing, type Rule } from "./rule";
import { list, type Fields } from "./values";

/** Envoy's own readiness and metrics: nothing of a tenant's travels there. */
const PLAIN = "health";
const VERSIONS: readonly unknown[] = ["TLSv1_2", "TLSv1_3"];

export const theEdgeSpeaksTls: Rule = {
  name: "the-edge-speaks-tls",
  description:
    "Every listener but the health check's speaks TLS: tokens, keys and telemetry are readable to whoever is on the way otherwise.",
  check: ({ edge: { listeners } }) => {
    if (listeners.length === 0) return [nothing("Envoy listener")];
    return listeners
      .filter(({ name }) => name !== PLAIN)
      .flatMap(({ name, file, chains }) =>
        chains.flatMap(weaknesses).map((problem) => ({
          resource: file.resource,
          message: `Listener ${name}: ${problem}.`,
          remedy:
            "Give each of its filter chains a transport_socket with a DownstreamTlsContext, a certificate and TLSv1_2 at least (src/render/envoy).",
        })),
      );
  },
};

function weaknesses(chain: Fields): readonly string[] {
  const context = pbAt(chain, "transport_socket", "typed_config");
  if (typeName(context) !== "DownstreamTlsContext")
    return [`a filter chain takes plain connections (${typeName(context) || "no transport_socket"})`];
  const common = pb(context, "common_tls_context");
  const certificates = ["tls_certificate_sds_secret_configs", "tls_certificates"].flatMap((name) =>
    list(pb(common, name)),
  );
  const version = pbAt(common, "tls_params", "tls_minimum_protocol_version");
  return [
    ...(certificates.length > 0 ? [] : ["a filter chain has no certificate"]),
    // Envoy's own default for servers is TLSv1_2.
    ...(version === undefined || version === "TLS_AUTO" || VERSIONS.includes(version)
      ? []
      : [`a filter chain takes ${JSON.stringify(version)}`]),
  ];
}
