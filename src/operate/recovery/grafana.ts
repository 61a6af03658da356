import { ClientError } from "../../client/error";
import { unreachable } from "../../client/reach";
import { setting, type Settings } from "./credentials";
import type { GrafanaPlace } from "./rules";
import type { Server } from "./servers";

/** For each answer. Milliseconds. */
const TIMEOUT_MS = 15_000;

/** Grafana, by its HTTP API, as its administrator. */
export function grafanaServer(settings: Settings): Server<GrafanaPlace> {
  const [url, auth] = [setting(settings, "url"), setting(settings, "auth")];
  const call = async (method: string, path: string, organisation?: string): Promise<unknown> => {
    try {
      const response = await fetch(`${url}/api${path}`, {
        method,
        headers: {
          authorization: `Basic ${Buffer.from(auth).toString("base64")}`,
          ...(organisation !== undefined && { "x-grafana-org-id": organisation }),
        },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const text = await response.text();
      if (response.status === 404) return undefined;
      if (!response.ok) throw new ClientError(refused(method, path, response.status));
      return JSON.parse(text) as unknown;
    } catch (error) {
      throw unreachable("Grafana", url, error);
    }
  };
  return {
    async find(place) {
      if (place.kind === "dataSource") {
        const found = await call(
          "GET",
          `/datasources/uid/${encodeURIComponent(place.uid)}`,
          place.organisation,
        );
        return found === undefined ? undefined : { id: `${place.organisation}:${place.uid}`, ours: true };
      }
      const found = await call("GET", `/orgs/name/${encodeURIComponent(place.name)}`);
      if (found === undefined) return undefined;
      const { id } = found as { readonly id: number };
      return { id: String(id), ours: true, outputs: { orgId: id } };
    },
    async remove(place) {
      if (place.kind !== "dataSource")
        throw new Error(`The organisation ${place.name} holds data: it is never removed.`);
      await call("DELETE", `/datasources/uid/${encodeURIComponent(place.uid)}`, place.organisation);
    },
  };
}

const refused = (method: string, path: string, status: number): string =>
  status === 401 || status === 403
    ? "Grafana refuses the administrator's user name or password that the stack's state holds. Was the password changed by hand?"
    : `Grafana: ${method} ${path}: ${status}.`;
