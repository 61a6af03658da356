import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { formatStatus, status } from "../../../src/cli/status";
import { restart } from "../../../src/cli/restart";
import { logs } from "../../../src/cli/logs";
import { containers } from "../../../src/operate/docker/containers";
import { servicesOf } from "../../../src/operate/docker/services";
import { containerNamed, fakeDocker, recorded, removeFakes, type World } from "./fake";

let printed = "";
let complained = "";
beforeEach(() => {
  [printed, complained] = ["", ""];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    complained += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  removeFakes();
});

const NOW = new Date("2026-11-21T16:30:00Z");

/** The recorded world with other fields in a container's state. */
const withState = (name: string, state: Readonly<Record<string, unknown>>): World => {
  const container = containerNamed(recorded, name);
  const changed = { ...container, State: { ...(container["State"] as object), ...state } };
  return { ...recorded, containers: recorded.containers.map((one) => (one === container ? changed : one)) };
};

async function shown(world: World): Promise<readonly string[]> {
  fakeDocker(world);
  return formatStatus("dev", servicesOf("dev", await containers("dev")), NOW, false).split("\n");
}

describe("status", () => {
  it("is a table of services, agents below it, and what is wrong", async () => {
    expect(await shown(recorded)).toEqual([
      "service        zone     state       health   since  restarts  image  published",
      "alloy-gateway  data     missing     -        -             -  -",
      "auth           control  missing     -        -             -  -",
      "envoy          edge     running     healthy  2 h           0  try:1  127.0.0.1:4317",
      "grafana        view     missing     -        -             -  -",
      "keycloak       control  missing     -        -             -  -",
      "loki           data     exited      -        2 h           0  try:1",
      "mimir          data     running     healthy  2 h           0  try:1",
      "postgres       control  missing     -        -             -  -",
      "redis          data     restarting  -        2 h          10  try:1",
      "tempo          data     missing     -        -             -  -",
      "",
      "agent          zone     state       health   since  restarts  image  published",
      "agent-co       data     suspended   -        -             0  try:1",
      "",
      "alloy-gateway: there is no container",
      "auth: there is no container",
      "grafana: there is no container",
      "keycloak: there is no container",
      "loki: exited with code 4",
      "postgres: there is no container",
      "redis: starts again and again, last exit code 3",
      "tempo: there is no container",
      "",
      "Not as they should be: 8 of 10 processes of dev, and 1 suspended.",
      "See why: npx atalaya logs loki",
      "Start:   npx atalaya restart loki redis",
      "Make:    npm run refresh -- --stack dev, then npm run up -- --stack dev",
    ]);
  });

  it("takes a probe's word for its service's health", async () => {
    const health = { Health: { Status: "unhealthy", Log: [{ Output: "refused\n" }] } };
    const mimir = async (world: World) => (await shown(world)).filter((line) => line.startsWith("mimir"));
    expect(await mimir(withState("atalaya-dev-mimir.ready", health))).toEqual([
      "mimir          data     running     unhealthy  2 h           0  try:1",
      "mimir: its health is unhealthy",
    ]);
    removeFakes();
    expect(await mimir(withState("atalaya-dev-mimir.ready", { Status: "exited" }))).toEqual([
      "mimir          data     running     unknown  2 h           0  try:1",
      "mimir: its health is unknown",
    ]);
    removeFakes();
    expect(
      await mimir(withState("atalaya-dev-mimir", { Status: "exited", ExitCode: 137, OOMKilled: true })),
    ).toEqual([
      "mimir          data     exited      -        2 h           0  try:1",
      "mimir: exited with code 137, out of memory",
    ]);
  });

  it("does not let a suspended agent run unnoticed", async () => {
    const running = withState("atalaya-dev-agent-co", {
      Status: "running",
      StartedAt: "2026-11-21T16:29:18Z",
    });
    expect((await shown(running)).filter((line) => line.startsWith("agent-co"))).toEqual([
      "agent-co       data     running     -        42 s          0  try:1",
      "agent-co: runs although its agent is suspended",
    ]);
  });

  it("is data for a program, and its exit code the verdict", async () => {
    fakeDocker(recorded);
    expect(await status({ stack: "organisation/atalaya/dev", json: true })).toBe(1);
    const { environment, good, services } = JSON.parse(printed) as {
      environment: string;
      good: boolean;
      services: readonly { readonly name: string }[];
    };
    expect([environment, good, services.length]).toEqual(["dev", false, 11]);
    expect(services.filter(({ name }) => name === "envoy" || name === "loki")).toEqual([
      {
        ...{
          name: "envoy",
          zone: "edge",
          agent: false,
          suspended: false,
          state: "running",
          health: "healthy",
        },
        since: expect.stringMatching(/^2026-11-21T14:0\d:\d\d\.\d{3}Z$/) as unknown,
        ...{ restarts: 0, image: "example/try:1" },
        published: [{ address: "127.0.0.1", port: 4317, internal: 80 }],
      },
      {
        ...{ name: "loki", zone: "data", agent: false, suspended: false, state: "exited" },
        since: expect.stringMatching(/^2026-11-21T14:0\d:\d\d\.\d{3}Z$/) as unknown,
        ...{ restarts: 0, image: "example/try:1", published: [], problem: "exited with code 4" },
      },
    ]);
  });

  it("says how to bring up what is not there", async () => {
    fakeDocker(recorded);
    await expect(status({ stack: "prod", json: false })).rejects.toThrow(
      "Docker knows no environment prod here. Bring it up: npm run up -- --stack prod. If it runs on another machine, choose its engine: docker context use <name>, or DOCKER_HOST.",
    );
    removeFakes();
    fakeDocker({ ...recorded, containers: [] });
    await expect(status({ stack: "dev", json: false })).rejects.toThrow(
      "The environment dev does not run: of it, Docker has 1 volume and no container. Bring it up again: npm run up -- --stack dev",
    );
    removeFakes();
    fakeDocker({ ...recorded, fails: { version: "Cannot connect to the Docker daemon." } });
    await expect(status({ stack: "dev", json: false })).rejects.toThrow(
      "The Docker engine at unix:///var/run/docker.sock does not answer: Cannot connect to the Docker daemon. Start it: sudo systemctl start docker, or Docker Desktop.",
    );
  });
});

describe("logs", () => {
  const options = { stack: "dev", follow: false, timestamps: false };

  it("are Docker's own, of a process or of a helper", async () => {
    const { asked } = fakeDocker(recorded);
    const more = { since: "10m", tail: "5", timestamps: true, follow: true };
    expect(await logs("mimir", { ...options, ...more })).toBe(0);
    expect(await logs("mimir.files", options)).toBe(0);
    expect(asked().filter((line) => line.startsWith("logs"))).toEqual([
      "logs --follow --timestamps --since 10m --tail 5 atalaya-dev-mimir",
      "logs atalaya-dev-mimir.files",
    ]);
  });

  it("refuse what is not there, before Docker is asked for it", async () => {
    fakeDocker(recorded);
    await expect(logs("mimri", options)).rejects.toThrow(
      "There is no service mimri in the environment dev. Did you mean mimir? There are the services agent-co, envoy, loki, mimir, redis.",
    );
    await expect(logs("mimir", { ...options, tail: "ten" })).rejects.toThrow(
      "--tail ten: is not a number of lines. Write --tail 100, or --tail all.",
    );
    await expect(logs("mimir", { ...options, since: "--help" })).rejects.toThrow(
      "--since --help: is no time. Write how long ago it was, such as --since 10m, or when, such as --since 2026-05-31T12:00:00.",
    );
  });
});

it("shows nothing of a health check that a terminal would obey", async () => {
  const Output = "\u001b[31mwget:\u001b[0m refused\u0007\r\n\u001b]0;mine\u009b2J\n";
  fakeDocker(withState("atalaya-dev-mimir", { Health: { Status: "unhealthy", Log: [{ Output }] } }));
  const found = (await containers("dev")).find(({ name }) => name === "atalaya-dev-mimir");
  expect(found?.healthSaid).toBe("wget: refused\n]0;mine2J");
});

describe("restart", () => {
  const id = (name: string): string => containerNamed(recorded, name).Id;

  it("restarts a process and its probe, and waits for both", async () => {
    const { asked } = fakeDocker(recorded);
    expect(await restart(["envoy", "mimir", "mimir"], { stack: "dev" })).toBe(0);
    expect(asked().filter((line) => line.startsWith("restart"))).toEqual(
      ["atalaya-dev-mimir", "atalaya-dev-mimir.ready", "atalaya-dev-envoy"].map(
        (name) => `restart ${id(name)}`,
      ),
    );
    expect(printed).toMatch(/^mimir is ready after \d+ s\.\nenvoy is ready after \d+ s\.\n$/);
    expect(complained).toContain("While Envoy is away senders find no connection: ");
  });

  it("names the container that Docker does not restart", async () => {
    fakeDocker({ ...recorded, fails: { restart: "Error response from daemon: it hangs" } });
    await expect(restart(["mimir"], { stack: "dev" })).rejects.toThrow(
      "`docker restart atalaya-dev-mimir` failed: Error response from daemon: it hangs",
    );
  });

  it("says why a process does not come back, and restarts nothing after it", async () => {
    const [probe] = withState("atalaya-dev-mimir.ready", {
      Health: { Status: "unhealthy", Log: [{ Output: "wget: connection refused\nmore" }] },
    }).containers.filter(({ Name }) => Name === "/atalaya-dev-mimir.ready");
    fakeDocker({ ...recorded, restarted: { [id("atalaya-dev-mimir.ready")]: probe ?? {} } });
    expect(await restart(["envoy", "mimir"], { stack: "dev" })).toBe(1);
    expect(printed).toBe("");
    expect(complained).toMatch(
      /^(?:Restarting .+\n)*mimir is not ready after \d+ s: its health is unhealthy \(wget: connection refused\)\. See why: npx atalaya logs mimir\nNot restarted: envoy\.\n$/,
    );
  });

  it("leaves alone who is suspended, who is not there, and all others with them", async () => {
    const { asked } = fakeDocker(recorded);
    await expect(restart(["mimir", "agent-co"], { stack: "dev" })).rejects.toThrow(
      "agent-co is suspended and stands still on purpose. Set state: active for it in the tenant list, and run: npm run up -- --stack dev",
    );
    await expect(restart(["mimir", "tempo"], { stack: "dev" })).rejects.toThrow(
      "There is no container of tempo to restart. Make it: npm run refresh -- --stack dev, then npm run up -- --stack dev",
    );
    expect(asked().filter((line) => line.startsWith("restart"))).toEqual([]);
  });
});
