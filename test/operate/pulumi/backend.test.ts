import { describe, expect, it } from "vitest";
import {
  decide,
  described,
  variablesFor,
  withoutCredentials,
  type Decision,
  type Known,
  type Variables,
} from "../../../src/operate/pulumi/backend";

const HOME = "/home/ana/.local/share/atalaya";
const KMS = "awskms://alias/atalaya";

const known = (variables: Variables, rest: Partial<Known> = {}): Known => ({
  ...{ stack: "dev", variables, salted: false, home: { path: HOME, hasStack: false } },
  ...rest,
});
const here = { home: { path: HOME, hasStack: true } };

/** `where by; encryption`, or the first line of the problem. */
function shown(decision: Decision): string {
  if (decision.kind === "problem") return `problem: ${decision.message.split("\n")[0] ?? ""}`;
  const { backend, encryption } = decision;
  const by = "by" in encryption ? ` ${encryption.by}` : "";
  return `${backend.kind} ${backend.url} (${backend.by}); ${encryption.kind}${by}`;
}

const OURS = `ours file://${HOME}/state (this machine)`;
const CLOUD = "service https://api.pulumi.com";
const BUCKET = { PULUMI_BACKEND_URL: "s3://states" };
const noPassphrase = (url: string, by: string): string =>
  `problem: The state of stack dev is in ${url} (${by}), and no passphrase for its secrets is set. One of:`;

describe("where the state is, and what encrypts its secrets", () => {
  const cases: readonly (readonly [string, Known, string])[] = [
    ["nothing set", known({}), `${OURS}; file`],
    ["empty variables, as CI has them", known({ PULUMI_BACKEND_URL: "", PULUMI_ACCESS_TOKEN: "", PULUMI_CONFIG_PASSPHRASE: "" }), `${OURS}; file`],
    ["an own passphrase", known({ PULUMI_CONFIG_PASSPHRASE: "mine" }), `${OURS}; passphrase PULUMI_CONFIG_PASSPHRASE`],
    ["an own passphrase's file", known({ PULUMI_CONFIG_PASSPHRASE_FILE: "/f" }), `${OURS}; passphrase PULUMI_CONFIG_PASSPHRASE_FILE`],
    ["a KMS", known({}, { secretsProvider: KMS }), `${OURS}; provider`],
    ["our own state by name", known({ PULUMI_BACKEND_URL: `file://${HOME}/state` }), `${OURS}; file`],
    ["our own state, with a slash behind", known({ PULUMI_BACKEND_URL: `file://${HOME}/state/` }), `${OURS}; file`],
    ["a login to our own state", known({}, { loggedInTo: `file://${HOME}/state//` }), `${OURS}; file`],
    ["a directory below it", known({ PULUMI_BACKEND_URL: `file://${HOME}/state/x` }), noPassphrase(`file://${HOME}/state/x`, "PULUMI_BACKEND_URL")],
    ["a bucket", known(BUCKET), noPassphrase("s3://states", "PULUMI_BACKEND_URL")],
    ["a bucket and an empty passphrase", known({ ...BUCKET, PULUMI_CONFIG_PASSPHRASE: "" }), "storage s3://states (PULUMI_BACKEND_URL); passphrase PULUMI_CONFIG_PASSPHRASE"],
    ["a bucket and a KMS", known(BUCKET, { secretsProvider: KMS }), "storage s3://states (PULUMI_BACKEND_URL); provider"],
    ["a bucket, though the stack is here as well", known({ ...BUCKET, PULUMI_CONFIG_PASSPHRASE: "x" }, here), "storage s3://states (PULUMI_BACKEND_URL); passphrase PULUMI_CONFIG_PASSPHRASE"],
    ["a token", known({ PULUMI_ACCESS_TOKEN: "pul-x" }), `${CLOUD} (PULUMI_ACCESS_TOKEN); service`],
    ["a token for an own service", known({ PULUMI_ACCESS_TOKEN: "pul-x", PULUMI_API: "https://pulumi.example.com" }), "service https://pulumi.example.com (PULUMI_ACCESS_TOKEN); service"],
    ["a token, though the stack is here as well", known({ PULUMI_ACCESS_TOKEN: "pul-x" }, here), `${CLOUD} (PULUMI_ACCESS_TOKEN); service`],
    ["a service and a stack with a passphrase", known({ PULUMI_ACCESS_TOKEN: "pul-x" }, { salted: true }), noPassphrase("https://api.pulumi.com", "PULUMI_ACCESS_TOKEN")],
    ["a login to the cloud", known({}, { loggedInTo: "https://api.pulumi.com" }), `${CLOUD} (pulumi login); service`],
    ["a login to a directory", known({}, { loggedInTo: "file://~" }), noPassphrase("file://~", "pulumi login")],
    ["a login, when the stack is here already", known({}, { loggedInTo: "https://api.pulumi.com", ...here }), `${OURS}; file`],
    ["a login and a token", known({ PULUMI_ACCESS_TOKEN: "pul-x" }, { loggedInTo: "https://pulumi.example.com", ...here }), "service https://pulumi.example.com (pulumi login); service"],
    ["the project's own", known({}, { projectBackend: "gs://states", loggedInTo: "file://~", ...here }), noPassphrase("gs://states", "Pulumi.yaml")],
    ["the project's own, and a variable", known({ ...BUCKET, PULUMI_CONFIG_PASSPHRASE: "x" }, { projectBackend: "gs://states" }), "storage s3://states (PULUMI_BACKEND_URL); passphrase PULUMI_CONFIG_PASSPHRASE"],
    ["a database with its password", known({ PULUMI_BACKEND_URL: "postgres://ana:hunter2@db/state" }), noPassphrase("postgres://db/state", "PULUMI_BACKEND_URL")],
  ]; // prettier-ignore
  it.each(cases)("%s", (_, given, expected) => {
    expect(shown(decide(given))).toBe(expected);
  });

  it("says every way out where a passphrase is missing", () => {
    expect(decide(known({}, { loggedInTo: "azblob://states" }))).toEqual({
      kind: "problem",
      message: [
        "The state of stack dev is in azblob://states (pulumi login), and no passphrase for its secrets is set. One of:",
        "  - PULUMI_CONFIG_PASSPHRASE_FILE=FILE, or PULUMI_CONFIG_PASSPHRASE: the one the stack was made with, or a new stack's own",
        "  - a KMS in place of a passphrase: secretsprovider: awskms://alias/NAME in Pulumi.dev.yaml, before the stack is made",
        "  - pulumi logout: the state is kept on this machine, with a passphrase that is made for you",
      ].join("\n"),
    });
  });
});

describe("what the CLI finds in its environment", () => {
  const of = (given: Known): Variables => {
    const decision = decide(given);
    if (decision.kind === "problem") throw new Error(decision.message);
    return variablesFor(decision, given.variables);
  };
  const ours = { PULUMI_BACKEND_URL: `file://${HOME}/state` };
  const file = { PULUMI_CONFIG_PASSPHRASE_FILE: `${HOME}/passphrase` };

  it("is ours only where nobody has set anything", () => {
    expect(of(known({}))).toStrictEqual({ ...ours, ...file });
    expect(of(known({ PULUMI_CONFIG_PASSPHRASE: "mine" }))).toStrictEqual(ours);
    expect(of(known({}, { secretsProvider: KMS }))).toStrictEqual(ours);
    expect(of(known({ ...BUCKET, PULUMI_CONFIG_PASSPHRASE: "mine" }))).toStrictEqual({});
    expect(of(known({}, { loggedInTo: "https://api.pulumi.com" }))).toStrictEqual({});
  });

  it("has no empty passphrase that would win over our file", () => {
    expect(of(known({ PULUMI_CONFIG_PASSPHRASE: "" }))).toStrictEqual({
      ...ours,
      ...file,
      PULUMI_CONFIG_PASSPHRASE: undefined,
    });
  });
});

it.each([
  ["postgres://bob:p@ss/w0rd@db.example/pulumi?sslpassword=hunter2", "postgres://db.example/pulumi"],
  ["postgres://bob:p?s@db.example/pulumi", "postgres://..."],
  ["postgres://bob:p@s#s@db.example/pulumi", "postgres://..."],
  ["postgres://db.example/pulumi?user=bob&password=hunter2", "postgres://db.example/pulumi"],
  ["postgres://bob@db.example/pulumi?user=bob@example.com", "postgres://..."],
  ["bob:secret@db.example", "db.example"],
  ["https://api.pulumi.com", "https://api.pulumi.com"],
  ["s3://states?region=eu-west-1&awssdk=v2", "s3://states"],
  ["file:///home/ana@work/state?no_tmp_dir=true", "file:///home/ana@work/state"],
])("%s is shown as %s", (url, shownAs) => {
  expect(withoutCredentials(url)).toBe(shownAs);
});

it("is said in a line, without a password in it", () => {
  const line = (given: Known): string => {
    const decision = decide(given);
    return decision.kind === "problem" ? decision.message : described(decision);
  };
  expect(line(known({}))).toBe(
    `on this machine, ${HOME}/state; secrets by the passphrase in ${HOME}/passphrase`,
  );
  expect(
    line(known({ PULUMI_BACKEND_URL: "postgres://ana:hunter2@db/state", PULUMI_CONFIG_PASSPHRASE: "mine" })),
  ).toBe("postgres://db/state (PULUMI_BACKEND_URL); secrets by your passphrase (PULUMI_CONFIG_PASSPHRASE)");
  expect(line(known({ PULUMI_ACCESS_TOKEN: "pul-x" }, { secretsProvider: KMS }))).toBe(
    `https://api.pulumi.com (PULUMI_ACCESS_TOKEN); secrets by ${KMS}`,
  );
});
