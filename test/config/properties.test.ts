import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { parseStack, parseTenantList, tenantsOf } from "../../src/config";
import { idSkeleton, nameSkeleton } from "../../src/config/lookalikes";
import { RESERVED_TENANT_IDS, TENANT_ID } from "../../src/model/names";
import { problemsOf, STACK } from "./helpers";

const parse = (text: string): void => {
  parseTenantList(text, "tenants.yaml");
};

/** Values in the shape of a list, most of them wrong somewhere. */
const scalar = fc.oneof(
  fc.string(),
  fc.constantFrom(
    "mx",
    "no",
    "30d",
    "5MiB",
    "1000/s",
    "20%",
    "gold",
    "agent-mx",
    "__proto__",
    "active",
    "0s",
  ),
  fc.integer(),
  fc.double({ noNaN: true }),
  fc.boolean(),
  fc.constant(null),
);
const key = fc.constantFrom(
  "tenants", "plans", "retired", "id", "name", "plan", "extends", "limits", "metrics", "samples", "burst", "logs",
  "retention", "application", "sampling", "keep", "agents", "services", "scopes", "contacts", "slack", "email",
  "environments", "gold", "constructor", "toString", "x",
); // prettier-ignore
const { value: anything } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    scalar,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(key, tie("value"), { maxKeys: 5 }),
  ),
}));
const listLike = fc.record({
  tenants: fc.oneof(anything, fc.array(fc.dictionary(key, anything, { maxKeys: 8 }), { maxLength: 5 })),
  plans: fc.oneof(anything, fc.dictionary(key, anything)),
});

/** Either fine or a ConfigError with at least one problem that has a position inside the file and both sentences. */
function isTold(text: string): void {
  const lines = text.split("\n").length;
  for (const problem of problemsOf(() => {
    parse(text);
  })) {
    expect(problem).toMatch(/^tenants\.yaml(:\d+:\d+)?: .+\. .+[.?]$/su);
    if (!/undefined|object|nan/iu.test(text)) expect(problem).not.toMatch(/undefined|\[object|NaN/u);
    expect(Number(/^tenants\.yaml:(\d+)/u.exec(problem)?.[1] ?? 1)).toBeLessThanOrEqual(lines);
    // One line, and nothing that a terminal obeys.
    expect(problem).not.toMatch(/[\p{Cc}\u{200B}-\u{200F}\u{202A}-\u{202E}]/u);
  }
}

describe("whatever is read", () => {
  it("any text is a list or a ConfigError", () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.string({ unit: "binary", maxLength: 200 })), isTold), {
      numRuns: 500,
    });
  });
  it("any YAML", () => {
    fc.assert(
      fc.property(fc.oneof(anything, listLike), (value) => {
        isTold(stringify(value));
      }),
      { numRuns: 300 },
    );
  });
  it("any JSON", () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), listLike), (value) => {
        isTold(JSON.stringify(value));
      }),
      { numRuns: 300 },
    );
  });
  it("any stack configuration", () => {
    const raw = fc.dictionary(
      fc.oneof(fc.string(), fc.constantFrom(...STACK.keys(), "atalaya:publish")),
      fc.oneof(fc.string(), fc.json()),
    );
    fc.assert(
      fc.property(raw, fc.string(), (settings, stack) => {
        problemsOf(() => parseStack(stack, new Map(Object.entries(settings)), "Pulumi.dev.yaml"));
      }),
      { numRuns: 300 },
    );
  });
});

const id = fc.stringMatching(/^[a-z][a-z0-9]{0,5}(-[a-z0-9]{1,4}){0,2}$/).filter((text) => text.length >= 2);
const ids = fc.uniqueArray(id, { minLength: 1, maxLength: 12, selector: idSkeleton });

describe("ids", () => {
  it("of the right form that nobody else has are accepted, and all derived names differ", () => {
    const { environment } = parseStack("dev", STACK, "Pulumi.dev.yaml");
    fc.assert(
      fc.property(ids, (found) => {
        fc.pre(found.every((text) => !RESERVED_TENANT_IDS.includes(text)));
        const text = stringify({
          tenants: found.map((id, index) => ({ id, name: `T${"x".repeat(index)}` })),
        });
        const { tenants } = tenantsOf(parseTenantList(text, "tenants.yaml"), environment);
        expect(tenants.map((tenant) => tenant.id)).toEqual(found.toSorted());
        expect(
          new Set(tenants.flatMap(({ orgId, agents }) => [orgId, ...agents.map((agent) => agent.id)])).size,
        ).toBe(2 * found.length);
      }),
    );
  });
  it("of another form are refused at their place", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        fc.pre(!TENANT_ID.test(text) || text.length < 2);
        const list = JSON.stringify({ tenants: [{ id: text, name: "A" }] });
        expect(
          problemsOf(() => {
            parse(list);
          }).some((line) => line.includes("is not a tenant id")),
        ).toBe(true);
      }),
    );
  });
});

describe("skeletons", () => {
  it("do not change when taken of a changed case, an added dash or a compatibility form", () => {
    fc.assert(
      fc.property(id, (text) => {
        expect(idSkeleton(`${text.slice(0, 1)}-${text.slice(1)}`)).toBe(
          idSkeleton(`${text.slice(0, 1)}-${text.slice(1)}`.toUpperCase()),
        );
        expect(nameSkeleton(text.toUpperCase())).toBe(nameSkeleton(text));
        expect(nameSkeleton(text.normalize("NFKD"))).toBe(nameSkeleton(text));
      }),
    );
  });
});

it("a thousand tenants are read", () => {
  const text = stringify({
    plans: { gold: { limits: { metrics: { samples: "20000/s" } } } },
    tenants: Array.from({ length: 1_000 }, (_, index) => ({
      id: `t${index}`,
      name: `Tenant ${index}`,
      plan: "gold",
    })),
  });
  expect(parseTenantList(text, "tenants.yaml").tenants).toHaveLength(1_000);
});
