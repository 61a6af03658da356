import { isIP } from "node:net";
import { formatQuantity, formatStep } from "../quantities";
import type { EnvironmentChange, Setting } from "../types";
import { item, listed, type Item } from "./story";

const PROVIDER = /^identityProviders\.([^.]+)\./;

/** Settings as the stack's file has them; an identity provider that comes or goes is one of them. */
export function environmentItems(settings: readonly EnvironmentChange[]): readonly Item[] {
  const groups = Map.groupBy(settings, ({ setting }) => PROVIDER.exec(setting)?.[1]);
  return [...groups].flatMap(([provider, changes]) =>
    provider === undefined ? changes.map(settingItem) : providerItems(provider, changes),
  );
}

function providerItems(alias: string, changes: readonly EnvironmentChange[]): readonly Item[] {
  if (changes.every(({ from }) => from === undefined)) {
    const issuer = changes.find(({ setting }) => setting.endsWith(".issuer"))?.to;
    return [
      item(`People can log in by ${alias}${issuer === undefined ? "" : ` (${shown(issuer)})`}.`, "warning"),
    ];
  }
  if (changes.every(({ to }) => to === undefined))
    return [item(`Nobody can log in by ${alias} any more.`, "warning")];
  return changes.map(settingItem);
}

/** Settings that are a sentence of their own when they come or go. */
function sentence({ setting, unit, from, to }: EnvironmentChange): string | undefined {
  const [, upstream] = /^upstreams\.(.+)$/.exec(setting) ?? [];
  if (upstream !== undefined && from === undefined)
    return `Tenants' services can call ${upstream} through the edge: ${shown(to)}.`;
  if (upstream !== undefined && to === undefined)
    return `Nobody can call ${upstream} through the edge any more: ${shown(from)} no longer.`;
  if (setting === "clientSecrets.rotateEvery" && from === undefined)
    return `Client secrets of agents and services are renewed every ${shown(to, unit)}; this update renews all of them once, with an overlap.`;
  if (setting === "clientSecrets.rotateEvery" && to === undefined)
    return "Client secrets are renewed no more: the current ones stay, and the ones before end at once.";
  const [, client] = /^clientSecrets\.leaked\.(.+)$/.exec(setting) ?? [];
  if (client !== undefined && to !== undefined)
    return `The client secret of ${client} leaked before ${shown(to)}: what it had then is refused at once, and it gets a new one unless it has one since.`;
  return undefined;
}

function settingItem(change: EnvironmentChange): Item {
  const said = sentence(change);
  if (said !== undefined) return item(said, "warning");
  const { setting, unit, from, to } = change;
  const remark = remarkOn(change);
  const tone = remark === "" ? "plain" : "warning";
  if (typeof from === "number" && typeof to === "number")
    return item(`${setting} ${step(from, to, change)}${remark}`, tone);
  if (from === undefined) return item(`${setting} is set to ${shown(to, unit)}${remark}`, tone);
  if (to === undefined)
    return item(`${setting} is not set any more (was ${shown(from, unit)})${remark}`, tone);
  return item(`${setting} ${shown(from, unit)} -> ${shown(to, unit)}${remark}`, tone);
}

/** Ports are no more or less of anything. */
const step = (from: number, to: number, { unit }: EnvironmentChange): string =>
  unit === undefined ? `${from} -> ${to}` : formatStep(from, to, unit);

function shown(value: Setting | undefined, unit?: EnvironmentChange["unit"]): string {
  if (typeof value === "number" && unit !== undefined) return formatQuantity(value, unit);
  if (Array.isArray(value)) return listed(value as readonly string[]);
  return String(value);
}

const isLoopback = (address: unknown): boolean =>
  typeof address === "string" && (address.startsWith("127.") || address === "::1");

function remarkOn({ setting, from, to }: EnvironmentChange): string {
  if (setting === "publish.address" && isLoopback(from) && !isLoopback(to))
    return typeof to === "string" && isIP(to) !== 0 ? ": other machines can reach it now" : "";
  if (setting === "debugPorts" && to === true) return ": the inner services are published on loopback";
  if (setting === "domain")
    return ": everybody types in other addresses, and the edge gets a new certificate";
  return "";
}
