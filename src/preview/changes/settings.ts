import { formatMoment, type ClientSecrets } from "../../model/rotation";
import type { ExtraUpstream } from "../../model/upstreams";
import type { Plan, PlannedEnvironment } from "../plan";
import { difference, same } from "./lists";
import { CAPACITY_UNITS, type Unit } from "./quantities";
import type { EnvironmentChange, Setting } from "./types";

interface Value {
  readonly setting: string;
  readonly value: Setting;
  readonly unit?: Unit;
}

/** What is set differently for the environment as a whole, by the setting's name. */
export function settingChanges(before: Plan, after: Plan): readonly EnvironmentChange[] {
  const { gained, lost, both } = difference(
    settings(before.environment),
    settings(after.environment),
    ({ setting }) => setting,
  );
  return [
    ...both
      .filter(([was, is]) => !same(was.value, is.value))
      .map(([was, is]) => ({ ...named(is), from: was.value, to: is.value })),
    ...gained.map((is) => ({ ...named(is), to: is.value })),
    ...lost.map((was) => ({ ...named(was), from: was.value })),
  ].sort((a, b) => (a.setting < b.setting ? -1 : 1));
}

/** Where it leads, and what that takes. */
const upstreamInWords = ({ path, host, port, methods }: ExtraUpstream): string =>
  `${path} leads to ${host}:${port} (${Object.entries(methods)
    .map(([method, scope]) => `${method} needs ${scope}`)
    .join(", ")})`;

const secretSettings = ({ rotateEvery, overlap, leaked }: ClientSecrets): readonly Value[] => [
  { setting: "clientSecrets.rotateEvery", value: rotateEvery, unit: "Seconds" },
  { setting: "clientSecrets.overlap", value: overlap, unit: "Seconds" },
  ...Object.entries(leaked).map(([id, moment]) => ({
    setting: `clientSecrets.leaked.${id}`,
    value: formatMoment(moment),
  })),
];

const named = ({ setting, unit }: Value) => ({ setting, ...(unit !== undefined && { unit }) });

function settings(environment: PlannedEnvironment): readonly Value[] {
  const { capacity, maximumRetention, sizes, ports, identityProviders, upstreams, clientSecrets } =
    environment;
  const group = <T extends object>(name: string, values: T, unit: (key: keyof T) => Unit): readonly Value[] =>
    Object.entries(values).map(([key, value]: [string, Setting]) => ({
      setting: `${name}.${key}`,
      value,
      unit: unit(key as keyof T),
    }));
  const flat = ({ value, ...rest }: Omit<Value, "value"> & { readonly value: Setting | undefined }) =>
    value === undefined ? [] : [{ ...rest, value }];
  return [
    ...flat({ setting: "host", value: environment.host }),
    ...flat({ setting: "domain", value: environment.domain }),
    ...flat({ setting: "publish.address", value: environment.publishAddress }),
    ...Object.entries(ports).map(([port, value]) => ({ setting: `publish.ports.${port}`, value })),
    ...flat({ setting: "debugPorts", value: environment.debugPorts }),
    ...flat({ setting: "imageRegistry", value: environment.imageRegistry }),
    ...flat({ setting: "overCapacity", value: environment.overCapacity }),
    ...flat({ setting: "trustedProxies", value: environment.trustedProxies }),
    ...flat({ setting: "demonstrationUsers", value: environment.demonstrationUsers }),
    ...group("capacity", capacity, (key) => CAPACITY_UNITS[key]),
    ...group("maximumRetention", maximumRetention, () => "Seconds"),
    ...Object.entries(sizes).flatMap(([process, size]) =>
      group(`sizes.${process}`, size, (key) => (key === "memory" ? "Bytes" : "count")),
    ),
    ...upstreams.map((upstream) => ({
      setting: `upstreams.${upstream.name}`,
      value: upstreamInWords(upstream),
    })),
    ...(clientSecrets === undefined ? [] : secretSettings(clientSecrets)),
    ...identityProviders.flatMap(({ alias, ...provider }) =>
      Object.entries(provider).map(([field, value]) => ({
        setting: `identityProviders.${alias}.${field}`,
        value,
      })),
    ),
  ];
}
