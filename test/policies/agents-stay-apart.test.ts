import { describe, expect, it } from "vitest";
import { agentsStayApart } from "../../policies/rules/agents-stay-apart";
import { container, files, judge, messages, network, nothingOf, resource, tenant } from "./builder";

const TOKENS = "http://keycloak:8090/realms/observability/protocol/openid-connect/token";
const CONFIG = `otelcol.receiver.otlp "programs" {
	grpc { endpoint = "agent-mx:24317" }
	http { endpoint = "agent-mx:24318" }
}
otelcol.exporter.otlphttp "logs" {
	client {
		endpoint = "https://envoy:4318"
		auth     = otelcol.auth.oauth2.keycloak.handler
		tls { ca_file = "/ca.crt" }
	}
}
otelcol.auth.oauth2 "keycloak" {
	token_url = "${TOKENS}"
}
`;
const MX = tenant("mx");
const AGENT = resource("atalaya:tenant:Agent", "agent-mx", {}, { parent: MX });
const OWN = network("agent-mx.network", {}, { parent: AGENT });
const NETWORKS = [
  { name: "atalaya-dev-agent-mx.network", aliases: ["agent-mx"] },
  { name: "atalaya-dev-edge" },
];
const found = (config = CONFIG, inputs: object = {}) =>
  judge(agentsStayApart, [
    MX,
    AGENT,
    OWN,
    container("agent-mx", { networksAdvanced: NETWORKS, ...inputs }, { parent: AGENT }),
    files("agent-mx", { "/etc/atalaya/agent-mx/config.alloy": config }, { parent: AGENT }),
  ]).map(({ tenant: id, message }) => `${id ?? ""}: ${message}`);

describe("agents-stay-apart", () => {
  it("passes an agent on its own network that talks to the edge", () => {
    expect(found(CONFIG, { command: ["run", "--server.http.listen-addr=agent-mx:25000"] })).toEqual([]);
  });

  it.each<[string, string, string, string]>([
    [
      "every address",
      "agent-mx:24318",
      "0.0.0.0:24318",
      'takes http on 0.0.0.0:24318 (otelcol.receiver.otlp "programs"), which others can reach',
    ],
    [
      "OTLP's default",
      '{ endpoint = "agent-mx:24317" }',
      "{ }",
      'takes grpc on every address (otelcol.receiver.otlp "programs"), which others can reach',
    ],
    [
      "another edge",
      "https://envoy:4318",
      "http://envoy:4318",
      'sends to http://envoy:4318 (otelcol.exporter.otlphttp "logs")',
    ],
    [
      "any certificate",
      "tls {",
      "tls { insecure_skip_verify = true\n",
      'does not check whom it sends to (otelcol.exporter.otlphttp "logs", insecure_skip_verify)',
    ],
    [
      "another login",
      "oauth2.keycloak.handler",
      "basic.other.handler",
      'sends without its token (otelcol.exporter.otlphttp "logs")',
    ],
    [
      "another server for tokens",
      TOKENS,
      "http://evil.example/token",
      'gets its tokens from http://evil.example/token (otelcol.auth.oauth2 "keycloak")',
    ],
  ])("refuses %s", (_, from, to, problem) => {
    expect(CONFIG).toContain(from);
    expect(found(CONFIG.replace(from, to))).toEqual([`mx: agent-mx ${problem}.`]);
  });

  it("refuses another source of data, and a configuration from elsewhere", () => {
    const more = `${CONFIG}loki.source.api "x" {\n	http { listen_address = "0.0.0.0" }\n}\nimport.http "y" { }\n`;
    expect(found(more)).toEqual([
      'mx: agent-mx listens on 0.0.0.0 (loki.source.api "x"), which others can reach.',
      'mx: agent-mx takes a configuration from elsewhere (import.http "y").',
    ]);
  });

  it("refuses Zipkin's and Jaeger's receivers on every address, and what reads the host", () => {
    const more = `${CONFIG}
otelcol.receiver.zipkin "zipkin" { }
otelcol.receiver.jaeger "jaeger" {
	protocols {
		grpc { endpoint = "0.0.0.0:14250" }
		thrift_http { endpoint = "agent-mx:14268" }
	}
}
prometheus.exporter.unix "machine" { }
otelcol.receiver.filelog "x" { include = ["/var/log/*"] }
discovery.docker "y" { host = "unix:///var/run/docker.sock" }
prometheus.exporter.self "own" { }
`;
    expect(found(more)).toEqual([
      'mx: agent-mx reads the host that it shares with others (discovery.docker "y").',
      'mx: agent-mx reads the host that it shares with others (otelcol.receiver.filelog "x").',
      'mx: agent-mx reads the host that it shares with others (prometheus.exporter.unix "machine").',
      'mx: agent-mx takes grpc on 0.0.0.0:14250 (otelcol.receiver.jaeger "jaeger"), which others can reach.',
      'mx: agent-mx takes zipkin on every address (otelcol.receiver.zipkin "zipkin"), which others can reach.',
    ]);
  });

  it("refuses the shared network alone, a name on it, and a server for everybody", () => {
    const shared = { name: "atalaya-dev-edge", aliases: ["agent-mx"] };
    expect(found(CONFIG, { networksAdvanced: [shared] })).toEqual([
      'mx: agent-mx answers to "agent-mx" on the shared network atalaya-dev-edge.',
      "mx: agent-mx is on no network of its own.",
    ]);
    expect(found(CONFIG, { command: ["--server.http.listen-addr=0.0.0.0:25000"] })).toEqual([
      "mx: agent-mx has its own server listen on 0.0.0.0:25000.",
    ]);
  });

  it("does not pass tenants without an agent, or an environment that it cannot read", () => {
    expect(messages(agentsStayApart, [MX])).toEqual([nothingOf("agent of a tenant")]);
    expect(messages(agentsStayApart, [])).toEqual([nothingOf("agent of a tenant")]);
    expect(messages(agentsStayApart, [resource("atalaya:docker:Host", "docker")])).toEqual([]);
  });
});
