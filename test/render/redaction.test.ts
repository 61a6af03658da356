import { describe, expect, it } from "vitest";
import { hintsOf, SECRET_KEYS, secretsOf } from "../../src/render/redaction-patterns";
import { redact } from "../../src/render/redaction";
import { INNOCENT, PERSONAL, SECRETS } from "./secrets";

const ALL = { emails: true, cards: true };

/** As the collector does it: one pattern after the other. */
const masked = (text: string, what = ALL): string =>
  secretsOf(what).reduce(
    (rest, { pattern, replacement }) => rest.replaceAll(new RegExp(pattern, "g"), replacement),
    text,
  );

describe("what agents mask in a text", () => {
  it.each([...SECRETS, ...PERSONAL])("%s", (text, expected) => {
    expect(masked(text)).toBe(expected);
  });

  it.each(INNOCENT)("not %s", (text) => {
    expect(masked(text)).toBe(text);
  });

  it("is the same when it was masked before", () => {
    for (const [, once] of [...SECRETS, ...PERSONAL]) expect(masked(once)).toBe(once);
  });

  it("has a hint of itself, without which nothing is searched", () => {
    const hints = hintsOf(ALL).map((hint) => new RegExp(hint));
    for (const [text] of [...SECRETS, ...PERSONAL]) {
      const small = JSON.stringify([text]).toLowerCase();
      expect(
        hints.some((hint) => hint.test(small)),
        text,
      ).toBe(true);
    }
    const keys = [
      "authorization",
      "set-cookie",
      "x-api-key",
      "apiKey",
      "userPassword",

      "db.pwd",
      "credentials",
    ];
    for (const key of keys) {
      expect(key).toMatch(new RegExp(SECRET_KEYS.slice(4), "i"));
      expect(
        hints.some((hint) => hint.test(`{"${key.toLowerCase()}":"x"}`)),
        key,
      ).toBe(true);
    }
    for (const key of [
      "keyboard",
      "tokens",
      "k8s.secret.name",
      "token.type",
      "shipping",
      "authority",
      "http.url",
    ])
      expect(key).not.toMatch(new RegExp(SECRET_KEYS.slice(4), "i"));
  });

  it("is addresses and cards unless the tenant says otherwise", () => {
    const text = "ana@example.com paid with 4111 1111 1111 1111, password=x";
    expect(masked(text, { emails: false, cards: true })).toBe(
      "ana@example.com paid with ****, password=****",
    );
    expect(masked(text, { emails: true, cards: false })).toBe(
      "**** paid with 4111 1111 1111 1111, password=****",
    );
  });
});

describe("the statements", () => {
  it("are for every place that holds a text, by signal", () => {
    const { statements } = redact({});
    const contexts = Object.entries(statements).map(
      ([signal, blocks]) => [signal, blocks.map(({ context }) => context)] as const,
    );
    expect(Object.fromEntries(contexts)).toEqual({
      traces: ["resource", "span", "spanevent"],
      metrics: ["resource", "datapoint", "exemplar"],
      logs: ["resource", "log"],
    });
  });

  it("leave addresses alone where the tenant says so", () => {
    const count = (of: Parameters<typeof redact>[0]) => JSON.stringify(redact(of)).split("@(?:").length - 1;
    expect(count({ redaction: { emails: false, cards: true } })).toBe(0);
    // Once in each block of spans and records: in series they would be merged.
    expect(count({})).toBe(5);
  });
});
