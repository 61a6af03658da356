import { readFileSync } from "node:fs";
import { Admin } from "../../../src/client/keycloak-admin";
import { KeyProbe } from "../../../src/client/key-probe";
import { parseOutputs } from "../../../src/client/outputs";
import { KeyRotation, type RotationOptions } from "../../../src/client/rotate-keys";
import type { Lab } from "../../../src/lab/lab";
import { REALM } from "../../../src/model/names";

/** As the command has it: by the stack's outputs. */
export function rotationOf(lab: Lab, more: Partial<RotationOptions> = {}): KeyRotation {
  return new KeyRotation({ admin: adminOf(lab), probe: probeOf(lab), ...more });
}

const outputsOf = (lab: Lab) => parseOutputs(readFileSync(lab.outputsFile, "utf8"));

export function adminOf(lab: Lab): Admin {
  const { keycloakUrl, administrators } = outputsOf(lab);
  return new Admin({ url: keycloakUrl, ...administrators.keycloak });
}

export function probeOf(lab: Lab): KeyProbe {
  const { keycloakUrl, endpoints, caCertificate } = outputsOf(lab);
  return new KeyProbe({ urls: endpoints, ca: caCertificate }, keycloakUrl);
}

/** How often Keycloak was asked for its keys, as it counts itself. */
export async function keyFetches(lab: Lab): Promise<number> {
  const { host, ports } = lab.topology.services.keycloak;
  const response = await fetch(`http://${host}:${ports.management}/metrics`);
  const lines = (await response.text())
    .split("\n")
    .filter((line) => line.startsWith("http_server_requests_seconds_count{") && line.includes("/certs"));
  return lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}

export const kidOf = (token: string): string =>
  (JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()) as { kid: string }).kid;

/** As Keycloak's own, with a key that nobody ever had. */
export function strangersToken(lab: Lab, kid: string): string {
  const now = Math.floor(Date.now() / 1_000);
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = {
    iss: `${lab.urls.keycloak}/realms/${REALM}`,
    aud: "atalaya-edge",
    azp: "agent-mx",
    tenant_id: "tenant-mx",
  };
  return `${part({ alg: "RS256", typ: "JWT", kid })}.${part({ ...claims, iat: now, exp: now + 300 })}.${"A".repeat(342)}`;
}

/** The kinds of keys that are none of a rotation's business, with their states. */
export async function otherKeys(lab: Lab): Promise<readonly unknown[]> {
  const { keys } = (await adminOf(lab).get(`/realms/${REALM}/keys`)) as {
    readonly keys: readonly { readonly kid: string; readonly status: string; readonly algorithm: string }[];
  };
  return keys
    .filter(({ algorithm }) => algorithm !== "RS256")
    .map(({ kid, status, algorithm }) => [kid, status, algorithm])
    .sort();
}
