import { request } from "node:http";
import type { Lab } from "../../../src/lab/lab";
import { loopback } from "../../../src/lab/servers/net";
import { REQUESTED_TENANT_HEADER, TENANT_HEADER } from "../../../src/model/headers";
import type { Verdict } from "./cases";
import type { Credentials } from "./world";

/** What the auth service is given by Envoy: what was asked for stands in a header of our own, its first value. */
function asEnvoySends(credentials: Credentials): Credentials {
  const asked = credentials.find(([name]) => name.toLowerCase() === TENANT_HEADER)?.[1] ?? "";
  const ours = [TENANT_HEADER, REQUESTED_TENANT_HEADER];
  const rest = credentials.filter(([name]) => !ours.includes(name.toLowerCase()));
  return asked === "" ? rest : [...rest, [REQUESTED_TENANT_HEADER, asked]];
}

/** What the auth service itself decides, asked as Envoy asks it. */
export function authz(lab: Lab, method: string, path: string, credentials: Credentials): Promise<Verdict> {
  const { http: port } = lab.topology.services.auth.ports;
  const headers = [["host", "edge"], ["content-length", "0"], ...asEnvoySends(credentials)].flat();
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: loopback, port, method, path: `/authz${path}`, headers, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          const { statusCode = 0, headers: answered } = response;
          if (statusCode === 200) {
            resolve(String(answered[TENANT_HEADER]) as Verdict);
            return;
          }
          const { code } = JSON.parse(Buffer.concat(chunks).toString()) as { readonly code?: string };
          resolve(`${statusCode} ${String(code)}` as Verdict);
        });
      },
    );
    asked.on("error", reject).end();
  });
}
