import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { RULES } from "../../policies/rules";
import { DEFAULTS, loadSettings, parseSettings, SettingsError } from "../../policies/rules/settings";

const parse = (document: unknown) => parseSettings(JSON.stringify(document));
const refused = (text: string): string => {
  try {
    parseSettings(text);
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
  }
  throw new Error("it was taken");
};
const unknown = (name: string) =>
  `policies/settings.json: ${name} is not a known setting. Known: maximumRetention, publishedAddresses. Rules are not switched off or weakened: what keeps tenants apart has no settings.`;

describe("settings of the policies", () => {
  const directory = mkdtempSync(join(tmpdir(), "settings-"));
  const file = join(directory, "settings.json");
  afterEach(() => {
    rmSync(file, { force: true });
  });

  it("are addresses and periods", () => {
    const document = {
      publishedAddresses: ["192.0.2.1", "2001:db8::1"],
      maximumRetention: { metrics: "400d", traces: "12h" },
    };
    expect(parse(document)).toEqual({
      publishedAddresses: ["192.0.2.1", "2001:db8::1"],
      maximumRetention: { metrics: 400 * 86_400, traces: 43_200 },
    });
  });

  it("are what the environment says, without any and without a file", () => {
    expect(parse({})).toEqual(DEFAULTS);
    expect(loadSettings(file)).toEqual(DEFAULTS);
    expect(DEFAULTS).toEqual({ maximumRetention: {} });
  });

  it("are read from the file, and a bad one is an error", () => {
    writeFileSync(file, '{ "publishedAddresses": ["192.0.2.1"] }');
    expect(loadSettings(file).publishedAddresses).toEqual(["192.0.2.1"]);
    writeFileSync(file, "{");
    expect(() => loadSettings(file)).toThrow(SettingsError);
    expect(() => loadSettings(directory)).toThrow(/^policies\/settings\.json cannot be read: /);
  });

  it.each([...RULES.map(({ name }) => name), "all", "enforcementLevel", "isolation", "maximumretention"])(
    "cannot be %s",
    (name) => {
      expect(refused(JSON.stringify({ [name]: "disabled" }))).toBe(unknown(name));
    },
  );

  it.each<[string, string]>([
    ["{", "policies/settings.json is not JSON: "],
    ["[]", "policies/settings.json must be an object. Write {} for the defaults."],
    [
      '{"publishedAddresses":"192.0.2.1"}',
      'policies/settings.json: publishedAddresses "192.0.2.1" is not a list. Write a list of IP addresses, such as ["192.0.2.1"]; loopback needs no mention.',
    ],
    [
      '{"publishedAddresses":["localhost"]}',
      'policies/settings.json: publishedAddresses "localhost" is not one IP address. Write a list of IP addresses, such as ["192.0.2.1"]; loopback needs no mention.',
    ],
    [
      '{"publishedAddresses":["0.0.0.0"]}',
      'policies/settings.json: publishedAddresses "0.0.0.0" is not one IP address.',
    ],
    [
      '{"maximumRetention":"30d"}',
      'policies/settings.json: maximumRetention "30d" is not an object of metrics, logs, traces.',
    ],
    [
      '{"maximumRetention":{"log":"30d"}}',
      "policies/settings.json: maximumRetention.log is not a known signal. Known: metrics, logs, traces.",
    ],
    [
      '{"maximumRetention":{"logs":"0d"}}',
      'policies/settings.json: maximumRetention.logs "0d" is not a duration. Write a whole number and one unit of s, m, h, d, w, y, such as "30d".',
    ],
  ])("refuses %s", (text, message) => {
    expect(refused(text)).toContain(message);
  });

  it("tells everything that is wrong at once", () => {
    const message = refused('{"colour":1,"publishedAddresses":[7],"maximumRetention":{"logs":30}}');
    expect(message.split("\n")).toHaveLength(3);
    expect(message).toContain(unknown("colour"));
  });
});
