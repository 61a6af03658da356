import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { Agent } from "../../src/model/tenant";
import { endpointsOf, listenFor } from "../../src/onboard/endpoints";
import type { AgentKit } from "../../src/onboard/kit/agent";
import { agentKit } from "../../src/onboard/kit/files";
import type { KitHost } from "../../src/onboard/kit/host";
import { localEnvoy, localEnvoyShipper } from "../../src/onboard/local-envoy/files";
import type { OnboardFile } from "../../src/onboard/model";
import { tokenFile, tokenFileShipper } from "../../src/onboard/token-file/files";
import { ENVIRONMENT, tenant } from "../render/input";
import { AUTHORITY, contentOf, kitHost } from "./kit-host";

function kit(host: KitHost, declared: Partial<Agent> = {}): AgentKit {
  const of = tenant("mx");
  const agent = { ...(of.agents[0] as Agent), ...declared };
  return { host, tenant: of, agent, size: ENVIRONMENT.sizes.agent };
}

type Service = Readonly<Record<string, unknown>>;
const serviceOf = (files: readonly OnboardFile[]): Service => {
  const { services } = parse(contentOf(files, "compose.yaml")) as { services: Record<string, Service> };
  return Object.values(services)[0] ?? {};
};

const reached = (host: string, keycloakUrl: string): KitHost => {
  const endpoints = endpointsOf({
    endpoints: { otlpGrpc: `${host}:4317`, otlpHttp: `https://${host}:4318` },
    keycloakUrl,
  });
  return kitHost({ endpoints, listen: listenFor(endpoints) });
};
const KITS: readonly [string, (host: KitHost) => readonly OnboardFile[]][] = [
  ["an agent's", (host) => agentKit(kit(host))],
  ["the local Envoy's", localEnvoy],
  ["the token file's", tokenFile],
];

describe.each(KITS)("%s container", (_whose, of) => {
  it.each([
    ["localhost", "http://localhost:8090"],
    ["127.0.0.1", "https://login.example.net"],
    ["telemetry.example.net", "http://telemetry.example.net:8090"],
  ])("is in the host's own network where the environment is on loopback (%s, %s)", (host, keycloak) => {
    const files = of(reached(host, keycloak));
    expect(serviceOf(files)).toMatchObject({ network_mode: "host" });
    expect(serviceOf(files)).not.toHaveProperty("ports");
    // OTLP's own ports are the edge's there.
    for (const { content } of files) expect(content).not.toMatch(/0\.0\.0\.0|"127\.0\.0\.1:431[78]"/);
  });

  it("is in a network of its own where the environment is elsewhere", () => {
    const service = serviceOf(of(kitHost()));
    expect(service).not.toHaveProperty("network_mode");
    expect(service).toHaveProperty("ports");
  });
});

describe("an agent's README", () => {
  const text = (host: KitHost, declared: Partial<Agent> = {}): string =>
    contentOf(agentKit(kit(host, declared)), "README.md");

  it("says how containers of the host reach it", () => {
    expect(text(kitHost())).toContain("are attached to the network `atalaya-agent-mx_default`");
    const beside = text(reached("localhost", "http://localhost:8090"));
    expect(beside).toContain("It runs in this host's own network");
    expect(beside).not.toContain("_default");
  });

  it.each([
    ["http://localhost:8090", undefined, "Keycloak has no TLS, and nothing is trusted."],
    ["https://kc.example.net", undefined, "Keycloak is trusted by the authorities of the system"],
    ["https://kc.example.net", AUTHORITY, "Keycloak is trusted by `keycloak-ca.crt`, and by the authorities"],
  ])("says what tokens are fetched by: %s", (keycloak, keycloakAuthority, says) => {
    const host = reached("telemetry.example.net", keycloak);
    const of = { ...host, ...(keycloakAuthority !== undefined && { keycloakAuthority }) };
    expect(text(of)).toContain(`Tokens are another matter:\n  ${says}`);
  });
});

describe("files that an agent reads", () => {
  const fileLogs = [{ path: "/var/log/shop/app.log*", class: "application", service: "shop" }];

  it("are read by the group that reads /var/log, in a container and in a unit", () => {
    const files = agentKit(kit(kitHost(), { fileLogs }));
    expect(serviceOf(files)["group_add"]).toEqual(["4"]);
    expect(contentOf(files, "systemd/atalaya-agent-mx.service")).toContain("SupplementaryGroups=adm\n");
    expect(contentOf(files, "README.md")).toContain(
      "`/var/log/shop/app.log*` as a member of the group `adm`",
    );
    expect(contentOf(files, "config.alloy")).toContain('exclude  = ["/host/var/log/shop/*.gz"]');
    expect(contentOf(files, "systemd/config.alloy")).toContain('exclude  = ["/var/log/shop/*.gz"]');

    const none = agentKit(kit(kitHost()));
    expect(serviceOf(none)).not.toHaveProperty("group_add");
    expect(contentOf(none, "README.md")).not.toContain("setfacl");
  });

  it.each(["/*.log", "/*/app.log", "/app.log"])("are not the whole host: %s", (path) => {
    const files = [{ path, class: "application", service: "shop" }];
    expect(() => agentKit(kit(kitHost(), { fileLogs: files }))).toThrow(
      `${path} would show a container the whole host.`,
    );
  });
});

describe("where systemd hides what is in a directory", () => {
  const start = (directory: string): readonly string[] => {
    const host = kitHost({ directory });
    return [
      contentOf(agentKit(kit(host)), "README.md"),
      localEnvoyShipper.guide(host).start,
      tokenFileShipper.guide(host).start,
    ];
  };

  it.each(["/home/me/kit", "/root/kit", "/tmp/kit", "/var/tmp/kit", "/run/user/1000/kit", "/home"])(
    "nobody is told to start a unit: %s",
    (directory) => {
      for (const text of start(directory)) {
        expect(text).not.toContain("systemctl enable");
        expect(text).toContain("for systemd say --at /opt/atalaya, and move it there");
      }
    },
  );

  it.each(["/opt/atalaya", "/homes/kit", "/srv/home/kit", "/run/kit"])("but it is in %s", (directory) => {
    for (const text of start(directory)) {
      expect(text).toContain(`sudo systemctl enable --now ${directory}/systemd/`);
      expect(text).not.toContain("--at");
    }
  });
});
