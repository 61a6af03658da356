import { describe, expect, it } from "vitest";
import { secretsStaySecret } from "../../policies/rules/secrets-stay-secret";
import { configSecretMarker, secretMarker } from "../../src/preview/markers";
import { container, messages, nothingOf, resource } from "./builder";

const PASSWORD = secretMarker("random:index/randomPassword:RandomPassword", "db", "result");
const user = (inputs: object, secrets: readonly string[] | null = []) =>
  resource("keycloak:index/user:User", "user", inputs, { secrets });
/** A secret that is where it belongs: otherwise there would be nothing to check. */
const GOOD = user({ initialPassword: { value: PASSWORD } }, ["initialPassword"]);
const found = (
  ...args: Parameters<typeof messages> extends [unknown, infer R, ...infer O] ? [R, ...O] : never
) => messages(secretsStaySecret, [GOOD, ...args[0]], args[1]);

describe("secrets-stay-secret", () => {
  it("passes secrets in secret inputs, below a secret one, and in secret outputs", () => {
    const uploads = [{ file: "/var/lib/atalaya/x/secrets/p", content: `user #${PASSWORD}` }];
    expect(
      found([container("a", { uploads }, { secrets: ["uploads[0].content"] })], {
        outputs: { admin: { password: PASSWORD }, url: "http://localhost" },
        secretOutputs: ["admin.password"],
      }),
    ).toEqual([]);
  });

  it.each([
    ["a label", { labels: [{ label: "x", value: PASSWORD }] }, "labels[0].value"],
    ["a command", { command: ["run", `--password=${PASSWORD}`] }, "command[1]"],
    ["a variable", { envs: [`GREETING=hello ${PASSWORD}`] }, "envs[0]"],
    ["a file", { uploads: [{ file: "/etc/x", content: `password: "${PASSWORD}"` }] }, "uploads[0].content"],
    [
      "a file in Base64",
      { uploads: [{ file: "/etc/x", contentBase64: Buffer.from(PASSWORD).toString("base64") }] },
      "uploads[0].contentBase64",
    ],
    ["a name with a dot", { logOpts: { "a.b": PASSWORD } }, 'logOpts["a.b"]'],
  ])("refuses a secret in %s", (_, inputs, path) => {
    expect(found([container("a", inputs)])).toEqual([`a: ${path} holds the secret ${PASSWORD} in plain.`]);
  });

  it("does not take a path for one that only begins alike", () => {
    const inputs = { uploads: [{}, { content: "x" }], uploads2: PASSWORD };
    expect(found([container("a", inputs, { secrets: ["uploads"] })])).toEqual([
      `a: uploads2 holds the secret ${PASSWORD} in plain.`,
    ]);
  });

  it("refuses secrets of the stack's configuration", () => {
    const marker = configSecretMarker("mx-slack");
    expect(found([container("a", { command: [marker] })])).toEqual([
      `a: command[0] holds the secret ${marker} in plain.`,
    ]);
  });

  it("knows a secret by its value where it has no marker, and does not tell it", () => {
    const written = user({ initialPassword: { value: "correct-horse-battery" } }, ["initialPassword.value"]);
    const other = container("a", { command: ["--token", "x=correct-horse-battery"] });
    const reported = messages(secretsStaySecret, [{ ...written, urn: `${written.urn}2` }, other]);
    expect(reported).toEqual(["a: command[1] holds a secret of user in plain."]);
  });

  it.each<[object, string]>([
    [{ clientSecret: "abc" }, "clientSecret is a credential, but not a secret"],
    [{ initialPassword: { value: "abc" } }, "initialPassword.value is a credential, but not a secret"],
    [
      { httpHeaders: { authorization: "Bearer abc" } },
      "httpHeaders.authorization is a credential, but not a secret",
    ],
    [{ httpHeaders: { "X-API-Key": "abc" } }, "httpHeaders.X-API-Key is a credential, but not a secret"],
    [{ secureJsonDataEncoded: "{}" }, "secureJsonDataEncoded is a credential, but not a secret"],
    [{ auth: "admin:abc" }, "auth is a credential, but not a secret"],
    [
      { envs: ["GF_SECURITY_ADMIN_PASSWORD=abc"] },
      "envs[0] sets GF_SECURITY_ADMIN_PASSWORD, which is not a secret",
    ],
    [{ envs: ["kc_db_password=abc"] }, "envs[0] sets kc_db_password, which is not a secret"],
  ])("refuses a credential that is no secret: %j", (inputs, problem) => {
    expect(found([{ ...user(inputs), urn: "urn:pulumi:dev::atalaya::x::other" }])).toEqual([
      `user: ${problem}.`,
    ]);
  });

  it("leaves alone what only sounds like one", () => {
    const inputs = {
      passwordPolicy: "length(12)",
      tokenUrl: "http://keycloak/token",
      resetPasswordAllowed: true,
      clientSecret: "",
      envs: [
        "POSTGRES_PASSWORD_FILE=/run/password",
        "KC_TOKEN_URL=http://keycloak",
        "GF_SECURITY_ADMIN_PASSWORD=",
      ],
    };
    expect(found([{ ...user(inputs), urn: "urn:pulumi:dev::atalaya::x::other" }])).toEqual([]);
  });

  it("refuses an output that shows a secret, or a credential by its name", () => {
    expect(found([], { outputs: { admin: { login: `admin:${PASSWORD}` } }, secretOutputs: [] })).toEqual([
      `The stack output admin.login holds the secret ${PASSWORD} in plain.`,
    ]);
    expect(found([], { outputs: { admin: { password: "abc" } }, secretOutputs: ["adminOf"] })).toEqual([
      "The stack output admin.password is a credential, but not a secret.",
    ]);
  });

  it("looks in an engine, which does not say what is secret, where everybody may read", () => {
    const generated = resource(
      "random:index/randomPassword:RandomPassword",
      "db",
      { result: "a-very-random-password" },
      { secrets: null },
    );
    const one = (inputs: object) => [generated, container("a", inputs, { secrets: null })];
    expect(messages(secretsStaySecret, one({ envs: ["X=a-very-random-password"] }))).toEqual([]);
    expect(messages(secretsStaySecret, one({ command: ["--password=a-very-random-password"] }))).toEqual([
      "a: command[0] holds a secret of db in plain.",
    ]);
  });

  it("does not pass an environment without secrets", () => {
    expect(messages(secretsStaySecret, [container("a")])).toEqual([nothingOf("secret")]);
  });
});
