import type { Lab } from "../../../src/lab/lab";
import type { Incoming } from "./wire";

/** Names of what runs inside, of clients and organisations: no answer to a stranger holds one. */
const INNER =
  /\b(tenant-|agent-|service-|grafana|keycloak|envoy|alloy|otelcol|collector|mimir|loki|tempo|redis|postgres|localhost|observability)|127\.\d+\.\d+\.\d+|\bdial tcp\b/i;

/** What may hold digits that look like a port. */
const OPAQUE = ["date", "x-request-id", "content-length"];

/** What an answer of the edge gives away: headers and body. */
export function leaks({ headers, body }: Incoming, lab: Lab): readonly string[] {
  const shown = [
    ...Object.entries(headers)
      .filter(([name]) => !OPAQUE.includes(name))
      .map(([name, value]) => `${name}: ${String(value)}`),
    body,
  ];
  const inner = new RegExp(
    [
      INNER.source,
      `\\b(${lab.tenants.map(({ id }) => id).join("|")})\\b`,
      `\\b(${ports(lab).join("|")})\\b`,
    ].join("|"),
    "i",
  );
  return shown
    .filter((text) => inner.test(text))
    .map((text) => `the answer names somebody: ${text.slice(0, 200)}`);
}

const ports = (lab: Lab): readonly number[] =>
  Object.values(lab.topology.services).flatMap((place) => Object.values<number>(place.ports));
