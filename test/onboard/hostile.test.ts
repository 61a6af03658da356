import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { toFluentd } from "../../src/onboard/fluentd-syntax";
import { assignments, command, word } from "../../src/onboard/shell";
import { SHIPPERS } from "../../src/onboard/shippers";
import { commented, toOwnYaml } from "../../src/onboard/yaml";
import { onboardingOf, type Name } from "./example";

const HOSTILE = [
  "a: b # c",
  "'\"`\\",
  "${env:HOME}",
  "${file:/etc/passwd}",
  "#{ENV['HOME']}",
  "$(id)",
  "{{ host }}",
  "SECRET[a.b]",
  "\u2028---\n- x",
  "- *all",
  "!!binary x",
  "yes",
  "0x10",
  " ends ",
] as const;

describe("YAML", () => {
  it("comes back as it was given, below comments that end nowhere else", () => {
    for (const text of HOSTILE)
      expect(parse(toOwnYaml([text], { key: text, [text]: 1 }))).toEqual({ key: text, [text]: 1 });
  });

  it("has a comment on every line of a comment", () => {
    for (const line of commented(HOSTILE)
      .trimEnd()
      .split(/[\n\u2028]/))
      expect(line).toMatch(/^# /);
  });
});

describe("Fluentd's syntax", () => {
  const one = (value: string): string => toFluentd([{ name: "source", parameters: { path: value } }]);

  it("is single-quoted, with nothing evaluated", () => {
    expect(one("#{ENV['X']} \\ \"")).toBe("<source>\n  path '#{ENV[\\'X\\']} \\\\ \"'\n</source>\n");
  });

  it("gives back what it was given (as its own scanner reads it)", () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !/[\u0000-\u001f\u007f]/.test(text)),
        (text) => {
          const quoted = one(text).slice("<source>\n  path ".length, -"\n</source>\n".length);
          expect(singleQuoted(quoted)).toBe(text);
        },
      ),
    );
  });

  it("refuses what could leave its line, or would be evaluated where it cannot be quoted", () => {
    expect(() => one("a\n@include /etc/passwd")).toThrow("cannot be written");
    expect(() => toFluentd([{ name: "match", argument: "a>\n<x", parameters: {} }])).toThrow(
      "fluentd: <match",
    );
    expect(() => toFluentd([{ name: "match", parameters: { "a b": 1 } }])).toThrow("no name");
    expect(() => toFluentd([{ name: "match", parameters: { a: { env: "X'] + `id` + ENV['Y" } } }])).toThrow(
      "variable",
    );
    expect(() => toFluentd([{ name: "match", parameters: { a: { hash: { b: "#{1}" } } } }])).toThrow(
      "cannot be written",
    );
    expect(toFluentd([{ name: "match", argument: "a.**", parameters: { a: { env: "KEY" } } }])).toBe(
      "<match a.**>\n  a \"#{ENV['KEY']}\"\n</match>\n",
    );
  });
});

/** As Fluentd's literal parser does: `\'` and `\\` are one character, everything else is itself. */
function singleQuoted(text: string): string {
  expect(text).toMatch(/^'(?:\\.|[^'\\])*'$/u);
  return text.slice(1, -1).replaceAll(/\\(['\\])/g, "$1");
}

describe("the shell", () => {
  const directory = mkdtempSync(join(tmpdir(), "atalaya-"));
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });
  const sh = (script: string): string => {
    const file = join(directory, "script.sh");
    writeFileSync(file, script);
    return spawnSync("sh", [file], { encoding: "utf8" }).stdout;
  };

  it("takes every word and every variable for just that", () => {
    for (const text of HOSTILE) {
      expect(sh(`printf '%s' ${word(text)}`)).toBe(text);
      expect(sh(`${assignments({ TEXT: text })}printf '%s' "$TEXT"`)).toBe(text);
    }
    expect(command("printf", "%s %s", "a b", "c")).toBe("printf '%s %s' 'a b' c");
    expect(() => assignments({ "X; id": "" })).toThrow("no variable's name");
  });
});

describe("a path that a program would take for more than a path", () => {
  it.each<[Name, string]>([
    ["vector", "/etc/SECRET[a.b]"],
    ["vector", "/etc/{{ x }}"],
    ["vector", "/etc/$HOME"],
    ["fluentbit", "/etc/${HOME}"],
    ["jaeger", "/etc/a}b"],
  ])("is refused for %s: %s", (name, directory) => {
    expect(() => SHIPPERS[name].files(onboardingOf(SHIPPERS[name], { directory }))).toThrow();
  });

  it("is written as itself for the Collector, which knows an escape", () => {
    const [main] = SHIPPERS.otelcol.files(onboardingOf(SHIPPERS.otelcol, { directory: "/etc/${env:HOME}" }));
    const { extensions } = parse(main?.content ?? "") as {
      extensions: { file_storage: { directory: string } };
    };
    expect(extensions.file_storage.directory).toBe("/etc/$${env:HOME}/data");
  });

  it("cannot leave the curl script's quotes", () => {
    const [script] = SHIPPERS.curl.files(onboardingOf(SHIPPERS.curl, { clientId: "'; id; '" }));
    expect(script?.content).toContain(`CLIENT_ID=''\\''; id; '\\'''\n`);
    expect(
      readFileSync(join(__dirname, "..", "..", "src", "onboard", "assets", "send.sh"), "utf8"),
    ).not.toMatch(/\beval\b/);
  });
});
