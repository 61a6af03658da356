import { createServer } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { dockerHost } from "../../../src/operate/docker/engine";
import { leftovers, needsOf, preflight, type Needs } from "../../../src/operate/docker/preflight";
import { recordEnvironment } from "../../components/environment";
import { emptyPath, fakeDocker, recent, recorded, removeFakes, type World } from "./fake";

/** Ports that nobody of this machine listens on as long as a test does not. */
const NEEDS: Needs = {
  environment: "dev",
  published: [],
  memory: 8 * 1024 ** 3,
  networks: 0,
  images: [],
  names: { container: ["atalaya-dev-mimir"], network: [], volume: [] },
};
const STOPPED = {
  severity: "warning",
  what: "Of dev, loki exited with code 4; redis starts again and again, last exit code 3: an update does not start what it did not change.",
  remedy: "Run: npx atalaya restart loki redis --stack dev",
};

const found = (world: World, needs: Partial<Needs> = {}) => {
  fakeDocker(world);
  return preflight({ ...NEEDS, ...needs });
};
const silent = (said: string): World => ({ ...recorded, fails: { version: said } });

afterEach(removeFakes);

describe("what an environment needs", () => {
  it("is read off what the program declares", async () => {
    const { names, ...needs } = needsOf(
      await recordEnvironment(["mx", { id: "pe", name: "Perú", state: "suspended" }]),
    );
    expect(needs).toEqual({
      environment: "dev",
      published: [
        { service: "grafana", address: "127.0.0.1", port: 3000 },
        { service: "envoy", address: "127.0.0.1", port: 4317 },
        { service: "envoy", address: "127.0.0.1", port: 4318 },
        { service: "keycloak", address: "127.0.0.1", port: 8090 },
      ],
      memory: 7648 * 1024 ** 2,
      networks: 7,
      images: [
        "docker.io/envoyproxy/envoy:distroless-v1.40.0",
        "docker.io/grafana/alloy:v1.21.2",
        "docker.io/grafana/grafana:13.2.4",
        "docker.io/grafana/loki:3.7.8",
        "docker.io/grafana/mimir:3.2.1",
        "docker.io/grafana/tempo:3.0.3",
        "docker.io/library/busybox:1.37.0",
        "docker.io/library/postgres:18.6",
        "docker.io/library/redis:8.10.1",
        "quay.io/keycloak/keycloak:26.7.2",
      ],
    });
    expect(names.network).toEqual([
      "atalaya-dev-agent-mx.network",
      "atalaya-dev-agent-pe.network",
      "atalaya-dev-control",
      "atalaya-dev-data",
      "atalaya-dev-edge",
      "atalaya-dev-grafana.publish",
      "atalaya-dev-view",
    ]);
  });
});

describe("an engine that cannot be asked", () => {
  it("has no command", async () => {
    vi.stubEnv("PATH", emptyPath());
    expect(await preflight(NEEDS)).toEqual([
      {
        severity: "error",
        what: "There is no docker command on your PATH.",
        remedy:
          "Install Docker Engine (https://docs.docker.com/engine/install/) or Docker Desktop, and open a new terminal.",
      },
    ]);
  });

  it.each([
    [
      "does not run",
      silent(
        "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
      ),
      "The Docker engine at unix:///var/run/docker.sock does not answer: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
      "Start it: sudo systemctl start docker, or Docker Desktop. If you mean another one: docker context ls, docker context use <name>.",
    ],
    [
      "is not ours to use",
      silent(
        'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get "http://%2Fvar%2Frun%2Fdocker.sock/v1.50/version": dial unix /var/run/docker.sock: connect: permission denied',
      ),
      "You may not use the Docker engine's socket /var/run/docker.sock.",
      'Join its group (who is in it can do all that root can): sudo usermod -aG docker "$USER", then log out and in again.',
    ],
    [
      "is behind an ssh that refuses",
      {
        ...silent("error during connect: command [ssh -l me far]: Permission denied (publickey)."),
        context: "ssh://me@far",
      },
      "The Docker engine at ssh://me@far does not answer: error during connect: command [ssh -l me far]: Permission denied (publickey).",
      "Check DOCKER_HOST and docker context ls, and whether that machine can be reached.",
    ],
    [
      "is too new for the command",
      silent(
        "Error response from daemon: client version 1.41 is too old. Minimum supported API version is 1.44",
      ),
      "Your docker command is too old for unix:///var/run/docker.sock: Error response from daemon: client version 1.41 is too old. Minimum supported API version is 1.44",
      "Update the Docker CLI.",
    ],
  ])("%s", async (_, world, what, remedy) => {
    expect(await found(world)).toEqual([{ severity: "error", what, remedy }]);
  });
});

describe("an engine that answers", () => {
  it("is good when it has what is needed, but for what stands still", async () => {
    expect(await found(recent)).toEqual([STOPPED]);
  });

  it("asks everything once", async () => {
    const { asked } = fakeDocker(recent);
    await preflight(NEEDS);
    expect(
      asked()
        .map((line) => line.split(" ").slice(0, 2).join(" "))
        .sort(),
    ).toEqual([
      "container inspect",
      "context inspect",
      "image ls",
      "info --format",
      "network inspect",
      "network ls",
      "ps --all",
      "version --format",
      "volume inspect",
      "volume ls",
      "volume ls",
    ]);
  });

  it("is too old: Docker 20.10", async () => {
    expect(await found(recorded)).toEqual([
      {
        severity: "error",
        what: "Docker Engine 20.10.24+dfsg1 is too old: it speaks API 1.41, and health checks here need 1.44.",
        remedy: "Install Docker Engine 25 or newer: https://docs.docker.com/engine/install/",
      },
      STOPPED,
    ]);
  });

  it("runs Windows containers, of which nothing more is asked", async () => {
    const { asked } = fakeDocker({
      ...recent,
      version: { ...recent.version, Server: { Version: "28.2.2", ApiVersion: "1.50", Os: "windows" } },
    });
    expect(await preflight(NEEDS)).toEqual([
      {
        severity: "error",
        what: "The Docker engine runs Windows containers, and all images here are for Linux.",
        remedy:
          "Switch Docker Desktop to Linux containers, or choose an engine on Linux: docker context use <name>.",
      },
    ]);
    expect(asked()).toEqual(["version --format {{json .}}", "context inspect", "info --format {{json .}}"]);
  });

  it("prints what is not Docker's", async () => {
    await expect(found({ ...recent, version: { Server: { Version: 5 } } })).rejects.toThrow(
      "`docker version` is not understood: Server.Version: Invalid input: expected string, received number. Update the Docker CLI and engine.",
    );
  });
});

describe("a port that is wanted", () => {
  it("is a container's of somebody else, or our own", async () => {
    const published = [
      { service: "envoy", address: "127.0.0.1", port: 4317 },
      { service: "keycloak", address: "127.0.0.1", port: 8090 },
    ];
    expect(await found(recent, { published })).toEqual([
      {
        severity: "error",
        what: "127.0.0.1:8090, which keycloak publishes, is taken by the container web (example/try:1).",
        remedy: "Stop it (docker stop web), or choose another port: atalaya:publish in Pulumi.dev.yaml.",
      },
      STOPPED,
    ]);
  });

  it("is a program's, which is named", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    try {
      const [first] = await found(recent, {
        published: [{ service: "grafana", address: "127.0.0.1", port }],
      });
      expect(first?.what).toMatch(
        new RegExp(
          `^127\\.0\\.0\\.1:${port}, which grafana publishes, is taken by .+ \\(process ${process.pid}\\)\\.$`,
        ),
      );
      expect(first?.remedy).toBe("Stop it, or choose another port: atalaya:publish in Pulumi.dev.yaml.");
    } finally {
      server.close();
    }
  });

  it("is on an address that this machine does not have", async () => {
    const published = [{ service: "envoy", address: "192.0.2.7", port: 4317 }];
    expect(await found(recent, { published })).toEqual([
      {
        severity: "error",
        what: "192.0.2.7:4317, which envoy publishes, cannot be had: this machine has no address 192.0.2.7.",
        remedy: "Set one that it has: atalaya:publish.address in Pulumi.dev.yaml.",
      },
      STOPPED,
    ]);
  });
});

describe("an empty state", () => {
  it("finds what another one left", async () => {
    fakeDocker(recent);
    const filter = "--filter label=atalaya.environment=dev";
    expect(await leftovers(NEEDS)).toEqual([
      {
        severity: "error",
        what: "Docker has 7 containers, 1 network, 1 volume of an environment dev, and the stack's state knows none of them: they are of another state, or theirs was lost with the passwords that open their data.",
        remedy: `Find that state (PULUMI_BACKEND_URL, ATALAYA_HOME), or remove all of it with its data: docker ps -aq ${filter} | xargs -r docker rm -f; docker network ls -q ${filter} | xargs -r docker network rm; docker volume ls -q ${filter} | xargs -r docker volume rm`,
      },
    ]);
    expect(await leftovers({ ...NEEDS, environment: "prod" })).toEqual([]);
  });
});

describe("DOCKER_HOST", () => {
  it("is what the CLI's context says, unless that is the default or it is set", async () => {
    fakeDocker(recent);
    expect(await dockerHost()).toBeUndefined();
    removeFakes();
    fakeDocker({ ...recent, context: "unix:///home/me/.docker/desktop/docker.sock" });
    expect(await dockerHost()).toBe("unix:///home/me/.docker/desktop/docker.sock");
    vi.stubEnv("DOCKER_HOST", "unix:///elsewhere.sock");
    expect(await dockerHost()).toBeUndefined();
  });
});
