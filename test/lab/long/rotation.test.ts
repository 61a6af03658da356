import * as pulumi from "@pulumi/pulumi";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applyRecording, type Applied } from "../../../src/lab/keycloak/apply";
import { Secrets } from "../../../src/lab/keycloak/secrets";
import { GRAFANA_CLIENT } from "../../../src/model/names";
import type { Recording } from "../../../src/model/recording";
import type { ClientSecrets, Held, Moment } from "../../../src/model/rotation";
import type { Tenant } from "../../../src/model/tenant";
import { duration } from "../../../src/model/units";
import { secretMarkers } from "../../../src/preview/computed";
import { secretMarker } from "../../../src/preview/markers";
import { record } from "../../../src/preview/recorder";
import { defineEnvironment } from "../../../src/stack/program";
import { renderStack } from "../../../src/stack/render";
import { waitUntil } from "../../servers";
import { RealKeycloak, ROTATING, START, recordDev, shipped } from "../keycloak";

const AGENT = "agent-mx";
const DAY = duration("1d");
const now = (): Moment => Math.floor(Date.now() / 1_000) as Moment;

type Known = Readonly<Record<string, Held<string>>>;

/** The shipped dev environment whose clients have these secrets. */
function rotated(known: Known, settings: Partial<ClientSecrets> = {}, tenants = shipped.tenants) {
  const environment = { ...shipped.environment, clientSecrets: { ...ROTATING, ...settings } };
  const { project, config } = shipped.stackConfig;
  const secret = (value: string) => pulumi.secret(value);
  return record(
    () => {
      const held = Object.entries(known).map(([id, one]): [string, Held<pulumi.Output<string>>] => [
        id,
        {
          ...one,
          secret: secret(one.secret),
          previous: one.previous && { ...one.previous, secret: secret(one.previous.secret) },
        },
      ]);
      return defineEnvironment({
        ...renderStack(environment, tenants),
        authImage: { context: ".cache/auth-image", tag: "0123456789ab" },
        secret,
        instant: { now: now(), held: new Map(held) },
      });
    },
    { project, stack: "dev", config, onLog: () => undefined },
  );
}

describe("a client's secrets in a real Keycloak", { timeout: 120_000 }, () => {
  let real: RealKeycloak;
  let first: string;

  beforeAll(async () => {
    real = await RealKeycloak.start();
    await real.apply(await recordDev());
    first = real.clientSecret(AGENT);
  }, START);
  afterAll(() => (real as RealKeycloak | undefined)?.[Symbol.asyncDispose]());

  /** Applies with a value of its own for the agent's new secret; all other secrets stay. */
  function apply(recording: Recording, secret: string): Promise<Applied> {
    const secrets = new Secrets(recording);
    secrets.set(
      secretMarker("random:index/randomPassword:RandomPassword", `${AGENT}-secret`, "result"),
      secret,
    );
    const given = secretMarkers(recording).filter((marker) => !marker.includes(`:${AGENT}-secret:`));
    for (const marker of given) secrets.set(marker, real.secrets.of(marker));
    return applyRecording(recording, { admin: real.admin, secrets });
  }

  /** Whether each of these gets a token. */
  const accepted = async (...tried: readonly string[]) => {
    const answers = [];
    for (const secret of tried)
      answers.push((await real.agentToken(AGENT, { client_secret: secret })).status);
    return answers;
  };

  const SECOND = "second-secret-of-agent-mx";
  const THIRD = "third-secret-of-agent-mx";
  const FOURTH = "fourth-secret-of-agent-mx";
  const WRONG = ["", "wrong", "**********"];

  const fresh = (secret: string): Held<string> => ({ secret, since: undefined, previous: undefined });

  it("are both accepted from the update on that begins to renew them", async () => {
    const applied = await apply(await rotated({ [AGENT]: fresh(first) }), SECOND);
    expect(applied.created.map((urn) => urn.split("::").at(-1))).toEqual([
      "client-secrets-profile",
      "client-secrets-policy",
    ]);
    expect(await accepted(first, SECOND, ...WRONG)).toEqual([200, 200, 401, 401, 401]);
    expect(await accepted(real.clientSecret("agent-pe"))).toEqual([401]);
  });

  it("are both accepted after updates in between, whatever these change", async () => {
    const since = (now() - DAY) as Moment;
    const held = {
      secret: SECOND,
      since,
      previous: { secret: first, since: undefined, until: (now() + DAY) as Moment },
    };
    const recording = await rotated({ [AGENT]: held });
    await apply(recording, SECOND);
    expect(await accepted(first, SECOND, ...WRONG)).toEqual([200, 200, 401, 401, 401]);
    expect(await apply(recording, SECOND)).toMatchObject({ created: [], changed: [], removed: [] });

    const [co, mx, pe] = shipped.tenants as readonly [Tenant, Tenant, Tenant];
    const suspended = await rotated({ [AGENT]: held }, {}, [co, { ...mx, state: "suspended" }, pe]);
    await apply(suspended, SECOND);
    expect(await accepted(first, SECOND)).toEqual([401, 401]);
    await apply(recording, SECOND);
    expect(await accepted(first, SECOND)).toEqual([200, 200]);
  });

  it("are one again when the overlap is over, without any update", async () => {
    const since = (now() - 90 * DAY) as Moment;
    const held = {
      secret: SECOND,
      since,
      previous: { secret: first, since: undefined, until: (now() - DAY) as Moment },
    };
    await apply(await rotated({ [AGENT]: held }, { overlap: duration("30s") }), THIRD);
    expect(await accepted(SECOND, THIRD, first, ...WRONG)).toEqual([200, 200, 401, 401, 401, 401]);
    await waitUntil("the end of the overlap", async () => (await accepted(SECOND))[0] === 401, {
      timeoutMs: 60_000,
      everyMs: 500,
    });
    expect(await accepted(THIRD, SECOND, first, ...WRONG)).toEqual([200, 401, 401, 401, 401, 401]);
  });

  it("are refused at once when they leaked, the previous one too", async () => {
    const since = (now() - DAY) as Moment;
    const older = { secret: SECOND, since: (since - DAY) as Moment, until: (now() + DAY) as Moment };
    const held = { secret: THIRD, since, previous: older };
    await apply(await rotated({ [AGENT]: held }), THIRD);
    expect(await accepted(THIRD, SECOND)).toEqual([200, 200]);
    expect((await real.clients()).get(AGENT)?.["attributes"]).toMatchObject({
      "atalaya.rotation.previous.since": `${older.since}`,
    });
    // Known before THIRD was made: that one stays.
    await apply(await rotated({ [AGENT]: held }, { leaked: { [AGENT]: since } }), THIRD);
    expect(await accepted(THIRD, SECOND, ...WRONG)).toEqual([200, 401, 401, 401, 401]);
    await apply(await rotated({ [AGENT]: held }), THIRD);
    expect(await accepted(THIRD, SECOND)).toEqual([200, 200]);
    await apply(await rotated({ [AGENT]: held }, { leaked: { [AGENT]: now() } }), FOURTH);
    expect(await accepted(FOURTH, THIRD, SECOND, ...WRONG)).toEqual([200, 401, 401, 401, 401, 401]);
  });

  it("have an end nowhere else: Grafana's and Keycloak's own clients are left alone", async () => {
    const ends = [...(await real.clients())].flatMap(([id, { attributes }]) =>
      Object.hasOwn(attributes as object, "client.secret.expiration.time") ? [id] : [],
    );
    const programs = shipped.tenants.flatMap(({ agents, services }) => [
      ...agents.map(({ id }) => String(id)),
      ...services.map(({ clientId }) => String(clientId)),
    ]);
    expect(ends.sort()).toEqual(programs.sort());
    expect(ends).not.toContain(GRAFANA_CLIENT);
    const login = await real.logIn("mx-admin", real.password("mx-admin-password"));
    expect(login).toMatchObject({ aud: GRAFANA_CLIENT });
  });
});
