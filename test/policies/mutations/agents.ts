import { edit, editFile, replace } from "../environment";
import type { Block, Mutations } from "./mutation";

const CONFIG = "/etc/atalaya/agent-pe/config.alloy";

const mount = (container: string, volumeName: string) =>
  edit(`Container ${container}-container`, ({ inputs }) => {
    inputs["volumes"] = [...(inputs["volumes"] as object[]), { volumeName, containerPath: "/more" }];
  });

const joins = (change: (networks: Block[]) => Block[]) =>
  edit("Container agent-pe-container", ({ inputs }) => {
    inputs["networksAdvanced"] = change(structuredClone(inputs["networksAdvanced"]) as Block[]);
  });

export const AGENTS: Mutations = {
  "volumes-stay-with-their-process": [
    {
      what: "an agent reads another tenant's secrets",
      apply: mount("agent-pe", "atalaya-dev-agent-mx.secrets"),
      messages: [
        "agent-pe-container mounts the volume atalaya-dev-agent-mx.secrets, which is declared for agent-mx of tenant mx.",
      ],
    },
    {
      what: "an agent reads another agent's queue",
      apply: mount("agent-mx", "atalaya-dev-agent-mx-plant.data"),
      messages: [
        "agent-mx-container mounts the volume atalaya-dev-agent-mx-plant.data, which is declared for agent-mx-plant of tenant mx.",
      ],
    },
    {
      what: "an agent reads everybody's logs",
      apply: mount("agent-co", "atalaya-dev-loki.data"),
      messages: ["agent-co-container mounts the volume atalaya-dev-loki.data, which is declared for loki."],
    },
    {
      what: "Grafana mounts what nobody declares",
      apply: mount("grafana", "elsewhere"),
      messages: ["grafana-container mounts the volume elsewhere, which nobody declares."],
    },
    {
      what: "a volume is a path of the host",
      apply: edit("Volume agent-co-data", ({ inputs }) => {
        inputs["driverOpts"] = { type: "none", o: "bind", device: "/var/lib/docker/volumes" };
      }),
      messages: ["The volume agent-co-data has the driver local with type, o, device: it may lie anywhere."],
    },
  ],
  "agents-mask-secrets": [
    {
      what: "an agent's logs go past its masking",
      apply: editFile(
        CONFIG,
        replace(
          "logs    = [otelcol.processor.transform.redact.",
          "logs    = [otelcol.processor.transform.classify.",
        ),
      ),
      messages: [
        'agent-pe: otelcol.receiver.otlp "programs" leads logs to otelcol.exporter.otlphttp "logs" with their secrets.',
      ],
    },
    {
      what: "an agent measures spans before they are masked",
      apply: editFile(
        CONFIG,
        replace(
          "traces  = [otelcol.processor.transform.redact.input]",
          "traces  = [otelcol.connector.spanmetrics.spans.input, otelcol.processor.transform.redact.input]",
        ),
      ),
      messages: ['jaeger "jaeger"', 'otlp "programs"', 'zipkin "zipkin"'].map(
        (receiver) =>
          `agent-pe: otelcol.receiver.${receiver} leads metrics to otelcol.exporter.otlphttp "metrics" with their secrets.`,
      ),
    },
  ],
  "agents-stay-apart": [
    {
      what: "an agent measures the host",
      apply: editFile(
        CONFIG,
        replace(
          /^otelcol\.processor\.memory_limiter/m,
          'prometheus.exporter.unix "host" { }\n\notelcol.processor.memory_limiter',
        ),
      ),
      messages: ['agent-pe reads the host that it shares with others (prometheus.exporter.unix "host").'],
    },
    {
      what: "an agent has no network of its own",
      apply: joins((networks) => networks.filter(({ name }) => name === "atalaya-dev-edge")),
      messages: ["agent-pe is on no network of its own."],
    },
    {
      what: "an agent answers on the shared network",
      apply: joins((networks) =>
        networks.map((network) =>
          network["name"] === "atalaya-dev-edge" ? { ...network, aliases: ["agent-pe.edge"] } : network,
        ),
      ),
      messages: ['agent-pe answers to "agent-pe.edge" on the shared network atalaya-dev-edge.'],
    },
    {
      what: "an agent listens on every address",
      apply: editFile(CONFIG, replace("agent-pe:24317", "0.0.0.0:24317")),
      messages: [
        'agent-pe takes grpc on 0.0.0.0:24317 (otelcol.receiver.otlp "programs"), which others can reach.',
      ],
    },
    {
      what: "an agent shows itself to everybody",
      apply: edit("Container agent-pe-container", ({ inputs }) => {
        inputs["command"] = (inputs["command"] as string[]).map((argument) =>
          argument.replace("listen-addr=agent-pe", "listen-addr=0.0.0.0"),
        );
      }),
      messages: ["agent-pe has its own server listen on 0.0.0.0:25000."],
    },
    {
      what: "an agent sends elsewhere",
      apply: editFile(CONFIG, replace("https://envoy:4318", "https://collector.example:4318")),
      messages: ['agent-pe sends to https://collector.example:4318 (otelcol.exporter.otlphttp "traces").'],
    },
    {
      what: "an agent shows its client secret to another server",
      apply: editFile(CONFIG, replace("http://keycloak:8090/realms/observability", "http://evil.example")),
      messages: [
        'agent-pe gets its tokens from http://evil.example/protocol/openid-connect/token (otelcol.auth.oauth2 "keycloak").',
      ],
    },
  ],
};
