import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { DockerHost } from "../../components/docker/host";
import type { Workload } from "../../components/host";
import type { Recording, ResourceRecord } from "../../src/model/recording";
import { duration, size } from "../../src/model/units";
import type { ServiceSpec } from "../../src/model/workload";
import { record } from "../../src/preview/recorder";
import { environmentOf, MX, only, PE, recordEnvironment } from "./environment";

const containers = ({ resources }: Recording): readonly ResourceRecord[] =>
  resources.filter(({ type }) => type === "docker:index/container:Container");
/** The processes themselves, without the helpers that put their files in place and ask them whether they are ready. */
const processes = (recording: Recording): readonly ResourceRecord[] =>
  containers(recording).filter(({ name }) => name.endsWith("-container"));

type Named = { readonly name: string; readonly aliases?: readonly string[] };
const attached = ({ inputs }: ResourceRecord): readonly Named[] =>
  (inputs["networksAdvanced"] ?? []) as readonly Named[];

describe("networks", () => {
  it("are one per zone and one to publish Grafana, and all but the edge and that one have no way out", async () => {
    const recording = await recordEnvironment([]);
    const networks = recording.resources.filter(({ type }) => type === "docker:index/network:Network");
    expect(networks.map(({ inputs }) => [inputs["name"], inputs["internal"]])).toEqual([
      ["atalaya-dev-control", true],
      ["atalaya-dev-data", true],
      ["atalaya-dev-edge", false],
      ["atalaya-dev-view", true],
      ["atalaya-dev-grafana.publish", false],
    ]);
    expect(only(recording, "docker:Network grafana-publish").inputs["options"]).toEqual({
      "com.docker.network.bridge.enable_icc": "false",
    });
  });

  it("are joined by exactly these processes, under their own names", async () => {
    const recording = await recordEnvironment([MX]);
    const joined = processes(recording).map((container) => [
      container.name.replace(/-container$/, ""),
      attached(container).map(
        ({ name, aliases }) => `${name.replace("atalaya-dev-", "")} ${aliases?.join() ?? "-"}`,
      ),
    ]);
    expect(Object.fromEntries(joined)).toEqual({
      "agent-mx": ["agent-mx.network agent-mx", "edge -"],
      "alloy-gateway": ["data alloy-gateway"],
      auth: ["control auth", "data auth"],
      envoy: ["edge envoy", "control envoy", "data envoy", "view envoy"],
      grafana: ["view grafana", "grafana.publish -"],
      keycloak: ["control keycloak", "edge keycloak", "view keycloak"],
      loki: ["data loki"],
      mimir: ["data mimir"],
      postgres: ["control postgres"],
      redis: ["control redis"],
      tempo: ["data tempo"],
    });
  });

  it("let Grafana, which asks what its Editors tell it to, share one with the edge and Keycloak and none with others", async () => {
    const recording = await recordEnvironment([MX], { "atalaya:debugPorts": "true" });
    const users = new Map<string, string[]>();
    for (const container of processes(recording))
      for (const { name } of attached(container))
        users.set(name, [...(users.get(name) ?? []), container.name.replace(/-container$/, "")]);
    const shared = [...users].filter(([, names]) => names.includes("grafana"));
    expect(Object.fromEntries(shared)).toEqual({
      "atalaya-dev-grafana.publish": ["grafana"],
      "atalaya-dev-view": ["keycloak", "envoy", "grafana"],
    });
  });

  it("of one agent are no other agent's", async () => {
    const recording = await recordEnvironment([
      { ...MX, agents: [{ id: "agent-mx" }, { id: "agent-plant" }] },
      PE,
    ]);
    const own = processes(recording).flatMap((container) =>
      attached(container).flatMap(({ name }) => (name.endsWith(".network") ? [name] : [])),
    );
    expect(own.sort()).toEqual(
      ["agent-mx", "agent-pe", "agent-plant"].map((id) => `atalaya-dev-${id}.network`),
    );
  });
});

describe("ports", () => {
  const ports = (recording: Recording) =>
    containers(recording).flatMap(({ name, inputs }) =>
      ((inputs["ports"] ?? []) as readonly { ip: string; external: number; internal: number }[]).map(
        ({ ip, external, internal }) => `${name} ${ip}:${external}:${internal}`,
      ),
    );

  it("are published by the edge, Keycloak and Grafana alone, on loopback", async () => {
    expect(ports(await recordEnvironment([MX])).sort()).toEqual([
      "envoy-container 127.0.0.1:4317:4317",
      "envoy-container 127.0.0.1:4318:4318",
      "grafana-container 127.0.0.1:3000:3000",
      "keycloak-container 127.0.0.1:8090:8090",
    ]);
  });

  it("follow the environment's settings", async () => {
    const publish = JSON.stringify({ address: "10.1.2.3", ports: { otlpHttp: 443, otlpGrpc: 4400 } });
    const recording = await recordEnvironment([MX], { "atalaya:publish": publish });
    expect(ports(recording).sort()).toEqual([
      "envoy-container 10.1.2.3:4400:4317",
      "envoy-container 10.1.2.3:443:4318",
      "grafana-container 10.1.2.3:3000:3000",
      "keycloak-container 10.1.2.3:8090:8090",
    ]);
  });

  it("for debugging stay on loopback, are all different, and need a network on which nobody sees another", async () => {
    const settings = {
      "atalaya:debugPorts": "true",
      "atalaya:publish": JSON.stringify({ address: "10.1.2.3" }),
    };
    const recording = await recordEnvironment([MX], settings);
    const debug = ports(recording).filter((port) => !port.includes("10.1.2.3"));
    expect(debug.sort()).toEqual([
      "alloy-gateway-container 127.0.0.1:14317:14317",
      "alloy-gateway-container 127.0.0.1:14318:14318",
      "alloy-gateway-container 127.0.0.1:5000:5000",
      "auth-container 127.0.0.1:8000:8000",
      "envoy-container 127.0.0.1:9901:9901",
      "keycloak-container 127.0.0.1:9000:9000",
      "loki-container 127.0.0.1:3100:3100",
      "mimir-container 127.0.0.1:9009:9009",
      "postgres-container 127.0.0.1:5432:5432",
      "redis-container 127.0.0.1:6379:6379",
      "tempo-container 127.0.0.1:3200:3200",
    ]);
    expect(only(recording, "docker:Network docker-debug").inputs).toMatchObject({
      internal: false,
      options: { "com.docker.network.bridge.enable_icc": "false" },
    });
  });
});

describe("every container", () => {
  it("has no capability it does not need, no swap, bounded logs and labels", async () => {
    for (const { name, inputs } of containers(await recordEnvironment([MX]))) {
      const writes = /-(files|secrets|prepare)$/.test(name);
      expect([name, inputs]).toEqual([
        name,
        expect.objectContaining({
          capabilities: { drops: ["ALL"], ...(writes ? { adds: ["CAP_CHOWN"] } : {}) },
          securityOpts: ["no-new-privileges:true"],
          memorySwap: inputs["memory"],
          logDriver: "json-file",
          logOpts: { "max-file": "3", "max-size": "10m" },
        }),
      ]);
      expect(inputs["labels"]).toContainEqual({ label: "atalaya.environment", value: "dev" });
    }
  });

  it("that keeps running is nobody's root, cannot change its program, and starts again", async () => {
    const recording = await recordEnvironment([MX]);
    const running = containers(recording).filter(({ inputs }) => inputs["restart"] === "unless-stopped");
    expect(running.length).toBe(processes(recording).length + 9);
    for (const { name, inputs } of running) {
      expect([name, inputs["user"]]).toEqual([name, expect.stringMatching(/^[1-9]\d*:[1-9]\d*$/)]);
      // Keycloak prepares its program beside the program itself.
      expect([name, inputs["readOnly"]]).toEqual([name, name !== "keycloak-container"]);
    }
  });

  it("with files gets them in volumes: Docker cannot upload into a read-only root", async () => {
    for (const { name, inputs } of containers(await recordEnvironment([MX])))
      expect([name, inputs["uploads"] === undefined || inputs["readOnly"] === undefined]).toEqual([
        name,
        true,
      ]);
  });

  it("is stopped as gently as it asks for", async () => {
    const recording = await recordEnvironment([MX]);
    for (const { name, inputs } of processes(recording))
      expect([name, inputs["destroyGraceSeconds"]]).toEqual([name, inputs["stopTimeout"]]);
    expect(only(recording, "docker:Container tempo-container").inputs["stopTimeout"]).toBe(120);
  });
});

describe("readiness", () => {
  it("is asked of every process, by itself or from its own network, and awaited", async () => {
    const recording = await recordEnvironment([MX]);
    const asked = containers(recording)
      .filter(({ inputs }) => inputs["wait"] === true && inputs["mustRun"] !== false)
      .map((container) => [
        container.name,
        attached(container).map(({ name }) => name.replace("atalaya-dev-", ""))[0],
        (container.inputs["healthcheck"] as { tests: readonly string[] }).tests.at(-1),
      ]);
    expect(asked).toEqual(
      [
        ["agent-mx-ready", "agent-mx.network", "http://agent-mx:25000/-/ready"],
        ["alloy-gateway-ready", "data", "http://alloy-gateway:5000/-/ready"],
        ["auth-ready", "control", "http://auth:8000/ready"],
        ["envoy-ready", "edge", "http://envoy:9901/ready"],
        ["grafana-ready", "view", "http://grafana:3000/api/health"],
        ["keycloak-ready", "control", "http://keycloak:9000/health/ready"],
        ["loki-ready", "data", "http://loki:3100/ready"],
        ["mimir-ready", "data", "http://mimir:9009/ready"],
        ["postgres-container", "control", "keycloak"],
        ["redis-container", "control", "ping"],
        ["tempo-ready", "data", "http://tempo:3200/ready"],
      ].sort((a, b) => order(recording, a[0]) - order(recording, b[0])),
    );
  });

  it("is asked anew when the process is a new one", async () => {
    const { inputs } = only(await recordEnvironment([MX]), "docker:Container mimir-ready");
    expect(inputs["envs"]).toEqual(["ASKS=preview:docker-container:mimir-container:id"]);
  });
});

const order = ({ resources }: Recording, name: string | undefined): number =>
  resources.findIndex((resource) => resource.name === name && resource.type.endsWith(":Container"));

describe("a suspended agent", () => {
  const stopped = { start: false, mustRun: false, restart: "no" };
  const label = { label: "atalaya.state", value: "stopped" };
  const mounts = ({ inputs }: ResourceRecord) =>
    (inputs["volumes"] as readonly { volumeName: string }[]).map(({ volumeName }) => volumeName);

  it.each([
    ["tenant", { ...MX, state: "suspended" }],
    ["own state", { ...MX, agents: [{ id: "agent-mx", state: "suspended" }] }],
  ])("by its %s is declared with its queue, is not started, and is asked nothing", async (_, entry) => {
    const recording = await recordEnvironment([entry, PE]);
    const [mx, pe] = ["mx", "pe"].map((id) => only(recording, `docker:Container agent-${id}-container`));
    if (mx === undefined || pe === undefined) throw new Error("no agents");
    expect(mx.inputs).toMatchObject(stopped);
    // A new label: the provider would change the others in place, and stop nothing.
    expect(mx.inputs["labels"]).toContainEqual(label);
    expect(mounts(mx)).toEqual(["atalaya-dev-agent-mx.config", "atalaya-dev-agent-mx.data"]);
    expect(mx.inputs["destroyGraceSeconds"]).toBe(30);
    const ready = containers(recording)
      .map(({ name }) => name)
      .filter((name) => /^agent-..-ready$/.test(name));
    expect(ready).toEqual(["agent-pe-ready"]);
    expect(pe.inputs).toMatchObject({ restart: "unless-stopped" });
    expect([pe.inputs["start"], pe.inputs["mustRun"]]).toEqual([undefined, undefined]);
    expect(pe.inputs["labels"]).not.toContainEqual(label);
  });
});

describe("images", () => {
  it("come through the mirror, also the base of the one that is built", async () => {
    const recording = await recordEnvironment([MX], { "atalaya:imageRegistry": "mirror.example.com/proxy" });
    const names = recording.resources
      .filter(({ type }) => type === "docker:index/remoteImage:RemoteImage")
      .map(({ inputs }) => inputs["name"] as string);
    expect(names.filter((name) => !name.startsWith("mirror.example.com/proxy/"))).toEqual([]);
    expect(only(recording, "docker:Image auth-image").inputs).toMatchObject({
      skipPush: true,
      build: { args: { BASE: "mirror.example.com/proxy/library/node:24.21.0-slim" } },
    });
  });
});

describe("the host", () => {
  const spec = (name: string): ServiceSpec => ({
    name,
    zones: ["control"],
    image: "docker.io/library/redis:8.10.1",
    command: [],
    environment: { OPEN: "1" },
    files: [],
    directories: { config: "/c", live: "/l", secrets: "/s", data: "/d" },
    ports: [],
    volumes: [],
    scratch: [],
    readiness: { kind: "command", command: ["true"], timeout: duration("1m") },
    memory: size("1MiB"),
    cpus: 1,
    user: "1:1",
    grace: duration("1s"),
  });
  const run = (...workloads: readonly Workload[]) =>
    record(
      () => {
        const host = new DockerHost("docker", environmentOf());
        const parent = new pulumi.ComponentResource("test:index:Service", "service");
        workloads.forEach((workload, index) => host.run(`service-${index}`, workload, { parent }));
        return Promise.resolve({});
      },
      { project: "atalaya", stack: "dev", config: new Map() },
    );

  it("keeps a secret variable secret, and shows the others", async () => {
    const recording = await run({ spec: spec("redis"), secretEnvironment: { HIDDEN: "2" } });
    const { inputs, secrets } = only(recording, "docker:Container service-0-container");
    expect([inputs["envs"], secrets]).toEqual([["OPEN=1", "HIDDEN=2"], ["envs[1]"]]);
  });

  it("asks nothing of a process that is stopped, and does not wait for it", async () => {
    const { inputs } = only(
      await run({ spec: { ...spec("redis"), stopped: true } }),
      "docker:Container service-0-container",
    );
    expect([inputs["start"], inputs["wait"], inputs["healthcheck"]]).toEqual([false, undefined, undefined]);
  });

  it("refuses a second process of the same name", async () => {
    await expect(run({ spec: spec("redis") }, { spec: spec("redis") })).rejects.toThrow(
      'Two processes are called "redis".',
    );
  });

  it("refuses an empty file, which Docker's provider would not upload", async () => {
    const file = {
      owner: { service: "redis" },
      kind: "live",
      path: "x",
      target: "/l/x",
      content: "",
    } as const;
    await expect(run({ spec: { ...spec("redis"), files: [file] } })).rejects.toThrow("/l/x is empty");
  });
});
