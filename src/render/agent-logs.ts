import { DEFAULT_LOG_CLASS, LOG_CLASS_ATTRIBUTE } from "../model/log-class";
import type { Tenant } from "../model/tenant";
import { largestBatch } from "./agent-exporter";
import type { Transform } from "./pipeline";

/**
 * Loki refuses a longer line, and a record that fits no batch would be dropped with its neighbours: its beginning is kept.
 * An attribute likewise.
 */
export function fit(limits: Tenant["limits"]): Transform {
  const room = largestBatch("logs", limits) / 2;
  const line = Math.floor(Math.min(limits.logs.lineSize, room));
  const attribute = Math.floor(Math.min(limits.logs.metadataSize, room / 2));
  return logs("log", [
    `set(log.body.string, Substring(log.body.string, 0, ${line}, true)) where IsString(log.body) and Len(log.body.string) > ${line}`,
    `truncate_all(log.attributes, ${attribute})`,
  ]);
}

/** Retention goes by the class: what no retention knows is of the default one. */
export function classify({ retention }: Pick<Tenant, "retention">): Transform {
  const attribute = `resource.attributes[${JSON.stringify(LOG_CLASS_ATTRIBUTE)}]`;
  const known = Object.keys(retention.logs)
    .sort()
    .map((name) => `${attribute} == ${JSON.stringify(name)}`);
  return logs("resource", [
    `set(${attribute}, ${JSON.stringify(DEFAULT_LOG_CLASS)}) where not (${known.join(" or ")})`,
  ]);
}

const logs = (context: "log" | "resource", statements: readonly string[]): Transform => ({
  kind: "transform",
  statements: { logs: [{ context, statements }] },
});
