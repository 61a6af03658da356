import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { parseOutputs, type TenantOutputs } from "../../../src/client/outputs";
import type { Lab } from "../../../src/lab/lab";
import { defaultAgentId, PEOPLE_CLIENT, type TenantId } from "../../../src/model/names";
import { ROUTES } from "../../../src/model/routes";
import { send, type Header, type Incoming } from "../isolation/wire";
import { request } from "../isolation/world";
import { sendAll } from "./senders";
import { itemOf, signalOf, type Actor } from "./try";

const bearer = (token: string): Header => ["authorization", `Bearer ${token}`];

/** With its agent's token and Grafana's key: what every tenant has. */
export async function withAgents(lab: Lab, ids: readonly string[]): Promise<readonly Actor[]> {
  const { tenants } = parseOutputs(readFileSync(lab.outputsFile, "utf8"));
  const actors: Actor[] = [];
  for (const id of ids)
    actors.push({
      id,
      organisation: `tenant-${id}`,
      credentials: {
        "agent's token": bearer(await lab.token(defaultAgentId(id as TenantId))),
        "declared key": bearer(tenants[id]?.readKey ?? ""),
      },
    });
  return actors;
}

const post = (lab: Lab, path: string, type: string, body: string, credential?: Header): Promise<Incoming> =>
  send(lab, {
    ...{ listener: "otlpHttp", method: "POST", path, source: "127.9.1.1", body: Buffer.from(body) },
    headers: [["content-type", type], ...(credential === undefined ? [] : [credential])],
  });

/** And what a tenant's people have: their own token, and a key that one of them made with all rights there are. */
export async function withPeople(lab: Lab, actors: readonly Actor[]): Promise<readonly Actor[]> {
  const { tenants } = parseOutputs(readFileSync(lab.outputsFile, "utf8"));
  return Promise.all(
    actors.map(async (actor) => {
      const person = bearer(await personToken(lab, `${actor.id}-admin`, tenants[actor.id]));
      const rights = ["metrics", "logs", "traces"].flatMap((of) => [`${of}:read`, `${of}:write`]);
      const wanted = JSON.stringify({ label: "of the matrix", rights });
      const made = await post(lab, "/api/api-keys", "application/json", wanted, person);
      expect([actor.id, made.status]).toEqual([actor.id, 201]);
      const { key } = JSON.parse(made.body) as { readonly key: string };
      const more = { "own key": ["x-api-key", key], "person's token": person } as const;
      return { ...actor, credentials: { ...actor.credentials, ...more } };
    }),
  );
}

async function personToken(lab: Lab, username: string, of: TenantOutputs | undefined): Promise<string> {
  const form = new URLSearchParams({
    ...{ grant_type: "password", client_id: PEOPLE_CLIENT, username },
    password: of?.users[username]?.password ?? "",
  });
  const answer = await post(lab, "/api/token", "application/x-www-form-urlencoded", form.toString());
  expect([username, answer.status]).toEqual([username, 200]);
  return (JSON.parse(answer.body) as { readonly access_token: string }).access_token;
}

/** Each writes one item of each signal, which everybody then looks for. Each is stored once, for its own tenant. */
export async function plantItems(lab: Lab, actors: readonly Actor[]): Promise<void> {
  const routes = ROUTES.filter(({ id }) => /^otlp-http-[a-z]+$/.test(id) && !id.endsWith("-key"));
  const items = actors.flatMap((actor) => routes.map((route) => ({ actor, route })));
  const bad: string[] = [];
  await sendAll(
    lab,
    items,
    ({ actor, route }) => {
      const credential = actor.credentials["agent's token"];
      if (credential === undefined) throw new Error(`${actor.id} has no agent`);
      return request(route, "otlpHttp", itemOf(actor, signalOf(route)), [credential]);
    },
    ({ actor, route }, { status, body }) => {
      if (status !== 200) bad.push(`${actor.id} ${route.id}: ${status} ${body}`);
    },
  );
  expect(bad).toEqual([]);
  const stored = items.flatMap(({ actor, route }) => {
    const contains = itemOf(actor, signalOf(route));
    const tenants = lab.stored({ contains }).map(({ tenant }) => tenant);
    return tenants.join() === actor.organisation ? [] : [`${actor.id} ${route.id}: ${tenants.join()}`];
  });
  expect(stored).toEqual([]);
}
