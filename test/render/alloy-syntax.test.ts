import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { attr, attrs, block, call, index, ref, toAlloy } from "../../src/render/alloy/syntax";
import type { Body, Value } from "../../src/render/alloy/syntax";
import { body, dotted, literal, name, number, text } from "./alloy-arbitraries";

/** A body's lines, without the header. */
const lines = (of: Body): readonly string[] => toAlloy(of, "").slice(0, -1).split("\n");
/** How a value is printed. */
const printed = (value: Value): string => toAlloy([attr("x", value)], "").slice("x = ".length, -1);
const message = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return (error as Error).message;
  }
  return "nothing thrown";
};

describe("layout", () => {
  it("prints a document with its header, as alloy fmt would", () => {
    const exporter = block("otelcol.exporter.otlphttp", "mimir", [
      block("client", [
        attrs({ endpoint: call("sys.env", "ENDPOINT"), auth: ref("otelcol.auth.headers.tenant.handler") }),
        block("tls", attrs({ insecure: false, ca_file: undefined })),
      ]),
    ]);
    const receiver = block("otelcol.receiver.otlp", "in", [
      block("grpc", attrs({ endpoint: "127.0.0.1:4317", include_metadata: true })),
      block("output", attrs({ metrics: [ref(exporter, "input")], logs: [] })),
    ]);
    expect(toAlloy([block("logging", attrs({ level: "info", format: "json" })), receiver, exporter])).toBe(
      `// Rendered by Atalaya from the tenant list. Changes made here are lost.

logging {
	level  = "info"
	format = "json"
}

otelcol.receiver.otlp "in" {
	grpc {
		endpoint         = "127.0.0.1:4317"
		include_metadata = true
	}

	output {
		metrics = [otelcol.exporter.otlphttp.mimir.input]
		logs    = []
	}
}

otelcol.exporter.otlphttp "mimir" {
	client {
		endpoint = sys.env("ENDPOINT")
		auth     = otelcol.auth.headers.tenant.handler

		tls {
			insecure = false
		}
	}
}
`,
    );
  });

  it("aligns = up to and with a value of several lines, and starts anew after it", () => {
    expect(lines(attrs({ a: 1, bbb: { c: 1 }, dd: 2, eeeee: 3 }))).toEqual([
      "a   = 1",
      "bbb = {",
      "\tc = 1,",
      "}",
      "dd    = 2",
      "eeeee = 3",
    ]);
    expect(printed({ a: 1, bbb: ["x".repeat(90)], dd: {}, eeeee: 3 }).split("\n")).toEqual([
      "{",
      "\ta   = 1,",
      "\tbbb = [",
      `\t\t"${"x".repeat(90)}",`,
      "\t],",
      "\tdd    = {},",
      "\teeeee = 3,",
      "}",
    ]);
  });

  it("puts a blank line around each block, empty or not", () => {
    expect(
      lines([
        attr("a", 1),
        block("b", []),
        block("b", []),
        attr("cc", 2),
        attr("d", 3),
        block("e", [attr("f", 4)]),
      ]),
    ).toEqual(["a = 1", "", "b { }", "", "b { }", "", "cc = 2", "d  = 3", "", "e {", "\tf = 4", "}"]);
  });

  it("keeps lists of up to 80 characters on their line", () => {
    expect(printed(["x".repeat(76)])).toBe(`["${"x".repeat(76)}"]`);
    expect(printed(["x".repeat(77), 1])).toBe(`[\n\t"${"x".repeat(77)}",\n\t1,\n]`);
    expect(printed([{ a: [] }, []])).toBe("[\n\t{\n\t\ta = [],\n\t},\n\t[],\n]");
  });

  it("prints references, calls and indexes", () => {
    expect(printed(ref("local.file.key", "content"))).toBe("local.file.key.content");
    expect(printed(ref(block("logging", []), "x"))).toBe("logging.x");
    expect(printed(call("convert.nonsensitive", call("sys.env", "KEY")))).toBe(
      'convert.nonsensitive(sys.env("KEY"))',
    );
    expect(printed(index(index(call("json_path", ref("local.file.x.content"), "$.a"), 0), "b-c"))).toBe(
      'json_path(local.file.x.content, "$.a")[0]["b-c"]',
    );
    expect(printed(call("encoding.to_json", { a: 1 }, 2))).toBe("encoding.to_json({\n\ta = 1,\n}, 2)");
  });

  it("sorts the keys of objects, keeps the order of attributes, quotes keys that are no identifiers", () => {
    expect(printed({ b: 1, "a-b": 2, true: 3, 1: 4 })).toBe(
      '{\n\t"1"    = 4,\n\t"a-b"  = 2,\n\tb      = 1,\n\t"true" = 3,\n}',
    );
    expect(lines(attrs({ b: 1, a: 2 }))).toEqual(["b = 1", "a = 2"]);
  });

  it("flattens lists of statements and leaves out what is absent", () => {
    expect(lines([[attr("a", 1), [false, [attr("b", 2)]]], undefined, attrs({ c: undefined })])).toEqual([
      "a = 1",
      "b = 2",
    ]);
  });

  it("ends every document with one line break", () => {
    expect(toAlloy([], "")).toBe("\n");
    expect(toAlloy([], "one\n\ntwo")).toBe("// one\n//\n// two\n");
    expect(toAlloy([block("a", [])], "one")).toBe("// one\n\na { }\n");
  });
});

describe("literals", () => {
  it("escapes what cannot be seen and nothing else", () => {
    expect(printed("a\"\\/`'$é🧭")).toBe('"a\\"\\\\/`\'$é🧭"');
    expect(printed("\n\r\t\v\f\b\0\u007f\u0085")).toBe(
      '"\\n\\r\\t\\u000b\\u000c\\u0008\\u0000\\u007f\\u0085"',
    );
    expect(printed("\ufeff\u202e\u200b\u2028\u00a0\ue000\u{f0000}\u{e0001}")).toBe(
      '"\\ufeff\\u202e\\u200b\\u2028\\u00a0\\ue000\\U000f0000\\U000e0001"',
    );
  });

  it.each([
    [0, "0"],
    [-0, "0"],
    [-1, "-1"],
    [0.1, "0.1"],
    [1e-7, "1e-7"],
    [2 ** 53 - 1, "9007199254740991"],
    [2 ** 53, "9.007199254740992e+15"],
    [-1e19, "-1e+19"],
    [Number.MAX_VALUE, "1.7976931348623157e+308"],
    [Number.MIN_VALUE, "5e-324"],
  ])("prints %d as %s", (value, expected) => {
    expect(printed(value)).toBe(expected);
  });

  it("round-trips any text through an independent reader, on one line", () => {
    fc.assert(
      fc.property(text, (value) => {
        const out = printed(value);
        expect(out).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
        expect(read(out)).toBe(value);
      }),
      { numRuns: 2000 },
    );
  });

  it("refuses exactly the text that UTF-8 cannot hold", () => {
    const units = fc.array(
      fc.oneof(fc.integer({ min: 0xd700, max: 0xe0ff }), fc.integer({ min: 0, max: 0xffff })),
    );
    fc.assert(
      fc.property(units, (codes) => {
        const value = String.fromCharCode(...codes);
        if (value.isWellFormed()) expect(read(printed(value))).toBe(value);
        else expect(() => printed(value)).toThrow("alloy: x holds a lone surrogate");
      }),
      { numRuns: 1000 },
    );
  });

  it("round-trips any finite number", () => {
    fc.assert(
      fc.property(number, (value) => {
        expect(read(printed(value))).toBe(value + 0);
      }),
      { numRuns: 2000 },
    );
  });

  it("round-trips nested values, and is pure", () => {
    fc.assert(
      fc.property(literal, (value) => {
        const before = JSON.stringify(value);
        expect(plain(read(printed(value)))).toEqual(plain(value));
        expect(JSON.stringify(value)).toBe(before);
      }),
      { numRuns: 500 },
    );
  });

  it("survives depth", () => {
    let deep: Value = "end";
    for (let level = 0; level < 200; level += 1) deep = level % 2 === 0 ? [deep] : { a: deep };
    expect(read(printed(deep))).toEqual(deep);
  });

  it("prints a reference as its own path", () => {
    fc.assert(
      fc.property(dotted, (path) => {
        expect(printed(ref(path))).toBe(path);
      }),
    );
  });
});

describe("any document", () => {
  it("has no trailing blanks, no two blank lines, tabs only to indent, and equal bytes for equal input", () => {
    fc.assert(
      fc.property(body, (of) => {
        const out = toAlloy(of);
        expect(toAlloy(of)).toBe(out);
        expect(out).not.toMatch(/[ \t]$|\n\n\n|\n\n$|[^\t\n]\t/m);
        expect(out.endsWith("\n")).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe("refusals", () => {
  const NOT =
    "must be an identifier: ASCII letters, digits and _ (no dash), not starting with a digit, and not true, false or null";

  it.each<[string, () => unknown, string]>([
    ["a label with a dash", () => block("a.b", "pe-mx", []), `alloy: label of block a.b "pe-mx" ${NOT}`],
    ["an empty label", () => block("a", "", []), `alloy: label of block a "" ${NOT}`],
    ["a keyword as a label", () => block("a", "null", []), `alloy: label of block a "null" ${NOT}`],
    ["a part of a block's name", () => block("a.1b", []), `alloy: block name "a.1b": part "1b" ${NOT}`],
    ["a dotted attribute", () => attr("a.b", 1), `alloy: attribute name "a.b" ${NOT}`],
    ["a line break behind a name", () => attr("a\n", 1), `alloy: attribute name "a\\n" ${NOT}`],
    ["an injected statement", () => ref("a\nb = 1"), `alloy: reference "a\\nb = 1" ${NOT}`],
    [
      "a reference with a dash",
      () => ref("local.file", "pe-mx", "content"),
      `alloy: reference "local.file.pe-mx.content": part "pe-mx" ${NOT}`,
    ],
    ["a call of nothing", () => call(""), `alloy: function name "" ${NOT}`],
    ["a negative index", () => index(ref("a"), -1), "alloy: index -1 must be a whole number, 0 or more"],
    ["an attribute twice", () => block("b", "c", [attr("a", 1), [attr("a", 2)]]), 'alloy: b "c" has a twice'],
    [
      "a labelled block twice",
      () => toAlloy([block("b", "c", []), block("b", "c", [])]),
      'alloy: the document has b "c" twice',
    ],
    [
      "NaN",
      () => toAlloy([block("b", "c", [block("d", [attr("e", [1, { f: Number.NaN }])])])]),
      'alloy: b "c" > d > e[1].f must be a finite number, not NaN',
    ],
    ["Infinity", () => printed(-Infinity), "alloy: x must be a finite number, not -Infinity"],
    [
      "undefined inside",
      () => printed([undefined as unknown as Value]),
      "alloy: x[0] must be a value of Alloy's, not undefined",
    ],
    [
      "an instance of a class, such as an Output",
      () => printed(call("f", new Date(0) as unknown as Value)),
      "alloy: x: f() must be a plain object, not an instance of a class",
    ],
    [
      "a key with a quote",
      () => printed({ a: { 'b"': 1 } }),
      'alloy: x.a: key "b\\"" must be printable ASCII without " and \\, and not empty, because ' +
        'Alloy reads no escapes in keys; pass the object as text to call("encoding.from_json", ...)',
    ],
    [
      "a control character in the header",
      () => toAlloy([], "a\rb = 1"),
      'alloy: the header comment holds "\\r", which cannot be seen',
    ],
  ])("%s", (_case, act, expected) => {
    expect(message(act)).toBe(expected);
  });

  it("of every name but an identifier", () => {
    fc.assert(
      fc.property(fc.oneof(text, name), (word) => {
        const legal = /^[A-Za-z_]\w*$/.test(word) && !["true", "false", "null"].includes(word);
        expect(message(() => block("a", word, [])) === "nothing thrown").toBe(legal);
        expect(message(() => attr(word, 1)) === "nothing thrown").toBe(legal);
      }),
    );
  });
});

/** Objects without regard to their prototype, and -0 as 0, which is how Alloy reads it. */
function plain(value: unknown): unknown {
  if (typeof value === "number") return value + 0;
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  return new Map(Object.entries(value).map(([key, of]) => [key, plain(of)] as const));
}

/**
 * A reader of literal values, written from scanner.go, parser/internal.go and transform/value.go and sharing nothing with
 * the printer: escapes by scanEscape's table, keys as they stand between their quotes.
 */
function read(source: string): unknown {
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    const found = new RegExp(pattern, "uy");
    found.lastIndex = at;
    const [match] = found.exec(source) ?? [];
    at += match?.length ?? 0;
    return match;
  };
  const must = (pattern: RegExp): string => {
    const match = take(pattern);
    if (match === undefined) throw new Error(`expected ${pattern.source} at ${source.slice(at, at + 20)}`);
    return match;
  };
  const items = <T>(close: RegExp, item: () => T): T[] => {
    const all: T[] = [];
    must(/[[{]\s*/);
    while (take(close) === undefined) {
      all.push(item());
      if (take(/,\s*/) === undefined) {
        must(close);
        break;
      }
    }
    return all;
  };
  const field = (): [string, unknown] => {
    const key = take(/[A-Za-z_]\w*/) ?? must(/"[^"\n]+"/).slice(1, -1);
    must(/ +=\s/);
    return [key, value()];
  };
  const value = (): unknown => {
    const next = source[at];
    if (next === '"') return unescape(must(/"(?:[^"\\\n]|\\.)*"/).slice(1, -1));
    if (next === "[") return items(/\]/, value);
    if (next === "{") return Object.fromEntries(items(/\}/, field));
    const word = take(/true|false|null/);
    if (word !== undefined) return word === "null" ? null : word === "true";
    return Number(must(/-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/));
  };
  const result = value();
  if (at !== source.length) throw new Error(`left over: ${source.slice(at)}`);
  return result;
}

function unescape(raw: string): string {
  const named: Record<string, string> = {
    a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v", "\\": "\\", '"': '"',
  }; // prettier-ignore
  return raw.replace(/\\(u[\da-fA-F]{4}|U[\da-fA-F]{8}|.)/gu, (_all, escape: string) => {
    const known = named[escape];
    if (known !== undefined) return known;
    if (escape.length === 1) throw new Error(`unknown escape sequence \\${escape}`);
    const code = parseInt(escape.slice(1), 16);
    if (code >= 0xd800 && code < 0xe000) throw new Error("escape sequence is invalid Unicode code point");
    return String.fromCodePoint(code);
  });
}
