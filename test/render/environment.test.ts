import { describe, expect, it } from "vitest";
import type { RenderedFile } from "../../src/model/files";
import type { Tenant } from "../../src/model/tenant";
import { renderEnvironment } from "../../src/render";
import type { RenderInput } from "../../src/render/input";
import { ENVIRONMENT, input, tenant, TENANTS } from "./input";

const contents = (of: RenderInput, choose: (file: RenderedFile) => boolean = () => true) =>
  Object.fromEntries(
    renderEnvironment(of)
      .filter(choose)
      .map(({ path, content }) => [path, content]),
  );
const isShared = ({ owner }: RenderedFile): boolean => "service" in owner;

/** Every leaf below `value`, as a path. */
const leaves = (value: object, path: readonly string[] = []): readonly (readonly string[])[] =>
  Object.entries(value).flatMap(([key, entry]) =>
    typeof entry === "object" && entry !== null ? leaves(entry as object, [...path, key]) : [[...path, key]],
  );

/** The same value with the number at `path` changed to one that is as valid. */
function changed<T>(value: T, [key, ...rest]: readonly string[]): T {
  if (key === undefined) return ((value as number) < 1 ? (value as number) / 2 : (value as number) * 2) as T;
  return { ...value, [key]: changed((value as Record<string, unknown>)[key], rest) };
}

describe("renderEnvironment", () => {
  it("renders these files, sorted by path", () => {
    const files = renderEnvironment(input()).filter(({ path }) => !path.startsWith("envoy/"));
    expect(files.map(({ path, kind, target }) => `${kind} ${path} -> ${target}`)).toEqual([
      "static alloy/agents/agent-co.alloy -> /etc/atalaya/agent-co/config.alloy",
      "static alloy/agents/agent-mx.alloy -> /etc/atalaya/agent-mx/config.alloy",
      "static alloy/agents/agent-pe.alloy -> /etc/atalaya/agent-pe/config.alloy",
      "static alloy/gateway.alloy -> /etc/atalaya/alloy-gateway/config.alloy",
      "live auth/live/tenants.json -> /var/lib/atalaya/auth/live/tenants.json",
      "static grafana/grafana.ini -> /etc/atalaya/grafana/grafana.ini",
      "live loki/live/overrides.yaml -> /var/lib/atalaya/loki/live/overrides.yaml",
      "static loki/loki.yaml -> /etc/atalaya/loki/loki.yaml",
      "live mimir/live/overrides.yaml -> /var/lib/atalaya/mimir/live/overrides.yaml",
      "static mimir/mimir.yaml -> /etc/atalaya/mimir/mimir.yaml",
      "static postgres/pg_hba.conf -> /etc/atalaya/postgres/pg_hba.conf",
      "static postgres/postgresql.conf -> /etc/atalaya/postgres/postgresql.conf",
      "static redis/redis.conf -> /etc/atalaya/redis/redis.conf",
      "live tempo/live/overrides.yaml -> /var/lib/atalaya/tempo/live/overrides.yaml",
      "static tempo/tempo.yaml -> /etc/atalaya/tempo/tempo.yaml",
    ]);
  });

  it("gives equal bytes for equal input, whatever the order of its keys", () => {
    const { environment, tenants, topology } = input();
    const reversed = Object.fromEntries(
      Object.entries(environment).reverse(),
    ) as unknown as typeof environment;
    expect(contents({ topology, tenants, environment: reversed })).toEqual(contents(input()));
  });

  it("does not change a shared process's static files when tenants come, go or change", () => {
    const isStatic = (file: RenderedFile) => isShared(file) && file.kind === "static";
    const doubled = (of: Tenant): Tenant => ({ ...of, limits: changed(of.limits, ["metrics", "samples"]) });
    const others = [
      [],
      [tenant("zz")],
      TENANTS.map(doubled),
      [...TENANTS, tenant("ar", { state: "suspended" })],
    ];
    for (const tenants of others)
      expect(contents(input(tenants), isStatic)).toEqual(contents(input(), isStatic));
  });

  it("names no tenant in a static file of a shared process", () => {
    const named = [tenant("quetzal", { name: "Quetzal SA" })];
    for (const [path, content] of Object.entries(
      contents(input(named), (file) => file.kind === "static" && isShared(file)),
    ))
      expect(content, path).not.toMatch(/quetzal/i);
  });

  it("touches no other tenant's agent when one changes", () => {
    const [co, mx, pe] = TENANTS as readonly [Tenant, Tenant, Tenant];
    const before = contents(input());
    const after = contents(input([co, { ...mx, sampling: changed(mx.sampling, ["keep"]) }, pe]));
    const different = Object.keys(before).filter((path) => before[path] !== after[path]);
    expect(different).toEqual(["alloy/agents/agent-mx.alloy"]);
  });

  it("still renders a suspended tenant's limits, retention, directory entry and agents", () => {
    const files = contents(input());
    for (const path of ["mimir", "loki", "tempo"].map((of) => `${of}/live/overrides.yaml`))
      expect(files[path], path).toContain("\n  tenant-pe:\n");
    expect(JSON.parse(files["auth/live/tenants.json"] ?? "")).toMatchObject({
      tenants: [{ id: "co" }, { id: "mx" }, { id: "pe", state: "suspended" }],
    });
    expect(files["alloy/agents/agent-pe.alloy"]).toBe(
      files["alloy/agents/agent-mx.alloy"]?.replaceAll("agent-mx", "agent-pe"),
    );
  });

  it("writes no file twice", () => {
    expect(() => renderEnvironment(input([tenant("mx"), tenant("mx")]))).toThrow(
      "render: two files are called alloy/agents/agent-mx.alloy",
    );
  });
});

describe("every limit reaches a file", () => {
  const [, mx] = TENANTS as readonly [Tenant, Tenant];
  const before = contents(input([mx]));
  const differing = (after: Tenant, environment = ENVIRONMENT) => {
    const files = contents(input([after], environment));
    return Object.keys(files).filter((path) => files[path] !== before[path]);
  };
  const SIGNAL_FILES: Readonly<Record<string, string>> = {
    edge: "envoy/live/tenant-limits.yaml",
    metrics: "mimir/live/overrides.yaml",
    logs: "loki/live/overrides.yaml",
    traces: "tempo/live/overrides.yaml",
  };
  it.each(leaves(mx.limits).map((path) => [path.join("."), path] as const))("limits.%s", (_, path) => {
    expect(differing({ ...mx, limits: changed(mx.limits, path) })).toContain(SIGNAL_FILES[path[0] ?? ""]);
  });

  it.each(leaves(mx.retention).map((path) => [path.join("."), path] as const))("retention.%s", (_, path) => {
    expect(differing({ ...mx, retention: changed(mx.retention, path) })).toEqual([
      SIGNAL_FILES[path[0] ?? ""],
    ]);
  });

  it.each(leaves(mx.sampling).map((path) => [path.join("."), path] as const))("sampling.%s", (_, path) => {
    expect(differing({ ...mx, sampling: changed(mx.sampling, path) })).toEqual([
      "alloy/agents/agent-mx.alloy",
    ]);
  });

  it.each([
    ["redis", "redis/redis.conf"],
    ["postgres", "postgres/postgresql.conf"],
    ["alloy-gateway", "alloy/gateway.alloy"],
    ["agent", "alloy/agents/agent-mx.alloy"],
  ])("sizes.%s.memory", (service, path) => {
    const environment = { ...ENVIRONMENT, sizes: changed(ENVIRONMENT.sizes, [service, "memory"]) };
    expect(differing(mx, environment)).toContain(path);
  });
});
