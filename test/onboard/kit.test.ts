import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { alloyCommand as environmentCommand } from "../../components/alloy";
import type { Agent } from "../../src/model/tenant";
import { duration } from "../../src/model/units";
import { endpointsOf } from "../../src/onboard/endpoints";
import { kitPipeline, type AgentKit } from "../../src/onboard/kit/agent";
import { alloyCommand, readiness } from "../../src/onboard/kit/alloy";
import { agentKit } from "../../src/onboard/kit/files";
import { addressOf, issuerOf, unreachable, type KitHost } from "../../src/onboard/kit/host";
import { containerPlace, unitPlace } from "../../src/onboard/kit/places";
import { toUnit } from "../../src/onboard/kit/unit";
import { ENVIRONMENT, tenant } from "../render/input";
import { run, server, tempDir } from "../servers";
import { AUTHORITY, contentOf, kitHost, placeKit } from "./kit-host";
import { complaints, hasSystemd } from "./kit-systemd";

const KEYCLOAK_AUTHORITY = AUTHORITY.replace("MIIB", "MIIC");

function kit(changes: Partial<KitHost> = {}, declared: Partial<Agent> = {}): AgentKit {
  const of = tenant("mx");
  const [agent] = of.agents;
  if (agent === undefined) throw new Error("no agent");
  return {
    host: kitHost(changes),
    tenant: of,
    agent: { ...agent, ...declared },
    size: ENVIRONMENT.sizes.agent,
  };
}
type Service = Readonly<Record<string, unknown>>;
const serviceOf = (of: AgentKit): Service =>
  (parse(contentOf(agentKit(of), "compose.yaml")) as { services: Record<string, Service> }).services[
    "atalaya-agent-mx"
  ] ?? {};

describe("an agent's kit", () => {
  it("is a directory of these files, and holds no secret", () => {
    const files = agentKit(kit({ keycloakAuthority: KEYCLOAK_AUTHORITY }));
    expect(files.map(({ path, mode }) => `${mode.toString(8)} ${path}`)).toEqual([
      "644 README.md",
      "644 config.alloy",
      "644 compose.yaml",
      "644 systemd/config.alloy",
      "644 systemd/atalaya-agent-mx.service",
      "755 check.sh",
      "644 atalaya.env",
      "644 ca.crt",
      "644 keycloak-ca.crt",
    ]);
    expect(agentKit(kit({ authority: "" })).map(({ path }) => path)).not.toContain("ca.crt");
  });

  it("is one container: confined, on loopback, without Docker's socket or anything of the host", () => {
    expect(parse(contentOf(agentKit(kit()), "compose.yaml"))).toEqual({
      name: "atalaya-agent-mx",
      services: {
        "atalaya-agent-mx": {
          image: "docker.io/grafana/alloy:v1.21.2",
          user: "473:473",
          command: [
            ...["run", "/etc/atalaya/config.alloy", "--storage.path=/var/lib/alloy/data"],
            "--server.http.listen-addr=127.0.0.1:25000",
            ...["--stability.level=public-preview", "--disable-reporting"],
          ],
          volumes: [
            {
              type: "bind",
              source: ".",
              target: "/etc/atalaya",
              read_only: true,
              bind: { create_host_path: false },
            },
            { type: "volume", source: "data", target: "/var/lib/alloy/data" },
          ],
          tmpfs: ["/tmp"],
          ports: [4317, 4318, 9411, 14250, 14268].map((port) => ({
            ...{ target: port, published: `${port}`, host_ip: "127.0.0.1", protocol: "tcp" },
          })),
          restart: "unless-stopped",
          read_only: true,
          cap_drop: ["ALL"],
          security_opt: ["no-new-privileges:true"],
          mem_limit: "512m",
          memswap_limit: "512m",
          cpus: 1,
          pids_limit: 512,
          stop_grace_period: "30s",
          logging: { driver: "local", options: { "max-size": "10m", "max-file": "3" } },
          healthcheck: { test: ["CMD", ...readiness(25_000)], interval: "30s", timeout: "5s", retries: 3 },
        },
      },
      volumes: { data: {} },
    });
  });

  it("sees of the host what it is declared to measure and to read, and only to read", () => {
    const fileLogs = [
      { path: "/var/log/shop/*.log", class: "application", service: "shop" },
      { path: "/var/log/shop/till.txt", class: "application", service: "till" },
      { path: "/srv/*/out.log", class: "application", service: "line" },
    ];
    const mounts = (declared: Partial<Agent>) =>
      (serviceOf(kit({}, declared))["volumes"] as readonly Record<string, unknown>[])
        .slice(2)
        .map(({ source, target, read_only: readOnly }) => [source, target, readOnly]);
    expect(mounts({ hostMetrics: true })).toEqual([
      ["/proc", "/host/proc", true],
      ["/sys", "/host/sys", true],
    ]);
    expect(mounts({ fileLogs })).toEqual([
      ["/srv", "/host/srv", true],
      ["/var/log/shop", "/host/var/log/shop", true],
    ]);
    const files = agentKit(kit({}, { fileLogs }));
    expect(contentOf(files, "config.alloy")).toContain('"/host/var/log/shop/*.log"');
    expect(contentOf(files, "systemd/config.alloy")).toContain('"/var/log/shop/*.log"');
  });

  it("starts Alloy as the environment does", () => {
    expect(alloyCommand("/c", "/d", "h:1")).toEqual(environmentCommand("/c", "/d", "h:1"));
  });

  it("has a configuration that Alloy's own formatter would leave as it is, in every variant", async () => {
    using temp = tempDir();
    const variants = [
      kit(),
      kit({ authority: "", keycloakAuthority: KEYCLOAK_AUTHORITY }),
      kit({}, { hostMetrics: true }),
    ];
    variants.forEach((of, at) => {
      const files = agentKit(of).filter(({ path }) => path.endsWith(".alloy"));
      placeKit(
        temp.path,
        files.map((file) => ({ ...file, path: `${at}/${file.path}` })),
      );
    });
    const files = variants.flatMap((_, at) => [`${at}/config.alloy`, `${at}/systemd/config.alloy`]);
    const { code, stdout, stderr } = await run(server("alloyfmt").bin, ["-l", ...files], { cwd: temp.path });
    expect([code, stdout, stderr]).toEqual([0, "", ""]);
  });

  it.each([
    ["an authority of its own", kit(), ["/etc/atalaya/ca.crt"]],
    ["a public certificate", kit({ authority: "" }), []],
  ])("trusts the edge by %s", (_what, of, files) => {
    const { components } = kitPipeline(of, containerPlace(of.host, "/data"));
    const exporters = Object.values(components).flatMap((one) =>
      one.kind === "otlpHttpExporter" ? [one] : [],
    );
    expect(exporters).toHaveLength(3);
    for (const { endpoint, caFile, auth } of exporters) {
      expect(endpoint).toBe("https://telemetry.example.net:4318");
      expect(caFile === undefined ? [] : [caFile]).toEqual(files);
      expect(auth).toMatchObject({
        clientId: "agent-mx",
        secretFile: "/etc/atalaya/secrets/client-secret",
        tokenUrl: "https://telemetry.example.net:8090/realms/observability/protocol/openid-connect/token",
      });
    }
  });

  it("lets the process trust Keycloak by an authority of its own, besides the system's", () => {
    expect(serviceOf(kit({ keycloakAuthority: KEYCLOAK_AUTHORITY }))["environment"]).toEqual({
      SSL_CERT_DIR: "/etc/ssl/certs:/etc/atalaya",
    });
    expect(serviceOf(kit())["environment"]).toBeUndefined();
  });

  it("says how long what waits is kept, and what not to do while it is suspended", () => {
    const text = (of: AgentKit): string => contentOf(agentKit(of), "README.md");
    expect(text(kit())).toMatch(
      /4GiB at most.*: \d+[mhd] at a tenth of the tenant's limits, \d+[mhd] at all of them/,
    );
    expect(text(kit())).not.toContain("do not start it");
    expect(text(kit({}, { state: "suspended" }))).toContain("**It is suspended now: do not start it.**");
  });
});

describe("a kit's unit", () => {
  it("is exactly this, and well-formed to systemd", async () => {
    const unit = contentOf(agentKit(kit()), "systemd/atalaya-agent-mx.service");
    expect(unit.split("\n").slice(0, 19)).toEqual([
      "[Unit]",
      "Description=Telemetry of tenant mx to stack prod (agent-mx)",
      "Documentation=file:/opt/atalaya/agent-mx/README.md",
      "Wants=network-online.target",
      "After=network-online.target",
      "StartLimitIntervalSec=0",
      "",
      "[Service]",
      "ExecStart=/usr/bin/alloy run /opt/atalaya/agent-mx/systemd/config.alloy --storage.path=/var/lib/atalaya-agent-mx --server.http.listen-addr=127.0.0.1:25000 --stability.level=public-preview --disable-reporting",
      "LoadCredential=client-secret:/opt/atalaya/agent-mx/secrets/client-secret",
      "StateDirectory=atalaya-agent-mx",
      "StateDirectoryMode=0700",
      "Restart=always",
      "RestartSec=5",
      "TimeoutStopSec=30",
      "MemoryMax=536870912",
      "CPUQuota=100%",
      "DynamicUser=yes",
      "NoNewPrivileges=yes",
    ]);
    expect(await complaints("atalaya-agent-mx.service", unit)).toBe("");
  });

  it.runIf(hasSystemd)("would be complained of if it were not", async () => {
    const unit = contentOf(agentKit(kit()), "systemd/atalaya-agent-mx.service");
    expect(
      await complaints("atalaya-agent-mx.service", unit.replace("Restart=always", "Restart=sometimes")),
    ).toContain("sometimes");
  });

  it("finds the secret where systemd puts it, and listens on loopback", () => {
    const config = contentOf(agentKit(kit()), "systemd/config.alloy");
    expect(config).toContain('"/run/credentials/atalaya-agent-mx.service/client-secret"');
    expect(config).toContain('"127.0.0.1:4318"');
    expect(config).not.toContain("0.0.0.0:");
  });

  it.each(["relative/path", "/with space", "/with%specifier", "/a/../b", "/"])(
    "refuses the directory %j",
    (directory) => {
      expect(() => unitPlace(kitHost({ directory }), "unit")).toThrow(
        /must be an absolute path without spaces/,
      );
    },
  );

  it("refuses a value that would end its line", () => {
    expect(() => toUnit({ Unit: { Description: "a\nExecStart=/bin/sh" } })).toThrow(/Description holds/);
    expect(toUnit({ A: { X: ["1", "2"] }, B: { Y: "" } })).toBe("[A]\nX=1\nX=2\n\n[B]\nY=\n");
  });
});

describe("whether another host reaches the environment", () => {
  const at = (host: string, keycloak: string) =>
    endpointsOf({
      endpoints: { otlpGrpc: `${host}:4317`, otlpHttp: `https://${host}:4318` },
      keycloakUrl: keycloak,
    });
  const says = (host: string, keycloak: string): string | undefined =>
    unreachable({ environment: "stack dev", endpoints: at(host, keycloak) });

  it("is so under a name with TLS", () => {
    expect(says("telemetry.example.net", "https://telemetry.example.net:8090")).toBeUndefined();
  });

  it("is not on loopback, and says which settings make it so", () => {
    expect(says("localhost", "http://localhost:8090")).toMatch(
      /^Stack dev is reached from its own host alone: its addresses mean whoever asks: https:\/\/localhost:4318, localhost:4317, http:\/\/localhost:8090\.\n.*atalaya:publish.*atalaya:domain/,
    );
    for (const host of ["127.0.0.1", "shop.localhost", "[::1]"])
      expect(says(host, "https://kc.example.net")).toMatch(/mean whoever asks/);
    expect(says("telemetry.example.net", "http://telemetry.example.net:8090")).toMatch(
      /published on loopback/,
    );
  });

  it("reads addresses as programs want them", () => {
    expect([addressOf("h:1"), addressOf("http://h"), addressOf("https://[fd00::1]:8443/x")]).toEqual([
      { host: "h", port: 1 },
      { host: "h", port: 80 },
      { host: "fd00::1", port: 8443 },
    ]);
    expect(issuerOf(kitHost())).toBe("https://telemetry.example.net:8090/realms/observability");
  });
});

describe("whether Alloy is ready", () => {
  it.each([
    [200, 0],
    [503, 1],
  ])("is asked by a shell: %i is %i", async (status, code) => {
    const paths: string[] = [];
    const http = createServer((incoming, response) => {
      paths.push(incoming.url ?? "");
      response.writeHead(status).end("Alloy is ready.\n");
    });
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    const [program = "", ...args] = readiness((http.address() as AddressInfo).port);
    try {
      expect((await run(program, args, { timeoutMs: duration("1m") * 1000 })).code).toBe(code);
      expect(paths).toEqual(["/-/ready"]);
    } finally {
      http.close();
    }
  });
});
