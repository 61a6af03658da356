import { LISTENERS } from "../model/routes";
import type { Topology } from "../model/topology";
import { httpUrl } from "../model/topology";
import { LabError } from "./error";
import { waitUntil } from "./servers/net";

/** What Envoy says of itself, on its health listener. */
export class EdgeStatus {
  constructor(private readonly topology: Topology) {}

  /** The sum over all its labels of a counter, by its Prometheus name. */
  async counter(name: string): Promise<number> {
    const response = await fetch(`${httpUrl(this.topology.services.envoy, "health")}/stats/prometheus`, {
      signal: AbortSignal.timeout(5_000),
    });
    const lines = (await response.text()).split("\n").filter((line) => line.startsWith(`${name}{`));
    return lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
  }

  /** Until it has Keycloak's keys: each listener fetches its own. */
  hasKeys(abort?: AbortSignal): Promise<void> {
    return waitUntil(
      "Envoy to fetch Keycloak's keys",
      async () => {
        abort?.throwIfAborted();
        const fetched = await this.counter("envoy_http_jwt_authn_jwks_fetch_success");
        return fetched >= LISTENERS.length;
      },
      { timeoutMs: 30_000 },
    );
  }

  /** How many versions of a live list it has taken and refused. */
  async #list(name: string): Promise<{ readonly taken: number; readonly refused: number }> {
    const prefix = `envoy_extension_config_discovery_http_filter_atalaya_${name.replaceAll("-", "_")}`;
    const [taken, rejected, failed] = await Promise.all(
      ["config_reload", "update_rejected", "update_failure"].map((counter) =>
        this.counter(`${prefix}_${counter}`),
      ),
    );
    return { taken: taken ?? 0, refused: (rejected ?? 0) + (failed ?? 0) };
  }

  /**
   * Changes live lists by `change`, which returns the names of those it changed, and waits until Envoy works by them. Throws
   * LabError when it refuses one.
   */
  async follows(lists: readonly string[], change: () => readonly string[]): Promise<void> {
    const before = new Map(
      await Promise.all(lists.map(async (name) => [name, await this.#list(name)] as const)),
    );
    for (const name of change()) {
      const { taken = 0, refused = 0 } = before.get(name) ?? {};
      await waitUntil(`Envoy to take ${name}`, async () => {
        const now = await this.#list(name);
        if (now.refused > refused) throw new LabError(`Envoy refuses the new ${name}.`);
        return now.taken > taken;
      });
    }
  }
}
