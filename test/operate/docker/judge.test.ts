import { describe, expect, it } from "vitest";
import type { Engine } from "../../../src/operate/docker/answer";
import type { Facts, Network } from "../../../src/operate/docker/facts";
import { isOlder } from "../../../src/operate/docker/judge-engine";
import { networksLeft } from "../../../src/operate/docker/pools";
import { judge, type Needs } from "../../../src/operate/docker/preflight";

const GIB = 1024 ** 3;

const ENGINE: Engine = {
  host: "unix:///var/run/docker.sock",
  product: "Engine",
  version: "28.2.2",
  api: "1.50",
  os: "linux",
  system: "Debian GNU/Linux 12 (bookworm)",
  memory: 16 * GIB,
  limitsMemory: true,
  rootless: false,
  directory: "/var/lib/docker",
};
const network = (name: string, ...subnets: readonly string[]): Network => ({
  ...{ name, driver: "bridge", subnets, labels: {} },
});
const FACTS: Facts = {
  platform: "linux",
  engine: ENGINE,
  containers: [],
  networks: [network("bridge", "172.17.0.0/16"), network("host"), network("none")],
  volumes: [],
  images: [],
  listeners: [],
  free: 100 * GIB,
};
const NEEDS: Needs = {
  environment: "dev",
  published: [{ service: "keycloak", address: "127.0.0.1", port: 8090 }],
  memory: 8 * GIB,
  networks: 1,
  images: [
    "docker.io/library/redis:8.10.1",
    "docker.io/grafana/loki:3.7.8",
    "quay.io/keycloak/keycloak:26.7.2",
  ],
  names: {
    container: ["atalaya-dev-envoy"],
    network: ["atalaya-dev-edge"],
    volume: ["atalaya-dev-loki.data"],
  },
};
/** `error: what / remedy` of each. */
const said = (facts: Partial<Facts> = {}, needs: Partial<Needs> = {}): readonly string[] =>
  judge({ ...FACTS, ...facts }, { ...NEEDS, ...needs }).map(
    ({ severity, what, remedy }) => `${severity}: ${what} / ${remedy}`,
  );
const engine = (changed: Partial<Engine>): Partial<Facts> => ({ engine: { ...ENGINE, ...changed } });

describe("preflight", () => {
  it("has nothing to say where everything is there", () => {
    expect(said()).toEqual([]);
  });

  it.each([
    [
      "an engine on another machine",
      engine({ host: "ssh://me@far" }),
      "error: The Docker engine is at ssh://me@far, and would publish keycloak on that machine's own loopback: Pulumi could not reach Keycloak and Grafana from here. / Run this on that machine, or choose the engine of this one: docker context use default, with DOCKER_HOST unset.",
    ],
    [
      "one that ports on loopback are not safe with",
      engine({ version: "27.5.1", api: "1.47" }),
      "warning: Docker Engine 27.5.1 lets machines of the same network segment reach ports that are published on loopback (moby#45610). / Install Docker Engine 28 or newer.",
    ],
    [
      "one that runs without root",
      engine({ rootless: true }),
      "warning: The Docker engine is rootless: Envoy sees all senders under one address, so its limit per source address counts them together. / Use an engine that runs as root, or have slirp4netns carry the ports: https://docs.docker.com/engine/security/rootless/tips/",
    ],
    [
      "one that cannot limit memory",
      engine({ limitsMemory: false }),
      "warning: The Docker engine cannot limit a container's memory: one process can take all of it. / Turn on the memory controller of cgroups (for a rootless engine: cgroup v2, and systemd's Delegate=memory), then restart Docker.",
    ],
    [
      "too little memory for full load",
      engine({ memory: 6 * GIB }),
      "warning: The limits of all containers are 8.0 GiB of memory together, and the Docker engine's machine has 6.0 GiB: under full load processes may be killed. / Use a machine with more memory, or fewer agents.",
    ],
    [
      "far too little memory",
      engine({ memory: 2 * GIB, system: "Docker Desktop" }),
      "warning: The limits of all containers are 8.0 GiB of memory together, and Docker Desktop has 2.0 GiB: processes will be killed. / Give it more under Settings, Resources.",
    ],
    [
      "little room on disk",
      { free: 2.9 * GIB, images: ["redis:8.10.1"] },
      "warning: There are 2.9 GiB free at /var/lib/docker: 2 images to pull take about 1.0 GiB, data at least 2GiB (estimates). / Make room: docker system df shows what Docker keeps, docker image prune removes images that nobody uses.",
    ],
    [
      "no room for the images",
      { free: 0.7 * GIB },
      "error: There are 0.7 GiB free at /var/lib/docker: 3 images to pull take about 1.5 GiB, data at least 2GiB (estimates). / Make room: docker system df shows what Docker keeps, docker image prune removes images that nobody uses.",
    ],
    [
      "a network of somebody else",
      { networks: [network("atalaya-dev-edge", "10.9.0.0/24")] },
      "error: There is a network atalaya-dev-edge that is not of this environment: none can be made of that name. / See what it is (docker network inspect atalaya-dev-edge), and remove it once nobody needs it: docker network rm atalaya-dev-edge",
    ],
    [
      "a volume of another environment",
      { volumes: [{ name: "atalaya-dev-loki.data", labels: { "atalaya.environment": "prod" } }] },
      "error: There is a volume atalaya-dev-loki.data that is not of this environment: its files would be taken for ours. / See what it is (docker volume inspect atalaya-dev-loki.data), and remove it once nobody needs it: docker volume rm atalaya-dev-loki.data",
    ],
    [
      "a program on a port, of which nobody may say which it is",
      { listeners: [{ service: "keycloak", address: "127.0.0.1", port: 8090, problem: "taken" }] },
      "error: 127.0.0.1:8090, which keycloak publishes, is taken by a program that is not a container. / Stop it (sudo ss -ltnp 'sport = :8090' says which), or choose another port: atalaya:publish in Pulumi.dev.yaml.",
    ],
  ] satisfies readonly (readonly [string, Partial<Facts>, string])[])("names %s", (_, facts, what) => {
    expect(said(facts)).toEqual([what]);
  });

  it("is content with all of it on the other side of its limits", () => {
    expect(said(engine({ host: "tcp://127.0.0.1:2375", memory: 8 * GIB, version: "28.0.0" }))).toEqual([]);
    expect(said(engine({ api: "1.44", version: "25.0.0", system: "Docker Desktop" }))).toEqual([]);
    expect(said({ free: 3.5 * GIB })).toEqual([]);
    expect(
      said({ volumes: [{ name: "atalaya-dev-loki.data", labels: { "atalaya.environment": "dev" } }] }),
    ).toEqual([]);
    const outside = [{ service: "keycloak", address: "192.0.2.1", port: 8090 }];
    expect(said(engine({ host: "ssh://me@far" }), { published: outside })).toEqual([]);
  });

  it("says errors first", () => {
    const all = judge({ ...FACTS, ...engine({ rootless: true }), free: 0 }, NEEDS);
    expect(all.map(({ severity }) => severity)).toEqual(["error", "warning"]);
  });
});

describe("Docker's address pools", () => {
  it("are 31 networks by default, of which the bridge has one", () => {
    expect(networksLeft(undefined, [])).toBe(31);
    expect(networksLeft(undefined, FACTS.networks)).toBe(30);
    // One that lies across two of them takes both; one elsewhere, or of the other kind, none.
    expect(networksLeft(undefined, [network("wide", "172.20.0.0/15")])).toBe(29);
    expect(networksLeft(undefined, [network("own", "10.0.0.0/8"), network("six", "fd00::/64")])).toBe(31);
  });

  it("are as many as daemon.json says", () => {
    const pools = [{ base: "10.201.0.0/16", size: 24 }];
    expect(networksLeft(pools, [network("one", "10.201.3.0/24"), network("bridge", "172.17.0.0/16")])).toBe(
      255,
    );
    expect(networksLeft([{ base: "10.0.0.0/8", size: 33 }], [])).toBe(0);
  });

  it("have too little room for many agents", () => {
    const names = Array.from({ length: 32 }, (_, index) => `atalaya-dev-agent-a${index}.network`);
    const there = [...FACTS.networks, network(names[0] ?? "", "172.18.0.0/16")].map((one) => ({
      ...one,
      labels: { "atalaya.environment": "dev" },
    }));
    expect(said({ networks: there }, { names: { ...NEEDS.names, network: names } })).toEqual([
      'warning: 31 networks are to be made (one for each zone and each agent), and Docker\'s address pools have room for 29 more. / Remove networks that nobody uses (docker network prune), or give Docker smaller ones in /etc/docker/daemon.json, and restart it: {"default-address-pools": [{"base": "10.201.0.0/16", "size": 24}]}',
    ]);
    expect(said({ networks: there }, { names: { ...NEEDS.names, network: names.slice(0, 30) } })).toEqual([]);
  });
});

describe("versions", () => {
  it("are compared by their numbers", () => {
    expect(["1.41", "1.5", "1.43.9", "0.99"].map((version) => isOlder(version, "1.44"))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(["1.44", "1.50", "2.0", "1.44.1"].map((version) => isOlder(version, "1.44"))).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});
