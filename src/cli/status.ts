import { environmentName, environmentServices } from "../operate/docker/environment";
import { healthOf, wrongWith, type Service } from "../operate/docker/services";
import { toJson } from "../render/yaml";
import { CHECKED } from "./health";
import { step } from "./progress";
import { stackOption } from "./stack-command";
import { aligned, colors, type Colors, type Shown } from "./terminal";

export interface StatusOptions {
  readonly stack: string;
  readonly json: boolean;
}

/** What runs of an environment, by Docker's word; exit code 1 when something that should does not. */
export async function status({ stack, json }: StatusOptions): Promise<number> {
  const environment = environmentName(stack);
  const services = await step("Asking Docker", () => environmentServices(environment));
  const good = services.every((service) => wrongWith(service) === undefined);
  process.stdout.write(
    json
      ? toJson({ environment, good, services: services.map(plain) })
      : `${formatStatus(environment, services, new Date())}\n`,
  );
  return good ? CHECKED.good : CHECKED.bad;
}

function plain(service: Service) {
  const { name, zone, agent, suspended, container } = service;
  const health = healthOf(service);
  const problem = wrongWith(service);
  return {
    ...{ name, zone, agent, suspended },
    state: container?.state ?? "missing",
    ...(health !== undefined && { health }),
    ...(container?.since !== undefined && { since: container.since.toISOString() }),
    ...(container !== undefined && { restarts: container.restarts, image: container.image }),
    published: container?.published ?? [],
    ...(problem !== undefined && { problem }),
  };
}

const HEADINGS = ["zone", "state", "health", "since", "restarts", "image", "published"] as const;

/** A table of the shared services, and one of agents below it; then what is wrong, and what to do. */
export function formatStatus(
  environment: string,
  services: readonly Service[],
  now: Date,
  color?: boolean,
): string {
  const paint = colors(color);
  const heading = (first: string): readonly Shown[] =>
    [first, ...HEADINGS].map((text) => ({ text, shown: paint.dim(text) }));
  const rows = (agents: boolean): readonly (readonly Shown[])[] =>
    services.filter(({ agent }) => agent === agents).map((service) => row(service, now, paint));
  const agents = rows(true);
  const shared = [heading("service"), ...rows(false)];
  const table = aligned([...shared, ...(agents.length === 0 ? [] : [heading("agent"), ...agents])]).split(
    "\n",
  );
  return [
    ...table.slice(0, shared.length),
    ...(agents.length === 0 ? [] : ["", ...table.slice(shared.length)]),
    "",
    ...verdict(environment, services, paint),
  ].join("\n");
}

function row(service: Service, now: Date, paint: Colors): readonly Shown[] {
  const { name, zone, container, suspended } = service;
  const wrong = wrongWith(service) !== undefined;
  const state = suspended && !wrong ? "suspended" : (container?.state ?? "missing");
  const health = healthOf(service) ?? "-";
  const tone = wrong ? paint.red : suspended ? paint.dim : paint.green;
  const healthTone = health === "healthy" ? paint.green : health === "starting" ? paint.yellow : tone;
  return [
    { text: name },
    { text: zone },
    { text: state, shown: tone(state) },
    { text: health, shown: health === "-" ? paint.dim(health) : healthTone(health) },
    { text: container?.since === undefined ? "-" : age(now.getTime() - container.since.getTime()) },
    { text: String(container?.restarts ?? "-").padStart("restarts".length) },
    { text: shortImage(container?.image ?? "-") },
    { text: (container?.published ?? []).map(({ address, port }) => `${address}:${port}`).join(" ") },
  ];
}

const UNITS = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
] as const;

/** `3 h`: whole units, the largest that fits. */
function age(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1_000));
  const [unit, length] = UNITS.find(([, size]) => seconds >= size) ?? ["s", 1];
  return `${Math.floor(seconds / length)} ${unit}`;
}

/** Without its registry; an image that is known by its id alone, as that is said elsewhere. */
const shortImage = (image: string): string =>
  image.startsWith("sha256:")
    ? image.slice(0, "sha256:".length + 12)
    : image.slice(image.lastIndexOf("/") + 1);

function verdict(environment: string, services: readonly Service[], paint: Colors): readonly string[] {
  const wrong = services.flatMap((service) => {
    const what = wrongWith(service);
    return what === undefined ? [] : [{ service, what }];
  });
  const suspended = services.filter((service) => service.suspended).length;
  const counted = `${services.length - suspended} processes`;
  const more = suspended === 0 ? "" : `, and ${suspended} suspended`;
  if (wrong.length === 0) return [paint.bold(paint.green(`${environment} runs: ${counted}${more}.`))];
  const option = stackOption(environment);
  const names = (missing: boolean) =>
    wrong
      .filter(({ service }) => (service.container === undefined) === missing && !service.suspended)
      .map(({ service }) => service.name)
      .join(" ");
  const [missing, stopped] = [names(true), names(false)];
  return [
    ...wrong.map(({ service, what }) => paint.red(`${service.name}: ${what}`)),
    "",
    paint.bold(paint.red(`Not as they should be: ${wrong.length} of ${counted} of ${environment}${more}.`)),
    ...(stopped === "" ? [] : [`See why: npx atalaya logs ${stopped.split(" ")[0] ?? ""}${option}`]),
    ...(stopped === "" ? [] : [`Start:   npx atalaya restart ${stopped}${option}`]),
    ...(missing === ""
      ? []
      : [`Make:    npm run refresh -- --stack ${environment}, then npm run up -- --stack ${environment}`]),
  ];
}
