import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { decideFor, isMissingHere } from "../../../src/operate/pulumi/stack";
import { tempDir, type TempDir } from "../../servers";

let directory: TempDir;
beforeEach(() => {
  directory = tempDir();
});
afterEach(() => {
  directory.remove();
});

const write = (name: string, text: string): void => {
  mkdirSync(join(directory.path, name, ".."), { recursive: true });
  writeFileSync(join(directory.path, name), text);
};
const variables = (more = {}) => ({
  ...{ ATALAYA_HOME: join(directory.path, "home"), PULUMI_HOME: join(directory.path, "pulumi") },
  ...more,
});
const decided = (more = {}): readonly string[] => {
  const { backend, encryption } = decideFor({
    stack: "dev",
    root: directory.path,
    variables: variables(more),
  });
  return [backend.url, encryption.kind];
};
const ours = (): string => `file://${directory.path}/home/state`;

it("is decided by what lies in the project and on the machine", () => {
  expect(decided()).toEqual([ours(), "file"]);
  write("Pulumi.dev.yaml", "secretsprovider: gcpkms://key\n");
  expect(decided()).toEqual([ours(), "provider"]);
  write("pulumi/credentials.json", JSON.stringify({ current: "https://api.pulumi.com" }));
  write("Pulumi.dev.yaml", "config: {}\n");
  expect(decided()).toEqual(["https://api.pulumi.com", "service"]);
  write("home/state/.pulumi/stacks/atalaya/dev.json", "{}");
  expect(decided()).toEqual([ours(), "file"]);
  write("Pulumi.yaml", "name: atalaya\nbackend:\n  url: https://pulumi.example.com\n");
  expect(decided()).toEqual(["https://pulumi.example.com", "service"]);
  write("Pulumi.dev.yaml", "encryptionsalt: v1:x\n");
  expect(() => decided()).toThrow(
    /^The state of stack dev is in https:\/\/pulumi\.example\.com \(Pulumi\.yaml\)/,
  );
  expect(decided({ PULUMI_CONFIG_PASSPHRASE_FILE: "/f" })).toEqual([
    "https://pulumi.example.com",
    "passphrase",
  ]);
});

it("takes files that cannot be read for none: who reads them strictly says what is wrong", () => {
  for (const name of ["Pulumi.yaml", "Pulumi.dev.yaml", "pulumi/credentials.json"]) write(name, "{[");
  expect(decided()).toEqual([ours(), "file"]);
});

it("is known to be missing without asking anybody, but only on this machine", () => {
  const missing = (more = {}): boolean => {
    const all = variables(more);
    return isMissingHere(decideFor({ stack: "dev", root: directory.path, variables: all }), "dev", all);
  };
  expect(missing()).toBe(true);
  expect(missing({ PULUMI_ACCESS_TOKEN: "pul-x" })).toBe(false);
  write("home/state/.pulumi/stacks/atalaya/dev.json", "{}");
  expect(missing()).toBe(false);
});
