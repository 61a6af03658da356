import Table from "cli-table3";
import type { Spread } from "../auth/statistics";
import type { Law, Rendered } from "./files";
import { growth } from "./growth";
import type { Live } from "./live";
import type { Whole } from "./whole";

/** What a ConfigMap of Kubernetes holds. Bytes. */
const CONFIG_MAP = 1024 ** 2;
/** Of the files that do not grow. */
const SHOWN = 6;
/** What is measured on a busy machine is steeper now and then. */
const MEASURED = 1.5;

const table = (head: readonly string[], left = 1): Table.Table =>
  new Table({
    head: [...head],
    colAligns: head.map((_, index) => (index < left ? "left" : "right")),
    style: { head: [], border: [] },
  });
const kib = (bytes: number): string => `${(bytes / 1_024).toFixed(bytes < 102_400 ? 1 : 0)} KiB`;
const mib = (bytes: number): string => `${(bytes / 1024 ** 2).toFixed(0)} MiB`;
const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
const range = ({ min, median: middle, max }: Spread): string =>
  [min, middle, max].map((value) => `${Math.round(value)}`).join(" / ");

export function filesText(all: readonly Rendered[], laws: readonly Law[]): string {
  const sizes = table([
    "tenants",
    "read the list",
    "render all",
    "all shared files",
    "largest of them",
    "agents' files",
  ]);
  for (const { tenants, read, render, files, agents } of all) {
    const shared = Object.entries(files).filter(([path]) => !path.includes("<"));
    const [path, size] = shared.reduce<readonly [string, number]>(
      (most, one) => (one[1] > most[1] ? one : most),
      ["", 0],
    );
    sizes.push([
      ...[`${tenants}`, ms(read), ms(render), kib(shared.reduce((sum, [, one]) => sum + one, 0))],
      ...[`${path} ${kib(size)}`, `${agents.count}, ${kib(agents.bytes)}`],
    ]);
  }
  const growing = table(["file", "kind", "largest", "growth", "a tenant", "steeper", "1 MiB at"], 2);
  const flat = laws.filter(({ law }) => law === "constant");
  for (const { path, kind, bytes, law, perTenant, steeper } of laws) {
    if (law === "constant") continue;
    const full = perTenant > 0 ? Math.floor(CONFIG_MAP / perTenant) : Infinity;
    growing.push([
      path,
      kind,
      kib(bytes),
      law,
      `${Math.round(perTenant)} B`,
      `${steeper.toFixed(2)}x`,
      `${full} tenants`,
    ]);
  }
  const largest = [...flat].sort((a, b) => b.bytes - a.bytes).slice(0, SHOWN);
  const named = largest.map(({ path, bytes }) => `${path} ${kib(bytes)}`).join(", ");
  return `${sizes.toString()}\n${growing.toString()}\n${flat.length} files do not grow, the largest: ${named}\n`;
}

export function liveText(all: readonly Live[], whole: Whole | undefined): string {
  const memory = table([
    "tenants",
    "Envoy started",
    "after all worked",
    "auth service started",
    "after all worked",
  ]);
  const times = table([
    "tenants",
    "token accepted after ms\nmin / median / max",
    "key accepted after ms\nmin / median / max",
    "CPU ms, Envoy",
    "CPU ms, auth",
    "render",
  ]);
  for (const { tenants, envoy, auth, token, key, cpu, render } of all) {
    memory.push([`${tenants}`, mib(envoy.started), mib(envoy.warm), mib(auth.started), mib(auth.warm)]);
    times.push([
      ...[`${tenants}`, range(token), range(key), range(cpu.envoy), range(cpu.auth), ms(render.median)],
    ]);
  }
  const lines = [memory.toString(), times.toString(), ...laws(all)];
  if (whole !== undefined)
    lines.push(
      `one tenant more in the whole lab (${whole.tenants} then): ${ms(whole.applied)} to apply, with its client in Keycloak, ` +
        `and ${ms(whole.wrote)} until its agent has a token and its first item is stored`,
    );
  return `${lines.join("\n")}\n`;
}

function laws(all: readonly Live[]): readonly string[] {
  if (all.length < 3) return [];
  const line = (what: string, unit: string, value: (one: Live) => number): string => {
    const { law, perTenant, steeper } = growth(
      all.map((one) => [one.tenants, value(one)] as const),
      MEASURED,
    );
    return `${what}: ${law}, ${perTenant.toFixed(2)} ${unit} a tenant (${steeper.toFixed(2)}x as steep at the end)`;
  };
  return [
    line("memory of Envoy", "KiB", ({ envoy }) => envoy.warm / 1_024),
    line("memory of the auth service", "KiB", ({ auth }) => auth.warm / 1_024),
    line("CPU of Envoy for one addition", "ms", ({ cpu }) => cpu.envoy.median),
    line("CPU of the auth service for one addition", "ms", ({ cpu }) => cpu.auth.median),
  ];
}
