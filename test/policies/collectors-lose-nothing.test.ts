import { describe, expect, it } from "vitest";
import { collectorsLoseNothing } from "../../policies/rules/collectors-lose-nothing";
import { container, files, messages, nothingOf, tenant } from "./builder";

const GATEWAY = `// A comment { with braces
otelcol.receiver.otlp "edge" {
	grpc { endpoint = "0.0.0.0:14317"
		include_metadata = true
	}
	http {
		include_metadata = true
	}
	output { traces = [otelcol.exporter.otlphttp.tempo.input] }
}
otelcol.exporter.otlphttp "tempo" {
	client {
		endpoint = "http://tempo:4318"
		auth     = otelcol.auth.headers.tenant.handler
	}
	sending_queue { enabled = false }
	retry_on_failure { enabled = false }
}
otelcol.auth.headers "tenant" {
	header {
		key          = "X-Scope-OrgID"
		action       = "upsert"
		from_context = "x-scope-orgid"
	}
}
`;
const AGENT = `otelcol.exporter.otlphttp "traces" {
	client {
		endpoint = "https://envoy:4318"
		auth     = otelcol.auth.oauth2.keycloak.handler
	}
	sending_queue {
		storage = otelcol.storage.file.traces.handler
		sizer   = "bytes"
		batch {
			sizer    = "bytes"
			max_size = 2097152
		}
	}
	retry_on_failure {
		max_elapsed_time = "0s"
	}
}
otelcol.storage.file "traces" {
	directory = "/data"
	fsync     = true
}
otelcol.auth.oauth2 "keycloak" {
	client_id = "agent-mx"
}
`;

const FILES = `otelcol.receiver.filelog "app" {
	include = ["/var/log/app.log"]
	storage = otelcol.storage.file.traces.handler
	retry_on_failure {
		enabled          = true
		max_elapsed_time = "0s"
	}
	output { logs = [otelcol.exporter.otlphttp.traces.input] }
}
`;

const MX = tenant("mx");
const found = ({ gateway = GATEWAY, agent = AGENT } = {}) =>
  messages(collectorsLoseNothing, [
    MX,
    tenant("pe"),
    files("alloy-gateway", { "/etc/atalaya/alloy-gateway/config.alloy": gateway }),
    files("agent-mx", { "/etc/atalaya/agent-mx/config.alloy": agent }, { parent: MX }),
  ]);
const without = (text: string, line: string): string => {
  if (!text.includes(line)) throw new Error(`"${line}" is not there`);
  return text.replace(line, "");
};

describe("collectors-lose-nothing", () => {
  it("passes a gateway that holds nothing back, and an agent that keeps everything", () => {
    expect(found()).toEqual([]);
    expect(found({ agent: `${AGENT}${FILES}` })).toEqual([]);
  });

  it.each([
    [
      "a batch",
      `${GATEWAY}otelcol.processor.batch "b" {}\n`,
      'otelcol.processor.batch "b" acknowledges what it still holds in memory, and merges tenants',
    ],
    [
      "a queue",
      without(GATEWAY, "sending_queue { enabled = false }"),
      'otelcol.exporter.otlphttp "tempo" has a sending_queue: one tenant\'s backlog would hold up all, and an answer would not reach its sender',
    ],
    [
      "retries",
      GATEWAY.replace("retry_on_failure { enabled = false }", "retry_on_failure { enabled = true }"),
      'otelcol.exporter.otlphttp "tempo" has a retry_on_failure: one tenant\'s backlog would hold up all, and an answer would not reach its sender',
    ],
    [
      "a receiver that forgets headers",
      without(GATEWAY, "include_metadata = true"),
      'otelcol.receiver.otlp "edge" drops the tenant of grpc requests (include_metadata is not true)',
    ],
    [
      "an exporter without the tenant",
      without(GATEWAY, "auth     = otelcol.auth.headers.tenant.handler"),
      'otelcol.exporter.otlphttp "tempo" does not take the tenant from the request',
    ],
    [
      "a tenant that is always the same",
      GATEWAY.replace('from_context = "x-scope-orgid"', 'value = "tenant-mx"'),
      'otelcol.exporter.otlphttp "tempo" does not take the tenant from the request',
    ],
    [
      "a tenant from another header",
      GATEWAY.replace('from_context = "x-scope-orgid"', 'from_context = "x-tenant"'),
      'otelcol.exporter.otlphttp "tempo" does not take the tenant from the request',
    ],
    [
      "a tenant beside the sender's own",
      GATEWAY.replace('"upsert"', '"insert"'),
      'otelcol.exporter.otlphttp "tempo" does not take the tenant from the request',
    ],
    [
      "an exporter that knows no tenant",
      `${GATEWAY}prometheus.remote_write "m" { }\n`,
      'prometheus.remote_write "m" loses the tenant, or gives up; use otelcol.exporter.otlphttp',
    ],
    [
      "an exporter by gRPC",
      `${GATEWAY}otelcol.exporter.otlp "g" { }\n`,
      'otelcol.exporter.otlp "g" loses the tenant, or gives up; use otelcol.exporter.otlphttp',
    ],
  ])("refuses a gateway with %s", (_, gateway, problem) => {
    expect(found({ gateway })).toEqual([`alloy-gateway: ${problem}.`]);
  });

  it.each([
    [
      "a queue in memory",
      without(AGENT, "storage = otelcol.storage.file.traces.handler"),
      'otelcol.exporter.otlphttp "traces" does not queue on disk',
    ],
    [
      "a queue that is off",
      AGENT.replace("sending_queue {", "sending_queue {\n enabled = false"),
      'otelcol.exporter.otlphttp "traces" does not queue on disk',
    ],
    [
      "a queue that is nowhere",
      AGENT.replace("file.traces.handler", "file.other.handler"),
      'otelcol.exporter.otlphttp "traces" does not queue on disk',
    ],
    ["no fsync", AGENT.replace("fsync     = true", ""), 'otelcol.storage.file "traces" does not fsync'],
    [
      "a queue that counts items",
      AGENT.replace('sizer   = "bytes"', 'sizer   = "items"'),
      'otelcol.exporter.otlphttp "traces" does not bound its queue in bytes',
    ],
    [
      "batches that count items",
      AGENT.replace('sizer    = "bytes"', 'sizer    = "items"'),
      'otelcol.exporter.otlphttp "traces" may send more at once than the edge takes (4194304 bytes)',
    ],
    [
      "batches of any size",
      without(AGENT, "max_size = 2097152"),
      'otelcol.exporter.otlphttp "traces" may send more at once than the edge takes (4194304 bytes)',
    ],
    [
      "batches as large as a request",
      AGENT.replace("2097152", "4194304"),
      'otelcol.exporter.otlphttp "traces" may send more at once than the edge takes (4194304 bytes)',
    ],
    [
      "an end to its patience",
      AGENT.replace('"0s"', '"5m"'),
      'otelcol.exporter.otlphttp "traces" gives up (max_elapsed_time is not "0s")',
    ],
    [
      "Alloy's own patience",
      without(AGENT, 'max_elapsed_time = "0s"'),
      'otelcol.exporter.otlphttp "traces" gives up (max_elapsed_time is not "0s")',
    ],
    [
      "another's login",
      AGENT.replace("agent-mx", "agent-pe"),
      'otelcol.auth.oauth2 "keycloak" logs in as agent-pe',
    ],
    [
      "a tenant that it names itself",
      `${AGENT}otelcol.auth.headers "x" {\n header {\n key = "X-Scope-OrgID"\n value = "tenant-pe"\n}\n}\n`,
      "sets the tenant tenant-pe itself; only its token says whose data it sends",
    ],
    [
      "a receiver that leads nowhere",
      `${AGENT}otelcol.receiver.zipkin "zipkin" {\n output { }\n}\n`,
      'otelcol.receiver.zipkin "zipkin" takes what it leads nowhere',
    ],
    [
      "files that it begins anew",
      `${AGENT}${FILES.replace("storage = otelcol.storage.file.traces.handler", "")}`,
      'otelcol.receiver.filelog "app" forgets how far it has read when it stops',
    ],
    [
      "files that do not wait",
      `${AGENT}${FILES.replace('max_elapsed_time = "0s"', "")}`,
      'otelcol.receiver.filelog "app" drops lines that its queue does not take',
    ],
    [
      "a batch before its queue",
      `${AGENT}otelcol.processor.batch "b" { }\n`,
      'otelcol.processor.batch "b" acknowledges what it still holds in memory, and merges tenants',
    ],
  ])("refuses an agent with %s", (_, agent, problem) => {
    expect(found({ agent })).toEqual([`agent-mx: ${problem}.`]);
  });

  it("holds what runs against who is let in", () => {
    const world = (listed: object, start: boolean) =>
      messages(collectorsLoseNothing, [
        MX,
        files("alloy-gateway", { "/etc/atalaya/alloy-gateway/config.alloy": GATEWAY }),
        files("auth", {
          "/var/lib/atalaya/auth/live/tenants.json": { tenants: [{ id: "mx", services: [], ...listed }] },
        }),
        container("agent-mx", { start }, { parent: MX }),
      ]);
    const active = { state: "active", agents: ["agent-mx"] };
    const suspended = { state: "active", agents: [], suspendedAgents: ["agent-mx"] };
    expect([
      world(active, true),
      world(suspended, false),
      world({ ...active, state: "suspended" }, false),
    ]).toEqual([[], [], []]);
    const runs = ["agent-mx runs, but is not let in: it drops what it holds."];
    expect([world(suspended, true), world({ ...active, state: "suspended" }, true)]).toEqual([runs, runs]);
    expect(world(active, false)).toEqual(["agent-mx is let in, but does not run."]);
  });

  it("refuses what it cannot read", () => {
    expect(found({ gateway: GATEWAY.slice(0, -3) })).toEqual([
      'The rule could not decide: a block "otelcol.auth.headers" without an end in an Alloy configuration',
    ]);
  });

  it("does not pass an environment without a gateway", () => {
    expect(messages(collectorsLoseNothing, [])).toEqual([
      nothingOf("configuration of the shared collector (alloy-gateway)"),
    ]);
  });
});
