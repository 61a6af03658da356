import { readFileSync } from "node:fs";
import { Admin } from "../../src/client/keycloak-admin";
import { TOKEN_PATH } from "../../src/client/token";
import type { Lab } from "../../src/lab/lab";
import { KEYCLOAK_ADMINISTRATOR } from "../../src/model/keycloak";
import { PEOPLE_CLIENT, REALM } from "../../src/model/names";
import type { Verifier } from "../../src/model/routes";
import type { Asked } from "./load";

/** Whose requests are measured. */
export const TENANT = "mx";
export const ORGANISATION = `tenant-${TENANT}`;

export const PATHS = ["jwt", "key", "person"] as const;

/** A way of being checked, and what it should reach. */
export interface Path {
  readonly name: (typeof PATHS)[number];
  readonly what: string;
  readonly verifier: Verifier;
  readonly aim?: { readonly ratio: number; readonly cpu: number };
  /** A request with a credential that is good for the next minutes. */
  readonly ask: () => Promise<Asked>;
}

const WRITE = { method: "POST", path: "/v1/traces", body: 1_024 } as const;
const READ = { method: "GET", path: "/loki/api/v1/labels", body: 0 } as const;

export const paths = (lab: Lab): readonly Path[] => [
  {
    name: "jwt",
    what: "an agent's token, checked by Envoy",
    verifier: "agentJwt",
    aim: { ratio: 0.85, cpu: 50 },
    ask: async () => ({
      ...WRITE,
      headers: {
        authorization: `Bearer ${await lab.token(`agent-${TENANT}`)}`,
        "content-type": "application/x-protobuf",
      },
    }),
  },
  {
    name: "key",
    what: "an API key, decided by the auth service",
    verifier: "authService",
    aim: { ratio: 0.5, cpu: 200 },
    ask: () => Promise.resolve({ ...READ, headers: lab.grafana(TENANT) }),
  },
  {
    name: "person",
    what: "a person's token, decided by the auth service",
    verifier: "authService",
    ask: async () => ({ ...READ, headers: { authorization: `Bearer ${await personToken(lab)}` } }),
  },
];

interface Outputs {
  readonly administrators: { readonly keycloak: { readonly password: string } };
  readonly tenants: Readonly<
    Record<string, { readonly users: Readonly<Record<string, { readonly password: string }>> }>
  >;
}

/**
 * A token that Keycloak gives a demonstration user. The realm lets people have one by a code in a browser alone; for the bench its
 * client takes a password as well, which changes nothing in the token.
 */
async function personToken({ urls, outputsFile }: Lab): Promise<string> {
  const outputs = JSON.parse(readFileSync(outputsFile, "utf8")) as Outputs;
  const [username, user] = Object.entries(outputs.tenants[TENANT]?.users ?? {})[0] ?? [];
  if (username === undefined || user === undefined) throw new Error(`Tenant ${TENANT} has no user.`);
  const { password } = outputs.administrators.keycloak;
  const admin = new Admin({ url: urls.keycloak, user: KEYCLOAK_ADMINISTRATOR, password });
  const [client] = await admin.list(`/realms/${REALM}/clients?clientId=${PEOPLE_CLIENT}`);
  if (client === undefined) throw new Error(`The realm has no client ${PEOPLE_CLIENT}.`);
  if (client["directAccessGrantsEnabled"] !== true)
    await admin.update(`/realms/${REALM}/clients/${String(client["id"])}`, {
      ...client,
      directAccessGrantsEnabled: true,
    });
  const answer = await fetch(`${urls.keycloak}${TOKEN_PATH}`, {
    method: "POST",
    body: new URLSearchParams({
      ...{ grant_type: "password", client_id: PEOPLE_CLIENT, username },
      ...{ password: user.password },
    }),
  });
  const { access_token: token } = (await answer.json()) as { access_token?: string };
  if (token === undefined) throw new Error(`Keycloak gives ${username} no token: ${answer.status}`);
  return token;
}
