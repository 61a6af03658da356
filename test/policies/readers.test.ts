import { describe, expect, it } from "vitest";
import { isLoopback, isOneAddress } from "../../policies/rules/addresses";
import { parseAlloy } from "../../policies/rules/alloy";
import { SECRET_MARKER } from "../../policies/rules/credentials";
import { graphOf } from "../../policies/rules/graph";
import { isSecretPath, leaves, UNKNOWN } from "../../policies/rules/values";
import { SECRET_MARKER as RECORDED_SECRET } from "../../src/preview/markers";
import { UNKNOWN as RECORDED_UNKNOWN } from "../../src/preview/wire";
import { recording, resource } from "./builder";

describe("the Alloy reader", () => {
  it("reads blocks, labels, attributes, lists, objects and calls", () => {
    const text = `
      // { not a block
      a.b "label" {
        text   = "a \\"quoted\\" } brace"
        number = 5
        flag   = true
        list   = [x.y.z, "two",]
        object = { key = "value", other = 2 }
        call   = sys.env("A") + "b"
        index  = json_path(x.content, ".a")[0]
        raw    = \`{ raw }\`
        /* { */
        inner { on = true }
        empty { }
      }`;
    expect(parseAlloy(text)).toEqual([
      {
        name: "a.b",
        label: "label",
        attributes: {
          text: '"a \\"quoted\\" } brace"',
          number: "5",
          flag: "true",
          list: '[ x.y.z , "two" , ]',
          object: '{ key = "value" , other = 2 }',
          call: 'sys.env ( "A" ) + "b"',
          index: 'json_path ( x.content , ".a" ) [ 0 ]',
          raw: "{ raw }",
        },
        blocks: [
          { name: "inner", label: undefined, attributes: { on: "true" }, blocks: [] },
          { name: "empty", label: undefined, attributes: {}, blocks: [] },
        ],
      },
    ]);
  });

  it.each(["a {", "a }", "a b c", '"unclosed', "a { x = [1 }"])("refuses %j", (text) => {
    expect(() => parseAlloy(text)).toThrow(/Alloy configuration/);
  });
});

describe("the graph", () => {
  it("ends in circles too", () => {
    const [a, b] = ["a", "b"].map((name) => resource("x:y:Z", name));
    if (a === undefined || b === undefined) throw new Error("no resources");
    const circle = [
      { ...a, dependsOn: [b.urn], parent: b.urn },
      { ...b, dependsOn: [a.urn], parent: a.urn },
    ];
    const graph = graphOf(recording(circle));
    expect(graph.waitsFor(a, a.urn)).toBe(true);
    expect(graph.ancestors({ ...a, parent: b.urn })).toHaveLength(2);
    expect([...graph.waitersOf(a.urn)].sort()).toEqual([a.urn, b.urn]);
  });

  it("knows what is below, at any depth", () => {
    const top = resource("atalaya:a:A", "top");
    const middle = resource("atalaya:b:B", "middle", {}, { parent: top });
    const low = resource("x:y:Z", "low", {}, { parent: middle });
    const graph = graphOf(recording([low, middle, top]));
    expect(graph.descendants(top.urn).map(({ name }) => name)).toEqual(["middle", "low"]);
    expect(graph.ancestors(low).map(({ name }) => name)).toEqual(["middle", "top"]);
  });
});

describe("values", () => {
  it("names paths as recordings do", () => {
    expect([...leaves({ a: [{ b: 1 }], "c.d": { e: null } })].map(({ path }) => path)).toEqual([
      "a[0].b",
      '["c.d"].e',
    ]);
    expect(isSecretPath("a[0].b", ["a"])).toBe(true);
    expect(isSecretPath("ab", ["a"])).toBe(false);
  });

  it("marks the unknown and secrets as the offline preview does", () => {
    expect([UNKNOWN, SECRET_MARKER]).toEqual([RECORDED_UNKNOWN, RECORDED_SECRET]);
  });

  it.each(["127.0.0.1", "127.255.0.1", "::1", "::ffff:127.0.0.1"])("knows loopback: %s", (ip) => {
    expect([isLoopback(ip), isOneAddress(ip)]).toEqual([true, true]);
  });

  it.each(["0.0.0.0", "::", "::0", "", "localhost", "127.1", "2130706433", "127.0.0.1 "])(
    "is not fooled by %j",
    (ip) => {
      expect([isLoopback(ip), isOneAddress(ip)]).toEqual([false, false]);
    },
  );
});
