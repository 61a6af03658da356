import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { vi } from "vitest";
import recordedJson from "./recorded.json";

type Json = Readonly<Record<string, unknown>>;

/** What a Docker engine has, in its own JSON. */
export interface World {
  readonly version: Json;
  readonly info: Json;
  readonly context: string;
  readonly containers: readonly Json[];
  readonly networks: readonly Json[];
  readonly volumes: readonly Json[];
  readonly images: readonly string[];
  /** A command that fails, by its first word, and what it says. */
  readonly fails?: Readonly<Record<string, string>>;
  /** What a container is after it was restarted, by id. */
  readonly restarted?: Readonly<Record<string, Json>>;
}

const SOCKET = "unix:///var/run/docker.sock";
/** What Docker Engine 20.10 said of an environment, as its CLI 28.2 printed it; `inspect` without HostConfig, GraphDriver and Mounts. */
export const recorded: World = { ...(recordedJson as Omit<World, "context">), context: SOCKET };

/** The same of an engine that is new enough. */
export const recent: World = {
  ...recorded,
  version: {
    ...recorded.version,
    Server: {
      ...(recorded.version["Server"] as Json),
      ...{ Version: "28.2.2", ApiVersion: "1.50", MinAPIVersion: "1.24" },
    },
  },
};

/** A container of the world, by name. */
export const containerNamed = (world: World, name: string): Json & { readonly Id: string } => {
  const found = world.containers.find(({ Name }) => Name === `/${name}`);
  if (found === undefined) throw new Error(`There is no container ${name}.`);
  return found as Json & { readonly Id: string };
};

/** The program: a world in the file beside it, asked as the CLI is. */
const PROGRAM = `
const { readFileSync, writeFileSync, appendFileSync } = require("node:fs");
const { join } = require("node:path");
const file = join(__dirname, "world.json");
const world = JSON.parse(readFileSync(file, "utf8"));
const args = process.argv.slice(2);
appendFileSync(join(__dirname, "asked"), args.join(" ") + "\\n");
const fail = (text, code = 1) => { process.stderr.write(text + "\\n"); process.exitCode = code; };
const print = (text) => process.stdout.write(text + "\\n");
const labelled = (labels) => {
  const [, name, value] = /^label=(.+)=(.+)$/.exec(args[args.indexOf("--filter") + 1]) ?? [];
  return !args.includes("--filter") || (labels ?? {})[name] === value;
};
const inspect = (list, keys, ids) => {
  const found = ids.flatMap((id) => list.find((one) => keys(one).includes(id)) ?? []);
  print(JSON.stringify(found));
  for (const id of ids) if (!list.some((one) => keys(one).includes(id))) fail("Error: No such object: " + id);
};
const [command, second] = args;
if (world.fails?.[command] !== undefined) {
  if (command === "version") print(JSON.stringify({ ...world.version, Server: null }));
  fail(world.fails[command]);
} else if (command === "version") print(JSON.stringify(world.version));
else if (command === "info") print(JSON.stringify(world.info));
else if (command === "context") print(JSON.stringify([{ Name: "some", Endpoints: { docker: { Host: world.context } } }]));
else if (command === "ps") for (const one of world.containers) { if (labelled(one.Config.Labels)) print(one.Id); }
else if (command === "image") print(world.images.join("\\n"));
else if (command === "network" && second === "ls") for (const one of world.networks) print(one.Id);
else if (command === "volume" && second === "ls") for (const one of world.volumes) { if (labelled(one.Labels)) print(one.Name); }
else if (second === "inspect") inspect(world[command + "s"], (one) => [one.Id, one.Name], args.slice(2));
else if (command === "logs") print("the log of " + args.at(-1));
else if (command === "restart") {
  const next = world.restarted?.[second];
  if (next !== undefined)
    writeFileSync(file, JSON.stringify({ ...world, containers: world.containers.map((one) => (one.Id === second ? next : one)) }));
  print(second);
} else fail("unknown command: " + args.join(" "), 125);
`;

export interface FakeDocker {
  /** What it was asked, one command a line. */
  readonly asked: () => readonly string[];
}

const directories: string[] = [];

/** Puts a \`docker\` of this world first on PATH, until {@link removeFakes}. */
export function fakeDocker(world: World): FakeDocker {
  const directory = emptyPath();
  vi.stubEnv("PATH", `${directory}${delimiter}${process.env["PATH"] ?? ""}`);
  writeFileSync(join(directory, "world.json"), JSON.stringify(world));
  writeFileSync(join(directory, "asked"), "");
  writeFileSync(join(directory, "docker"), `#!${process.execPath}\n${PROGRAM}`, { mode: 0o755 });
  vi.stubEnv("DOCKER_HOST", "");
  return { asked: () => readFileSync(join(directory, "asked"), "utf8").split("\n").slice(0, -1) };
}

/** An empty directory, as a PATH without any program. */
export function emptyPath(): string {
  const directory = mkdtempSync(join(tmpdir(), "atalaya-fake-docker-"));
  directories.push(directory);
  return directory;
}

export function removeFakes(): void {
  vi.unstubAllEnvs();
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
}
