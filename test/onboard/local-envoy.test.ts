import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { ROUTES } from "../../src/model/routes";
import { localEnvoy, localEnvoyShipper } from "../../src/onboard/local-envoy/files";
import { kitHost, contentOf, AUTHORITY } from "./kit-host";
import { complaints } from "./kit-systemd";

interface Match {
  readonly path?: string;
  readonly prefix?: string;
}
interface Bootstrap {
  readonly admin: unknown;
  readonly static_resources: {
    readonly listeners: readonly {
      readonly address: {
        readonly socket_address: { readonly address: string; readonly port_value: number };
      };
      readonly filter_chains: readonly {
        readonly filters: readonly {
          readonly typed_config: {
            readonly route_config: {
              readonly virtual_hosts: readonly { readonly routes: readonly { readonly match: Match }[] }[];
            };
          };
        }[];
      }[];
    }[];
    readonly clusters: readonly Readonly<Record<string, unknown>>[];
  };
}

const files = localEnvoy(kitHost());
const bootstrap = (path = "envoy.yaml", of = files): Bootstrap => parse(contentOf(of, path)) as Bootstrap;
const addresses = (of: Bootstrap): readonly string[] =>
  of.static_resources.listeners.map(
    ({ address: { socket_address: socket } }) => `${socket.address}:${socket.port_value}`,
  );

describe("the local Envoy's directory", () => {
  it("holds these, and no secret", () => {
    expect(files.map(({ path, mode }) => `${mode.toString(8)} ${path}`)).toEqual([
      "644 envoy.yaml",
      "644 sds.yaml",
      "644 compose.yaml",
      "644 systemd/envoy.yaml",
      "644 systemd/sds.yaml",
      "644 systemd/atalaya-local-envoy-agent-mx.service",
      "755 check.sh",
      "644 atalaya.env",
      "644 ca.crt",
    ]);
    expect(localEnvoyShipper.files(kitHost()).map(({ path }) => path)).not.toContain("ca.crt");
    expect(files.some(({ path }) => path === localEnvoyShipper.main)).toBe(true);
    expect(contentOf(files, "atalaya.env")).toContain("ATALAYA_SECRET_EXACT='yes'\n");
  });

  it("lets the agent's writes pass, and no other path", () => {
    const paths = bootstrap().static_resources.listeners.map(({ filter_chains: [chain] }) =>
      chain?.filters[0]?.typed_config.route_config.virtual_hosts[0]?.routes.map(
        ({ match: { path, prefix } }) => path ?? prefix ?? "CONNECT",
      ),
    );
    const writes = (listener: "otlpGrpc" | "otlpHttp") =>
      ROUTES.filter(
        ({ verifier, right, listeners }) =>
          verifier === "agentJwt" &&
          "verb" in right &&
          right.verb === "write" &&
          listeners.includes(listener),
      ).map(({ path }) => path);
    expect(paths).toEqual([
      [...writes("otlpGrpc"), "/", "CONNECT"],
      [...writes("otlpHttp"), "/", "CONNECT"],
    ]);
    expect(writes("otlpHttp")).toEqual([
      ...["/v1/traces", "/v1/metrics", "/v1/logs", "/loki/api/v1/push", "/prometheus/api/v1/push"],
    ]);
  });

  it("listens on loopback: with systemd itself, in a container by what Docker publishes", () => {
    expect(addresses(bootstrap("systemd/envoy.yaml"))).toEqual(["127.0.0.1:4317", "127.0.0.1:4318"]);
    expect(addresses(bootstrap())).toEqual(["0.0.0.0:4317", "0.0.0.0:4318"]);
    const compose = parse(contentOf(files, "compose.yaml")) as {
      services: Record<string, Record<string, unknown>>;
    };
    expect(compose.services["atalaya-local-envoy-agent-mx"]).toMatchObject({
      image: "docker.io/envoyproxy/envoy:distroless-v1.40.0",
      user: "65532:65532",
      command: [
        "-c",
        "/etc/atalaya/envoy.yaml",
        "--concurrency",
        "2",
        "--disable-hot-restart",
        "-l",
        "warning",
      ],
      read_only: true,
      cap_drop: ["ALL"],
      security_opt: ["no-new-privileges:true"],
      ports: [4317, 4318].map((port) => ({
        ...{ target: port, published: `${port}`, host_ip: "127.0.0.1", protocol: "tcp" },
      })),
    });
  });

  it("has its admin interface on a socket of its own user's", () => {
    for (const [path, socket] of [
      ["envoy.yaml", "/tmp/admin.sock"],
      ["systemd/envoy.yaml", "/run/atalaya-local-envoy-agent-mx/admin.sock"],
    ] as const)
      expect(bootstrap(path).admin).toEqual({
        address: { pipe: { path: socket, mode: 0o600 } },
        allow_paths: [{ exact: "/ready" }, { exact: "/stats/prometheus" }],
      });
  });

  it("names the secret's file, in a file of its own", () => {
    expect(parse(contentOf(files, "systemd/sds.yaml"))).toEqual({
      resources: [
        {
          "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
          name: "client-secret",
          generic_secret: {
            secret: { filename: "/run/credentials/atalaya-local-envoy-agent-mx.service/client-secret" },
          },
        },
      ],
    });
    expect(contentOf(files, "envoy.yaml")).toContain("path: /etc/atalaya/sds.yaml");
  });

  const socketOf = (of: Bootstrap, name: string) => {
    const found = of.static_resources.clusters.find((cluster) => cluster["name"] === name);
    return (found?.["transport_socket"] ?? {}) as { typed_config?: Record<string, unknown> };
  };
  const trust = (file: string) => ({
    trusted_ca: { filename: file },
    match_typed_subject_alt_names: [{ san_type: "DNS", matcher: { exact: "telemetry.example.net" } }],
  });
  const SYSTEM = "/etc/ssl/certs/ca-certificates.crt";

  it.each([
    ["its own authority", AUTHORITY, undefined, "/etc/atalaya/ca.crt", SYSTEM],
    ["a public one", "", undefined, SYSTEM, SYSTEM],
    ["two of its own", AUTHORITY, AUTHORITY, "/etc/atalaya/ca.crt", "/etc/atalaya/keycloak-ca.crt"],
  ])(
    "believes the environment by %s, and only under its name",
    (_what, authority, keycloakAuthority, edge, issuer) => {
      const host = kitHost({ authority, ...(keycloakAuthority !== undefined && { keycloakAuthority }) });
      const of = bootstrap("envoy.yaml", localEnvoy(host));
      for (const [name, file] of [
        ["edge-grpc", edge],
        ["edge-http", edge],
        ["keycloak", issuer],
      ] as const)
        expect(socketOf(of, name).typed_config).toMatchObject({
          sni: "telemetry.example.net",
          common_tls_context: { validation_context: trust(file) },
        });
    },
  );

  it("is well-formed to systemd", async () => {
    const name = "atalaya-local-envoy-agent-mx.service";
    const unit = contentOf(files, `systemd/${name}`);
    expect(unit).toContain(
      "ExecStart=/usr/bin/envoy -c /opt/atalaya/agent-mx/systemd/envoy.yaml --concurrency 2 --disable-hot-restart -l warning\n",
    );
    expect(await complaints(name, unit)).toBe("");
  });
});
