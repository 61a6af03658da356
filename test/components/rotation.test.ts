import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { RULES, findings } from "../../policies/rules";
import { prepare } from "../../policies/rules/context";
import { parseTenantList, tenantsOf } from "../../src/config";
import type { Held, Moment } from "../../src/model/rotation";
import type { Recording } from "../../src/model/recording";
import { record } from "../../src/preview/recorder";
import { defineEnvironment } from "../../src/stack/program";
import { renderStack } from "../../src/stack/render";
import { heldSecrets, type Instant } from "../../src/stack/rotation";
import { changes, environmentOf, MX, only, PE, recordEnvironment } from "./environment";

const NOW = 1_800_000_000 as Moment;
const DAY = 86_400;
const SHOP = { ...MX, services: [{ name: "shop", scopes: ["orders:read"] }] };
const SETTINGS = { "atalaya:clientSecrets": JSON.stringify({ rotateEvery: "90d", overlap: "7d" }) };
const withLeaks = (leaked: Readonly<Record<string, string>>) => ({
  "atalaya:clientSecrets": JSON.stringify({ rotateEvery: "90d", overlap: "7d", leaked }),
});

/** Secrets of the last update, in plain text as an engine hands them over. */
type Known = Readonly<Record<string, Held<string>>>;

const isKept = (secret: string, since: number, previous?: Held<string>["previous"]): Held<string> => ({
  secret,
  since: since as Moment,
  previous,
});

const before = (secret: string, since: number, until: number) => ({
  secret,
  since: since as Moment,
  until: until as Moment,
});

function stateOf(known: Known) {
  return Object.fromEntries(
    Object.entries(known).map(([clientId, { secret, since, previous }]) => [
      `urn:pulumi:dev::atalaya::keycloak:openid/client:Client::${clientId}-client`,
      {
        type: "keycloak:openid/client:Client",
        outputs: {
          clientId,
          clientSecret: secret,
          ...(since !== undefined && {
            extraConfig: {
              "client.secret.rotated.creation.time": `${since}`,
              ...(previous !== undefined && {
                "client.secret.rotated": previous.secret,
                "client.secret.rotated.expiration.time": `${previous.until}`,
                ...(previous.since !== undefined && {
                  "atalaya.rotation.previous.since": `${previous.since}`,
                }),
              }),
            },
          }),
        },
      },
    ]),
  );
}

interface Update {
  readonly recording: Recording;
  readonly logged: readonly string[];
}

async function update(
  entries: readonly object[],
  settings: Readonly<Record<string, string>>,
  known?: Known,
  options: { readonly now?: Moment; readonly stopped?: boolean } = {},
): Promise<Update> {
  const { now = NOW, ...rest } = options;
  const environment = environmentOf(settings);
  const list = parseTenantList(JSON.stringify({ tenants: entries }), "tenants.yaml");
  const { tenants } = tenantsOf(list, environment);
  const logged: string[] = [];
  const program = () => {
    const instant: Instant | undefined = known && { now, held: heldSecrets(stateOf(known)) };
    return defineEnvironment({
      ...renderStack(environment, tenants),
      authImage: { context: ".cache/auth-image", tag: "0123456789ab" },
      secret: () => pulumi.secret(""),
      ...(instant !== undefined && { instant }),
      ...rest,
    });
  };
  const recording = await record(program, {
    project: "atalaya",
    stack: "dev",
    config: new Map(Object.entries(settings)),
    onLog: (severity, message) => logged.push(`${severity}: ${message}`),
  });
  return { recording, logged };
}

const client = ({ recording }: Update, id: string) => only(recording, `keycloak:Client ${id}-client`);
const password = ({ recording }: Update, id: string) =>
  only(recording, `random:RandomPassword ${id}-secret`).inputs;

describe("an environment that does not say how secrets are renewed", () => {
  it("declares what it always did, whatever its clients have", async () => {
    const { recording, logged } = await update([SHOP, PE], {}, { "agent-mx": isKept("old", 0) });
    expect(changes(await recordEnvironment([SHOP, PE]), recording)).toEqual({
      added: [],
      removed: [],
      changed: [],
    });
    expect(logged).toEqual([]);
  });
});

describe("an environment whose client secrets are renewed", () => {
  it("differs in its clients, their secrets and what lets Keycloak accept two", async () => {
    const { recording } = await update([SHOP, PE], SETTINGS, {});
    const { added, removed, changed } = changes(await recordEnvironment([SHOP, PE]), recording);
    expect(removed).toEqual([]);
    expect(added).toEqual([
      "atalaya:identity:SecretRotationPolicy client-secrets",
      "keycloak:RealmClientPolicyProfile client-secrets-profile",
      "keycloak:RealmClientPolicyProfilePolicy client-secrets-policy",
      "random:RandomPassword agent-mx-secret",
      "random:RandomPassword agent-pe-secret",
      "random:RandomPassword service-mx-shop-secret",
    ]);
    expect(changed.filter((one) => one.startsWith("keycloak:"))).toEqual([
      "keycloak:Client agent-mx-client",
      "keycloak:Client agent-pe-client",
      "keycloak:Client service-mx-shop-client",
    ]);
  });

  it("gives a new client a secret of its own, and nothing is accepted besides", async () => {
    const done = await update([SHOP, PE], SETTINGS, {});
    expect(client(done, "agent-mx")).toMatchObject({
      inputs: {
        clientSecret: "preview:secret:random-password:agent-mx-secret:result",
        extraConfig: {
          "atalaya.rotation": "on",
          "client.secret.expiration.time": "2147483647",
          "client.secret.rotated.creation.time": "1800000000",
          "client.secret.rotated.expiration.time": "1",
        },
      },
      secrets: ["clientSecret"],
    });
    expect(password(done, "agent-mx")).toEqual({
      length: 40,
      special: false,
      keepers: { since: "1800000000" },
    });
    expect(done.logged).toEqual([]);
  });

  it("renews what is due, keeps what is not, and says so", async () => {
    const done = await update([SHOP, PE], SETTINGS, {
      "agent-mx": isKept("mx-is-due", NOW - 90 * DAY, {
        secret: "mx-is-older",
        since: undefined,
        until: NOW,
      }),
      "agent-pe": isKept("pe-stays", NOW - DAY, before("pe-before", NOW - 91 * DAY, NOW + 6 * DAY)),
      "service-mx-shop": { secret: "made-by-keycloak", since: undefined, previous: undefined },
    });
    expect(client(done, "agent-mx")).toMatchObject({
      inputs: {
        extraConfig: {
          "client.secret.rotated": "mx-is-due",
          "client.secret.rotated.creation.time": `${NOW}`,
          "client.secret.rotated.expiration.time": `${NOW + 7 * DAY}`,
          "atalaya.rotation.previous.since": `${NOW - 90 * DAY}`,
        },
      },
      secrets: ["clientSecret", 'extraConfig["client.secret.rotated"]'],
    });
    expect(password(done, "agent-mx")).toMatchObject({ keepers: { since: `${NOW}` } });
    expect(client(done, "agent-pe").inputs["extraConfig"]).toMatchObject({
      "client.secret.rotated": "pe-before",
      "client.secret.rotated.creation.time": `${NOW - DAY}`,
      "client.secret.rotated.expiration.time": `${NOW + 6 * DAY}`,
      "atalaya.rotation.previous.since": `${NOW - 91 * DAY}`,
    });
    expect(password(done, "agent-pe")).toMatchObject({ keepers: { since: `${NOW - DAY}` } });
    expect(client(done, "service-mx-shop").inputs["extraConfig"]).toEqual({
      "atalaya.rotation": "on",
      "client.secret.expiration.time": "2147483647",
      "client.secret.rotated": "made-by-keycloak",
      "client.secret.rotated.creation.time": `${NOW}`,
      "client.secret.rotated.expiration.time": `${NOW + 7 * DAY}`,
    });
    expect(done.logged).toEqual([
      "info: Client secret renewed: agent-mx, service-mx-shop. The previous one works until 2027-01-22T08:00:00Z.",
    ]);
  });

  it("restarts nothing: besides the client only its agent's secret file is delivered again", async () => {
    const before = { "agent-mx": isKept("a", NOW - DAY), "agent-pe": isKept("p", NOW - DAY) };
    const due = { ...before, "agent-mx": isKept("a", NOW - 90 * DAY) };
    const [was, is] = [await update([MX, PE], SETTINGS, before), await update([MX, PE], SETTINGS, due)];
    expect(changes(was.recording, is.recording)).toEqual({
      added: [],
      removed: [],
      changed: ["keycloak:Client agent-mx-client", "random:RandomPassword agent-mx-secret"],
    });
    const taking = is.recording.resources.filter(
      ({ type, inputs }) =>
        type === "docker:index/container:Container" &&
        JSON.stringify(inputs).includes(":agent-mx-secret:result"),
    );
    expect(taking.map(({ name }) => name)).toEqual(["agent-mx-secrets"]);
  });

  it("plans the same without an engine whenever it is planned", async () => {
    const planned = await update([MX], SETTINGS);
    expect(password(planned, "agent-mx")).toMatchObject({ keepers: { since: "0" } });
    expect(planned.logged).toEqual([]);
  });

  it("waits with what is due while everything stands still", async () => {
    const done = await update(
      [MX, PE],
      SETTINGS,
      { "agent-mx": isKept("a", 0), "agent-pe": { secret: "p", since: undefined, previous: undefined } },
      { stopped: true },
    );
    expect(password(done, "agent-mx")).toMatchObject({ keepers: { since: "0" } });
    expect(client(done, "agent-pe").inputs).not.toHaveProperty("clientSecret");
  });

  it("holds every policy, with two secrets of a client as with one", async () => {
    for (const known of [{}, { "agent-mx": isKept("mx-is-due", 0), "agent-pe": isKept("pe-is-due", 0) }]) {
      const context = prepare((await update([SHOP, PE], SETTINGS, known)).recording);
      expect(RULES.flatMap((rule) => findings(rule, context).map(({ message }) => message))).toEqual([]);
    }
  });

  it("lets nothing see another tenant's previous secret", async () => {
    const shared = {
      "agent-mx": isKept("both-have-this-one", 0),
      "agent-pe": isKept("both-have-this-one", 0),
    };
    const context = prepare((await update([MX, PE], SETTINGS, shared)).recording);
    const [found] = RULES.filter(({ name }) => name === "no-shared-credential").flatMap((rule) =>
      findings(rule, context),
    );
    expect(found?.message).toMatch(/^agent-pe-client \(.*\) of tenant pe uses the same credential/);
  });
});

describe("a secret that leaked", () => {
  it("is refused at once, alone, with the one before it", async () => {
    const known = {
      "agent-mx": isKept("leaked", NOW - DAY, before("before", NOW - 91 * DAY, NOW + DAY)),
      "agent-pe": isKept("fine", NOW - DAY),
    };
    const done = await update([MX, PE], withLeaks({ "agent-mx": "2027-01-15T07:00:00Z" }), known);
    expect(client(done, "agent-mx").inputs["extraConfig"]).toEqual({
      "atalaya.rotation": "on",
      "client.secret.expiration.time": "2147483647",
      "client.secret.rotated.creation.time": `${NOW}`,
      "client.secret.rotated.expiration.time": "1",
    });
    expect(password(done, "agent-pe")).toMatchObject({ keepers: { since: `${NOW - DAY}` } });
    expect(done.logged).toEqual([
      "info: Client secret renewed because it leaked: agent-mx. No earlier one works any more, and tokens by it end within 5 minutes.",
    ]);
  });

  it("is refused at once when it is the previous one by now; the current one stays", async () => {
    const known = {
      "agent-mx": isKept("newer", NOW - DAY, before("leaked", NOW - 91 * DAY, NOW + 6 * DAY)),
      "agent-pe": isKept("fine", NOW - DAY, before("fine-too", NOW - 91 * DAY, NOW + 6 * DAY)),
    };
    // Two days ago: a day before the secret was renewed.
    const done = await update([MX, PE], withLeaks({ "agent-mx": "2027-01-13T08:00:00Z" }), known);
    expect(client(done, "agent-mx").inputs["extraConfig"]).toEqual({
      "atalaya.rotation": "on",
      "client.secret.expiration.time": "2147483647",
      "client.secret.rotated.creation.time": `${NOW - DAY}`,
      "client.secret.rotated.expiration.time": "1",
    });
    expect(password(done, "agent-mx")).toMatchObject({ keepers: { since: `${NOW - DAY}` } });
    expect(client(done, "agent-pe").inputs["extraConfig"]).toMatchObject({
      "client.secret.rotated": "fine-too",
    });
    expect(done.logged).toEqual([
      "info: Previous client secret refused from now on because it leaked: agent-mx. The current one is newer and stays, and tokens by the previous one end within 5 minutes.",
    ]);
  });

  it("has to be a client's, and to have leaked already: else nothing is begun", async () => {
    const wrong = withLeaks({ "agent-mexico": "2027-01-15T07:00:00Z", "agent-mx": "2027-01-15T08:00:01Z" });
    await expect(update([MX], wrong, {})).rejects.toThrow(
      "atalaya:clientSecrets.leaked.agent-mexico is no agent's and no service's client id, so that nothing would be renewed. Look it up: pulumi stack output tenants.\n" +
        "atalaya:clientSecrets.leaked.agent-mx 2027-01-15T08:00:01Z has not come yet, so that every update until then would renew it. Write when it was known, in UTC.",
    );
  });
});

describe("what clients have, as the state says it", () => {
  const secret = (value: unknown) => ({
    [pulumi.runtime.specialSigKey]: pulumi.runtime.specialSecretSig,
    value,
  });
  const inside = (value: pulumi.Output<string> | undefined): Promise<string> =>
    new Promise((resolve) => value?.apply(resolve));

  it("is read wrapped or plain, and is a secret again", async () => {
    const state = {
      a: {
        type: "keycloak:openid/client:Client",
        outputs: {
          clientId: "agent-mx",
          clientSecret: secret("current"),
          extraConfig: secret({
            "client.secret.rotated": secret("previous"),
            "client.secret.rotated.creation.time": "5",
            "client.secret.rotated.expiration.time": "9",
            "atalaya.rotation.previous.since": "3",
          }),
        },
      },
      b: { type: "keycloak:openid/client:Client", outputs: { clientId: "atalaya-cli", clientSecret: "" } },
      c: { type: "docker:index/volume:Volume", outputs: { clientId: "agent-pe", clientSecret: "x" } },
    };
    const held = heldSecrets(state);
    expect([...held.keys()]).toEqual(["agent-mx"]);
    const mx = held.get("agent-mx");
    expect([mx?.since, mx?.previous?.since, mx?.previous?.until]).toEqual([5, 3, 9]);
    expect(await pulumi.isSecret(mx?.secret as pulumi.Output<string>)).toBe(true);
    expect(await pulumi.isSecret(mx?.previous?.secret as pulumi.Output<string>)).toBe(true);
    expect([await inside(mx?.secret), await inside(mx?.previous?.secret)]).toEqual(["current", "previous"]);
  });

  it("has no age where that is no number, and no previous one whose end is none", () => {
    const pastOf = (extraConfig: Readonly<Record<string, string>>) => {
      const outputs = { clientId: "agent-mx", clientSecret: "x", extraConfig };
      const held = heldSecrets({ a: { type: "keycloak:openid/client:Client", outputs } }).get("agent-mx");
      return [held?.since, held?.previous?.since, held?.previous?.until];
    };
    const past = {
      "client.secret.rotated": "previous",
      "client.secret.rotated.creation.time": "soon",
      "client.secret.rotated.expiration.time": "9",
      "atalaya.rotation.previous.since": "long ago",
    };
    expect(pastOf(past)).toEqual([undefined, undefined, 9]);
    expect(pastOf({ ...past, "client.secret.rotated.expiration.time": "never" })).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});
