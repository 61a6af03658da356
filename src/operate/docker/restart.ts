import { setTimeout as sleep } from "node:timers/promises";
import { inspectContainers, type Container } from "./containers";
import { docker, refused } from "./engine";
import { healthOf, wrongWith, type Service } from "./services";

export type Restarted =
  | { readonly ready: true; readonly seconds: number }
  | { readonly ready: false; readonly seconds: number; readonly why: string };

/** A process has its own time to stop in (components/docker/container.ts); the engine waits for it. Milliseconds. */
export const STOPPING_MS = 300_000;
/** Between two looks. Milliseconds. */
const AGAIN_MS = 500;
/** As components/docker/readiness.ts waits longer than the health check does. Seconds. */
const LONGER = 30;
/** How long a process that nobody asks must have run without being started again. Milliseconds. */
const STEADY_MS = 3_000;

/**
 * Restarts the process of a service in its own container, and waits until it is ready. Its probe is restarted as well: it then
 * asks every second, and what it said before is forgotten. `seen` is told how the process is. Throws OperateError.
 */
export async function restartService(service: Service, seen: (state: string) => void): Promise<Restarted> {
  const { container, probe } = service;
  const begun = Date.now();
  const seconds = (): number => Math.round((Date.now() - begun) / 1_000);
  if (container === undefined) return { ready: false, seconds: 0, why: "there is no container" };
  seen("stopping");
  await restartContainer(container);
  if (probe !== undefined) await restartContainer(probe);
  const deadline = Date.now() + 1_000 * ((probe ?? container).patience + LONGER);
  const steady = steadiness();
  // One that starts again and again runs now and then.
  let last = "it is not ready yet";
  for (;;) {
    const now = await again(service);
    const health = healthOf(now);
    const running = steady(now.container);
    if (health === "healthy" || (health === undefined && running >= STEADY_MS))
      return { ready: true, seconds: seconds() };
    const wrong = wrongWith(now);
    if (now.container?.state !== "running") last = wrong ?? last;
    const hopeless = now.container === undefined || ["exited", "dead"].includes(now.container.state);
    if (hopeless || health === "unhealthy" || Date.now() > deadline)
      return { ready: false, seconds: seconds(), why: because(now, wrong ?? last) };
    seen(wrong ?? health ?? "starting");
    await sleep(AGAIN_MS);
  }
}

/** Tells for how long a container has been seen to run since it was last started. */
function steadiness(): (container: Container | undefined) => number {
  let started: number | undefined;
  let since = Date.now();
  return (container) => {
    const start = container?.state === "running" ? container.since?.getTime() : undefined;
    if (start === undefined || start !== started) since = Date.now();
    started = start;
    return Date.now() - since;
  };
}

async function restartContainer({ id, name }: Container): Promise<void> {
  const { code, stderr } = await docker(["restart", id], STOPPING_MS);
  if (code !== 0) throw refused(["restart", name], code, stderr);
}

/** The same service, as it is now. */
async function again({ container, probe, ...service }: Service): Promise<Service> {
  const ids = [container, probe].flatMap((known) => known?.id ?? []);
  const found = new Map((await inspectContainers(ids)).map((now) => [now.id, now]));
  const [its, probes] = [found.get(container?.id ?? ""), found.get(probe?.id ?? "")];
  return {
    ...service,
    ...(its !== undefined && { container: its }),
    ...(probes !== undefined && { probe: probes }),
  };
}

/** With what the health check said last, if anything. */
function because({ container, probe }: Service, wrong: string): string {
  const said = (probe ?? container)?.healthSaid;
  return said === undefined ? wrong : `${wrong} (${said.split("\n")[0] ?? ""})`;
}
