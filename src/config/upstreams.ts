import { z } from "zod";
import { SCOPE } from "../model/names";
import { isOwnHost, RESERVED_SEGMENTS, type ExtraUpstream } from "../model/upstreams";
import { listAt, valueAt, type Report } from "./report";
import { orMissing } from "./schema-problems";

const ADDRESS = /^([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?):([1-9][0-9]{0,4})$/u;
const ADDRESS_ERROR = orMissing(
  "is not a host and a port",
  "Write where Envoy reaches it, without a scheme, such as orders:8080.",
);
const address = z
  .string({ error: ADDRESS_ERROR })
  .refine((text) => Number(ADDRESS.exec(text)?.[2] ?? 65_536) <= 65_535, { error: ADDRESS_ERROR })
  .describe("Where Envoy reaches it, by plain HTTP: orders:8080.");

const PATH = /^(\/[a-z0-9]+(-[a-z0-9]+)*)+$/u;
const PATH_ERROR = orMissing(
  "is not a path",
  "Write segments of lower-case letters, digits and dashes, such as /orders.",
);

const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/u;
const NAME_ERROR = orMissing(
  "is not a name",
  "Write 2 to 30 lower-case letters, digits and dashes, such as orders.",
);

const SCOPE_ERROR = orMissing("is not a scope", "Write what, a colon, and how, such as orders:read.");
const scope = z
  .string({ error: SCOPE_ERROR })
  .regex(SCOPE, { error: SCOPE_ERROR })
  .describe("The scope that a service's token needs for this method.");

export const upstreamSchema = z
  .strictObject({
    name: z
      .string({ error: NAME_ERROR })
      .min(2, { error: NAME_ERROR })
      .max(30, { error: NAME_ERROR })
      .regex(NAME, { error: NAME_ERROR })
      .describe("What it is called: orders."),
    address,
    path: z
      .string({ error: PATH_ERROR })
      .regex(PATH, { error: PATH_ERROR })
      .describe("This path and everything below leads there, unchanged."),
    methods: z
      .strictObject({
        GET: scope.optional(),
        POST: scope.optional(),
        PUT: scope.optional(),
        DELETE: scope.optional(),
      })
      .describe("The scope that each method needs. A method without one is refused."),
  })
  .describe("A server of your own that tenants' services call through the edge, with scoped tokens.");

export function upstreamOf({ address: place, ...rest }: z.output<typeof upstreamSchema>): ExtraUpstream {
  const [, host = "", port = ""] = ADDRESS.exec(place) ?? [];
  const methods = Object.fromEntries(
    Object.entries(rest.methods).filter(([, needed]) => needed !== undefined),
  );
  return { ...rest, methods, host, port: Number(port) };
}

/** Names once; paths that lead to one place alone, and not to ours; a method at least. */
export function checkUpstreams(report: Report): void {
  const names = new Set<unknown>();
  const paths: string[] = [];
  for (const [index, upstream] of listAt(report.source.value, ["upstreams"]).entries()) {
    const at = ["upstreams", index];
    const name = valueAt(upstream, ["name"]);
    if (name !== undefined && names.has(name))
      report.add([...at, "name"], "is already the name of another upstream", "Rename one of the two.");
    names.add(name);
    const [, host] = ADDRESS.exec(String(valueAt(upstream, ["address"]))) ?? [];
    if (host !== undefined && isOwnHost(host))
      report.add(
        [...at, "address"],
        "is an address, or the name of something of ours",
        "Write the host name of your own server, such as orders:8080: ours are reached by the edge's own routes alone.",
      );
    const methods = valueAt(upstream, ["methods"]);
    if (typeof methods === "object" && methods !== null && Object.keys(methods).length === 0)
      report.add(
        [...at, "methods"],
        "has no method, so that nobody could call it",
        "Write one with the scope that it needs, such as { GET: orders:read }.",
      );
    const path = valueAt(upstream, ["path"]);
    if (typeof path !== "string" || !PATH.test(path)) continue;
    const [, first = ""] = path.split("/");
    if (RESERVED_SEGMENTS.includes(first))
      report.add(
        [...at, "path"],
        "is among the edge's own paths",
        `Begin it with another segment than ${RESERVED_SEGMENTS.join(", ")}.`,
      );
    const other = paths.find((one) => isBelow(one, path) || isBelow(path, one));
    if (other !== undefined)
      report.add(
        [...at, "path"],
        `meets ${other} of another upstream`,
        "Give the two paths that do not meet.",
      );
    paths.push(path);
  }
}

const isBelow = (path: string, above: string): boolean => path === above || path.startsWith(`${above}/`);
