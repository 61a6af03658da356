import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { restart } from "../../../src/cli/restart";
import { status } from "../../../src/cli/status";
import { leftovers, preflight, type Needs } from "../../../src/operate/docker/preflight";
import { IMAGE, noDockerd, startDockerd, type Dockerd } from "./dockerd";

const NEEDS: Needs = {
  environment: "dev",
  published: [],
  memory: 1,
  networks: 0,
  images: [],
  names: { container: ["atalaya-dev-tempo"], network: [], volume: ["atalaya-dev-loki.data"] },
};
/** Seconds until the process of this name says that it is ready. */
const READY_AFTER = 3;
const STAY = 'trap "rm -f /shared/up; exit 0" TERM; while :; do sleep 1 & wait; done';

const missing = noDockerd();
if (missing !== undefined) process.stderr.write(`No Docker engine is tried: ${missing}.\n`);

/** A process of the environment as components/docker makes it, but for what it does. */
function make(
  { docker }: Dockerd,
  service: string,
  script: string,
  { part, more = [] }: { readonly part?: string; readonly more?: readonly string[] } = {},
): void {
  const labels = { environment: "dev", service, zone: "data" };
  docker(
    ...["run", "--detach", "--init", "--network=none", "--volume=shared:/shared"],
    ...["--name", ["atalaya-dev-" + service, ...(part === undefined ? [] : [part])].join(".")],
    ...Object.entries(labels).map(([label, value]) => `--label=atalaya.${label}=${value}`),
    ...[...more, IMAGE, "/bin/sh", "-c", script],
  );
}

describe.skipIf(missing !== undefined)("a real Docker engine", { timeout: 120_000 }, () => {
  let engine: Dockerd;
  let printed = "";
  let complained = "";
  beforeAll(async () => {
    engine = await startDockerd();
    make(engine, "mimir", `rm -f /shared/up; sleep ${READY_AFTER}; touch /shared/up; ${STAY}`, {
      more: ["--restart=unless-stopped", "--stop-timeout=5"],
    });
    make(engine, "mimir", STAY, {
      part: "ready",
      more: [
        ...["--health-cmd=[ -f /shared/up ] || { echo not yet; exit 1; }", "--health-interval=1s"],
        ...["--health-retries=3", "--health-start-period=60s"],
      ],
    });
    make(engine, "loki", "exit 4");
    make(engine, "redis", "sleep 0.2; exit 3", { more: ["--restart=unless-stopped"] });
    engine.docker("volume", "create", "atalaya-dev-loki.data");
    engine.docker("create", "--name=atalaya-dev-tempo", "--network=none", IMAGE, "/bin/sh");
  }, 180_000);
  afterAll(async () => {
    await (engine as Dockerd | undefined)?.stop();
  }, 60_000);
  beforeEach(() => {
    [printed, complained] = ["", ""];
    vi.stubEnv("DOCKER_HOST", engine.host);
    vi.spyOn(process.stdout, "write").mockImplementation((text) => (printed += String(text)) !== "");
    vi.spyOn(process.stderr, "write").mockImplementation((text) => (complained += String(text)) !== "");
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  });

  const startedAt = (name: string): string =>
    engine.docker("container", "inspect", "--format", "{{.Id}} {{.State.StartedAt}}", name).trim();

  it("restarts a process in place and waits until its probe finds it ready", async () => {
    const [id, before] = startedAt("atalaya-dev-mimir").split(" ");
    expect(await restart(["mimir"], { stack: "dev" })).toBe(0);
    const seconds = Number(/^mimir is ready after (\d+) s\.\n$/.exec(printed)?.[1]);
    expect(seconds).toBeGreaterThanOrEqual(READY_AFTER);
    const [sameId, after] = startedAt("atalaya-dev-mimir").split(" ");
    expect(sameId).toBe(id);
    expect(Date.parse(after ?? "")).toBeGreaterThan(Date.parse(before ?? ""));
  });

  it("says why a process does not come back", async () => {
    expect(await restart(["loki"], { stack: "dev" })).toBe(1);
    expect(complained).toMatch(
      /loki is not ready after \d+ s: exited with code 4\. See why: npx atalaya logs loki\n$/,
    );
    expect(await restart(["redis"], { stack: "dev" })).toBe(1);
    expect(complained).toMatch(
      /redis is not ready after \d+ s: starts again and again, last exit code 3\. See why: npx atalaya logs redis\n$/,
    );
    expect(printed).toBe("");
  });

  it("is asked what runs", async () => {
    expect(await status({ stack: "dev", json: true })).toBe(1);
    const { services } = JSON.parse(printed) as {
      services: readonly { readonly name: string; readonly state: string; readonly health?: string }[];
    };
    const seen = Object.fromEntries(services.map(({ name, state, health }) => [name, [state, health]]));
    expect(seen).toMatchObject({
      mimir: ["running", "healthy"],
      loki: ["exited", undefined],
      tempo: ["missing", undefined],
    });
  });

  it("is asked for what an update would need", async () => {
    // What it is itself depends on where this runs.
    const ofEngine = /Docker Engine|rootless|limit a container's memory|GiB free/;
    const found = (await preflight(NEEDS)).filter(({ what }) => !ofEngine.test(what));
    expect(found.map(({ severity, what }) => `${severity}: ${what.replace(/; redis .+?:/, ":")}`)).toEqual([
      "error: There is a container atalaya-dev-tempo that is not of this environment: none can be made of that name.",
      "error: There is a volume atalaya-dev-loki.data that is not of this environment: its files would be taken for ours.",
      "warning: Of dev, loki exited with code 4: an update does not start what it did not change.",
    ]);
    const [left] = await leftovers(NEEDS);
    expect(left?.what).toMatch(/^Docker has 4 containers of an environment dev, and /);
  });

  it("says what is the matter when it ends", async () => {
    const gone = engine.host;
    await engine.stop();
    expect(await preflight(NEEDS)).toEqual([
      {
        severity: "error",
        what: expect.stringContaining(`The Docker engine at ${gone} does not answer: `) as unknown,
        remedy:
          "Start it: sudo systemctl start docker, or Docker Desktop. If you mean another one: docker context ls, docker context use <name>.",
      },
    ]);
  });
});
