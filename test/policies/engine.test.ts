import { beforeAll, describe, expect, it } from "vitest";
import { plainCopy, recordingOf, type EngineResource } from "../../policies/engine";
import { evaluate, RULES } from "../../policies/rules";
import { isFields, UNKNOWN } from "../../policies/rules/values";
import type { Recording, ResourceRecord } from "../../src/model/recording";
import { recordShipped } from "./environment";
import { MUTATIONS } from "./mutations";

const engine = (urn: string, rest: Partial<EngineResource> = {}): EngineResource => ({
  urn,
  type: urn.split("::")[2]?.split("$").at(-1) ?? "",
  name: urn.split("::")[3] ?? "",
  props: {},
  opts: { protect: false },
  dependencies: [],
  propertyDependencies: {},
  ...rest,
});
const STACK = "urn:pulumi:dev::atalaya::pulumi:pulumi:Stack::atalaya-dev";
const TENANT = "urn:pulumi:dev::atalaya::atalaya:tenant:Tenant::mx";
const USER = "urn:pulumi:dev::atalaya::atalaya:tenant:Tenant$keycloak:index/user:User::mx-viewer";
const PROVIDER = "urn:pulumi:dev::atalaya::pulumi:providers:keycloak::keycloak";

/** As @pulumi/policy hands properties over: reading an unknown one throws. */
const unknown = <T extends object>(target: T, ...keys: readonly string[]): T =>
  new Proxy(target, {
    get: (object, key) => {
      if (keys.includes(String(key))) throw new Error("can't be known during preview");
      return Reflect.get(object, key) as unknown;
    },
  });

describe("an engine's resources", () => {
  it("become a recording with everything that rules ask for", () => {
    expect(
      recordingOf([
        engine(USER, {
          props: { username: "mx-viewer", groups: ["a"] },
          opts: { protect: true, parent: "ignored" },
          parent: { urn: TENANT },
          provider: { urn: PROVIDER },
          dependencies: [{ urn: TENANT }],
          propertyDependencies: { realmId: [{ urn: STACK }, { urn: TENANT }] },
        }),
        engine(TENANT, { opts: { protect: false, parent: STACK } }),
        engine(STACK, { props: { grafanaUrl: "http://localhost", admin: { password: "abc" } } }),
      ]),
    ).toEqual({
      project: "atalaya",
      stack: "dev",
      resources: [
        {
          urn: USER,
          type: "keycloak:index/user:User",
          name: "mx-viewer",
          custom: true,
          parent: TENANT,
          inputs: { username: "mx-viewer", groups: ["a"] },
          protect: true,
          dependsOn: [STACK, TENANT].sort(),
          provider: PROVIDER,
        },
        {
          urn: TENANT,
          type: "atalaya:tenant:Tenant",
          name: "mx",
          custom: false,
          parent: STACK,
          inputs: {},
          protect: false,
          dependsOn: [],
        },
        {
          urn: STACK,
          type: "pulumi:pulumi:Stack",
          name: "atalaya-dev",
          custom: false,
          inputs: { grafanaUrl: "http://localhost", admin: { password: "abc" } },
          protect: false,
          dependsOn: [],
        },
      ],
      outputs: { grafanaUrl: "http://localhost", admin: { password: "abc" } },
      secretOutputs: ["admin", "grafanaUrl"],
    });
  });

  it("say where something is not known yet, at any depth", () => {
    const props = {
      password: "x",
      initialPassword: unknown({ value: "x", temporary: false }, "value"),
      groupIds: unknown(["a", "b"], "1"),
    };
    expect(recordingOf([engine(USER, { props: unknown(props, "password") })]).resources[0]?.inputs).toEqual({
      password: UNKNOWN,
      initialPassword: { value: UNKNOWN, temporary: false },
      groupIds: ["a", UNKNOWN],
    });
  });

  it("may be none", () => {
    expect(recordingOf([])).toEqual({
      project: "",
      stack: "",
      resources: [],
      outputs: {},
      secretOutputs: [],
    });
  });
});

/** A value as an engine knows it before the first update: secrets hide what they are in, and nothing that a server makes is known. */
function early(value: unknown, path: string, secrets: readonly string[]): unknown {
  if (secrets.includes(path) || (typeof value === "string" && value.includes("preview:"))) return UNKNOWN;
  if (Array.isArray(value)) return value.map((entry, index) => early(entry, `${path}[${index}]`, secrets));
  if (!isFields(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [
      key,
      early(entry, path === "" ? key : `${path}.${key}`, secrets),
    ]),
  );
}

/**
 * The same environment as an engine's first preview shows it (seen with CLI 3.200): what becomes of a resource is not known where
 * its provider's own password is not known yet, what it was given is.
 */
function firstPreview({ resources }: Recording): Recording {
  const given = new Map(
    resources.map(({ urn, inputs, secrets = [] }) => [
      urn,
      early(inputs, "", secrets) as ResourceRecord["inputs"],
    ]),
  );
  const silent = /^(keycloak|grafana):/;
  return recordingOf(
    resources.map((resource) =>
      engine(resource.urn, {
        name: resource.name,
        type: resource.type,
        props: silent.test(resource.type) ? {} : (given.get(resource.urn) ?? {}),
        opts: {
          protect: resource.protect,
          ...(resource.parent !== undefined && { parent: resource.parent }),
        },
        ...(resource.provider !== undefined && { provider: { urn: resource.provider } }),
        dependencies: resource.dependsOn.map((urn) => ({ urn })),
      }),
    ),
    given,
  );
}

/** What only the offline preview shows, and the update itself. */
const UNSEEN: Readonly<Record<string, readonly string[]>> = {
  "no-shared-credential": ["two tenants' data sources have one key"],
  "no-shared-data-source": ["a data source names two tenants", "a data source's header is swapped"],
  "one-list-of-tenants": [
    "one key is declared for two tenants",
    "a tenant's key reads another tenant",
    "a data source's key may write",
  ],
  "providers-wait-for-their-servers": ["Grafana's address is not known before it runs"],
  "secrets-stay-secret": [
    "a password is an ordinary variable",
    "a stack output shows a password",
    "a user's password is written down",
  ],
  "stores-ask-for-passwords": ["Redis knows everybody"],
};

describe("an engine's first preview of the shipped environment", () => {
  let shipped: Recording;
  beforeAll(async () => {
    shipped = await recordShipped();
  });

  it("passes every rule", () => {
    expect(evaluate(firstPreview(shipped))).toEqual({
      passed: RULES.map(({ name }) => name).sort(),
      violations: [],
    });
  });

  it.each(RULES)("shows every deliberate break of $name but those that need a secret's value", (rule) => {
    const unseen = (MUTATIONS[rule.name] ?? [])
      .filter(({ apply }) => evaluate(firstPreview(apply(shipped)), [rule]).passed.length > 0)
      .map(({ what }) => what);
    expect(unseen).toEqual(UNSEEN[rule.name] ?? []);
  });

  it("falls back to what became of a resource that was not seen on its way", () => {
    const [record] = recordingOf([engine(USER, { props: { username: "a" } })]).resources;
    expect(record?.inputs).toEqual({ username: "a" });
    const given = new Map([[USER, plainCopy({ username: "b" })]]);
    expect(recordingOf([engine(USER, { props: { username: "a" } })], given).resources[0]?.inputs).toEqual({
      username: "b",
    });
  });
});
