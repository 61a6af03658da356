import { buildSync } from "esbuild";
import { chmodSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Entry } from "../components/environment";
import { freePort, run, tempDir, type Finished } from "../servers";
import { pulumiBinary } from "./cli";
import { provideAnalyzer } from "./policy-pack";
import { serveStandIns } from "./provider/server";
import type { World } from "./provider/world";
import { CONFIG, listed, PROGRAM_ENVIRONMENT } from "./stack";

const ROOT = join(__dirname, "..", "..");

type Ports = Readonly<Record<"otlpGrpc" | "otlpHttp" | "keycloak" | "grafana", number>>;

/** A clone of the project on a machine with a Docker engine, an own home and the real Pulumi CLI. */
export interface Machine extends AsyncDisposable {
  readonly root: string;
  /** ATALAYA_HOME. */
  readonly home: string;
  readonly ports: Ports;
  /** `npx atalaya <args>`; without a terminal. */
  atalaya(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Finished>;
  list(tenants: readonly Entry[]): void;
  /** Commands that Docker was asked. */
  asked(): readonly string[];
}

/** @param world what its servers have */
export async function machine(world: World, tenants: readonly Entry[]): Promise<Machine> {
  const directory = tempDir();
  const providers = await serveStandIns(world);
  const [root, bin] = [join(directory.path, "clone"), join(directory.path, "bin")];
  const home = join(directory.path, "home", "atalaya");
  const log = join(directory.path, "docker.log");
  cpSync(PROGRAM_ENVIRONMENT()["ATALAYA_ROOT"] ?? "", root, { recursive: true, verbatimSymlinks: true });
  const ports = await clone(root);
  mkdirSync(bin);
  writeFileSync(log, "");
  // Only what runs the program needs it served.
  script(bin, "pulumi", [
    `case "$1" in`,
    `  up | preview) exec "${process.execPath}" "${join(root, "src", "pulumi.cjs")}" "$@" ;;`,
    `esac`,
    `exec "$REAL_PULUMI" "$@"`,
  ]);
  fakeDocker(directory.path, bin, log);
  provideAnalyzer();
  const cli = join(directory.path, "atalaya.cjs");
  bundle("src/cli/main.ts", cli);
  bundle("test/engine/pulumi-with-program.ts", join(root, "src", "pulumi.cjs"));
  const list = (entries: readonly Entry[]): void => {
    writeFileSync(join(root, "tenants.yaml"), listed(entries));
  };
  list(tenants);
  return {
    ...{ root, home, ports, list },
    atalaya: (args, env = {}) =>
      run(process.execPath, ["--stack-trace-limit=0", cli, ...args], {
        cwd: root,
        timeoutMs: 240_000,
        env: {
          PATH: [bin, process.env["PATH"] ?? ""].join(delimiter),
          ...{
            ATALAYA_ROOT: root,
            ATALAYA_HOME: home,
            NODE_PATH: join(ROOT, "node_modules"),
            INIT_CWD: root,
          },
          ...{ PULUMI_HOME: join(directory.path, "pulumi"), PULUMI_DEBUG_PROVIDERS: providers.attach },
          ...{ REAL_PULUMI: pulumiBinary(), DOCKER_HOST: "", CI: "true" },
          ...env,
        },
      }),
    asked: () => readFileSync(log, "utf8").split("\n").filter(Boolean),
    [Symbol.asyncDispose]: async () => {
      await providers[Symbol.asyncDispose]();
      directory.remove();
    },
  };
}

async function clone(root: string): Promise<Ports> {
  // The CLI looks whether it is there.
  for (const file of ["Pulumi.yaml", "src/index.ts"]) cpSync(join(ROOT, file), join(root, file));
  symlinkSync(join(ROOT, "policies"), join(root, "policies"));
  const [otlpGrpc, otlpHttp, keycloak, grafana] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const ports = { otlpGrpc, otlpHttp, keycloak, grafana };
  const config = {
    ...Object.fromEntries(Object.entries(CONFIG).filter(([key]) => key !== "atalaya:identityProviders")),
    "atalaya:capacity": JSON.parse(CONFIG["atalaya:capacity"]) as unknown,
    "atalaya:demonstrationUsers": true,
    "atalaya:publish": { ports },
  };
  writeFileSync(join(root, "Pulumi.dev.yaml"), JSON.stringify({ config }));
  return ports;
}

function script(bin: string, name: string, lines: readonly string[]): void {
  writeFileSync(join(bin, name), ["#!/bin/sh", ...lines, ""].join("\n"));
  chmodSync(join(bin, name), 0o755);
}

const bundle = (entry: string, outfile: string): void => {
  buildSync({
    ...{ absWorkingDir: ROOT, entryPoints: [entry], outfile, bundle: true, packages: "external" },
    ...{ platform: "node", target: "node24", format: "cjs", logLevel: "error" },
  });
};

const ANSWERS: Readonly<Record<string, unknown>> = {
  version: {
    Server: { Version: "28.2.2", ApiVersion: "1.50", Os: "linux", Components: [{ Name: "Engine" }] },
  },
  info: { OperatingSystem: "Debian GNU/Linux 12 (bookworm)", MemTotal: 64 * 1024 ** 3, MemoryLimit: true },
  context: [{ Endpoints: { docker: { Host: "unix:///run/user/1000/docker.sock" } } }],
};

/** A docker command whose engine has nothing yet; NO_DOCKER makes it a silent one. */
function fakeDocker(directory: string, bin: string, log: string): void {
  for (const [name, answer] of Object.entries(ANSWERS))
    writeFileSync(join(directory, `docker-${name}.json`), `${JSON.stringify(answer)}\n`);
  script(bin, "docker", [
    `echo "$*" >> "${log}"`,
    `if [ -n "$NO_DOCKER" ] && [ "$1" != context ]; then`,
    `  echo "Cannot connect to the Docker daemon. Is the docker daemon running?" >&2; exit 1`,
    `fi`,
    // What somebody else does while this is asked.
    `if [ "$1" = system ] && [ -n "$MEANWHILE" ]; then sh -c "$MEANWHILE"; fi`,
    `if [ -f "${directory}/docker-$1.json" ]; then cat "${directory}/docker-$1.json"; fi`,
  ]);
}
