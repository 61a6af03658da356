import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { SECRET_PATHS, type Onboarding } from "../../src/onboard/model";
import { NODE_PACKAGES, PYTHON_PACKAGES } from "../../src/onboard/shipper/sdk";
import { directoryOf, SHIPPERS } from "../../src/onboard/shippers";
import { expectedFiles, shown } from "./expected";
import { NAMES, onboardingOf, type Name } from "./example";

const filesOf = (name: Name, changes: Partial<Onboarding> = {}) =>
  directoryOf(name, onboardingOf(SHIPPERS[name], changes));
const fileOf = (name: Name, path: string, changes: Partial<Onboarding> = {}): string =>
  filesOf(name, changes).find((file) => file.path === path)?.content ?? "";
const mainOf = (name: Name, changes: Partial<Onboarding> = {}): string =>
  fileOf(name, SHIPPERS[name].main, changes);

describe.each(NAMES)("%s", (name) => {
  it("is handed out as expected (test/onboard/write.ts writes that anew)", () => {
    const files = shown(filesOf(name));
    expect(Object.fromEntries(files.map(({ path, content }) => [path, content]))).toEqual(
      expectedFiles(name),
    );
  });

  it("has one certificate, one README, no secret, and nothing that others may change", () => {
    const files = filesOf(name);
    const paths = files.map(({ path }) => path);
    expect(new Set(paths).size).toBe(paths.length);
    expect(paths).toEqual(expect.arrayContaining(["ca.crt", "README.md", SHIPPERS[name].main]));
    expect(paths.filter((path) => Object.values(SECRET_PATHS).includes(path))).toEqual([]);
    for (const { mode } of files) expect(mode & 0o022).toBe(0);
  });

  // They send nothing themselves, and have tests of their own that run them.
  const helps = name === "token-file" || name === "local-envoy";

  if (!helps)
    it("says in its first lines whether it was ever run", () => {
      const first = mainOf(name).split("\n").slice(0, 4).join("\n");
      const notRun = ["fluentbit", "vector", "fluentd"].includes(name);
      expect([/Not run by Atalaya's tests/.test(first), /Atalaya's tests run this file/.test(first)]).toEqual(
        [notRun, !notRun],
      );
    });

  it("has a README of one page that says how to install, give the secret, start, and see", () => {
    const lines = fileOf(name, "README.md").trimEnd().split("\n");
    expect(lines.length).toBeLessThanOrEqual(helps ? 13 : 10);
    for (const [index, step] of ["Install", "Secret", "Start", "See it arrive"].entries())
      expect(lines[index + 2]).toMatch(new RegExp(`^${index + 1}\\. ${step}: `));
    for (const status of ["401", "403", "429", "503"]) expect(lines.join("\n")).toContain(status);
  });
});

describe("files for programs", () => {
  it.each<Name>(["otel-sdk-node", "otel-sdk-python"])("are the settings that %s reads beside it", (name) => {
    expect(JSON.parse(fileOf(name, "atalaya.json"))).toEqual({
      endpoint: "https://edge.example.com:4318",
      tokenUrl: "https://login.example.com:8090/realms/observability/protocol/openid-connect/token",
      clientId: "agent-mx",
      signals: ["logs", "metrics", "traces"],
      patienceSeconds: 30,
      secretFile: "secrets/client-secret",
      authorityFile: "ca.crt",
    });
  });

  it("are Prometheus' first target, itself", () => {
    expect(JSON.parse(fileOf("prometheus", "targets/prometheus.json"))).toEqual([
      { targets: ["127.0.0.1:9090"] },
    ]);
  });

  it("name the very packages that the tests run with", () => {
    const recipes = join(__dirname, "..", "..", "scripts", "servers");
    const installed = JSON.parse(readFileSync(join(recipes, "otel-sdk-node", "package.json"), "utf8")) as {
      dependencies: object;
    };
    expect(NODE_PACKAGES).toEqual(installed.dependencies);
    const pinned = readFileSync(join(recipes, "otel-sdk-python", "requirements.txt"), "utf8").replaceAll(
      "_",
      "-",
    );
    for (const [name, version] of Object.entries(PYTHON_PACKAGES))
      expect(pinned.split("\n")).toContain(`${name}==${version}`);
  });
});

describe("signals", () => {
  const pipelines = (signals: Onboarding["signals"]): unknown => {
    const { service } = parse(mainOf("otelcol", { signals })) as { service: { pipelines: object } };
    return Object.keys(service.pipelines);
  };

  it("are those that were asked for, and what reads others is left out", () => {
    expect(pipelines(["metrics"])).toEqual(["metrics"]);
    expect(mainOf("otelcol", { signals: ["traces"] })).not.toMatch(/file_log|host_metrics/);
    expect(Object.keys((parse(mainOf("vector", { signals: ["logs"] })) as { sinks: object }).sinks)).toEqual([
      "logs",
    ]);
    const { pipeline } = parse(mainOf("fluentbit", { signals: ["logs", "traces"] })) as {
      pipeline: { outputs: readonly { match: string }[] };
    };
    expect(pipeline.outputs.map(({ match }) => match)).toEqual(["logs", "traces"]);
    expect(JSON.parse(fileOf("otel-sdk-node", "atalaya.json", { signals: ["logs"] }))).toMatchObject({
      signals: ["logs"],
    });
  });

  it("are the rights of the key that a README tells people to make", () => {
    expect(fileOf("vector", "README.md", { signals: ["logs"] })).toContain('"rights":["logs:write"]');
    expect(fileOf("jaeger", "README.md")).toContain('"rights":["traces:write"]');
  });
});

describe("where it listens", () => {
  it("is an agent's ports where the edge has OTLP's own on the same machine", () => {
    const near = { ...onboardingOf(SHIPPERS.otelcol).endpoints, otlpHttp: "https://localhost:4318" };
    expect(mainOf("otelcol")).toContain("${env:ATALAYA_OTLP_HTTP:-127.0.0.1:4318}");
    expect(
      mainOf("otelcol", { endpoints: near, listen: { grpc: "127.0.0.1:24317", http: "127.0.0.1:24318" } }),
    ).toContain("${env:ATALAYA_OTLP_HTTP:-127.0.0.1:24318}");
  });
});
