import { TENANT_HEADER } from "../../src/model/headers";
import type { ResourceRecord } from "../../src/model/recording";
import { fields, isFields, text, UNKNOWN } from "./values";

export const DATA_SOURCE = "grafana:oss/dataSource:DataSource";
export const ORGANISATION = "grafana:oss/organization:Organization";

/** The HTTP headers that Grafana sends with a data source's requests, names in lower case. Secret ones have their secret's value. */
export function headersOf({ inputs }: ResourceRecord): readonly (readonly [name: string, value: string])[] {
  const own = Object.entries(fields(inputs["httpHeaders"])).map(
    ([name, value]) => [name.toLowerCase(), text(value) ?? ""] as const,
  );
  // Grafana's own notation: the name in jsonData, the value beside it or in secureJsonData.
  const settings = { ...json(inputs["jsonDataEncoded"]), ...json(inputs["secureJsonDataEncoded"]) };
  const numbered = Object.entries(settings).flatMap(([key, name]) => {
    const number = /^httpHeaderName(\d+)$/.exec(key)?.[1];
    if (number === undefined) return [];
    return [[(text(name) ?? "").toLowerCase(), text(settings[`httpHeaderValue${number}`]) ?? ""] as const];
  });
  return [...own, ...numbered];
}

/** Whether a real engine has yet to say what its headers are: a secret among them hides all. */
export const headersUnknown = ({ inputs }: ResourceRecord): boolean => inputs["httpHeaders"] === UNKNOWN;

/** All values of the tenant header, however its name is written. */
export const tenantHeaders = (source: ResourceRecord): readonly string[] =>
  headersOf(source).flatMap(([name, value]) => (name.trim() === TENANT_HEADER ? [value] : []));

export function json(value: unknown): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text(value) ?? "{}");
    return isFields(parsed) ? parsed : {};
  } catch {
    return {};
  }
}
