import { EdgeClient } from "../../../src/client/edge";
import { traceId } from "../../../src/client/telemetry";
import type { Lab } from "../../../src/lab/lab";
import type { Signal } from "../../../src/model/names";

/** Loki's own most for one answer. */
const LINES = 5_000;
const AT_ONCE = 8;
const HOUR_S = 3_600;

/** How often the backends show each mark of a tenant's, through the edge and by the tenant's own key. */
export type Shown = ReadonlyMap<string, number>;

/** Marks that begin with `prefix`, in the tenant's log lines of the last hour. Throws when there are more than one answer holds. */
export async function shownLogs(lab: Lab, tenant: string, prefix: string): Promise<Shown> {
  const now = Math.floor(Date.now() / 1_000);
  const query = new URLSearchParams({
    query: `{service_name=~".+"} |= "${prefix}"`,
    start: `${now - HOUR_S}`,
    end: `${now + 60}`,
    limit: `${LINES}`,
  });
  const body = await asked(lab, tenant, `/loki/api/v1/query_range?${query.toString()}`);
  const { data } = JSON.parse(body) as {
    data: { result: readonly { values: readonly [string, string][] }[] };
  };
  const lines = data.result.flatMap(({ values }) => values.map(([, line]) => line));
  if (lines.length >= LINES) throw new Error(`more than ${LINES} lines of ${prefix}`);
  return counted(lines);
}

/** Metrics whose names begin with `prefix`, each of which is shown once however often it came. */
export async function shownMetrics(lab: Lab, tenant: string, prefix: string): Promise<Shown> {
  const now = Math.floor(Date.now() / 1_000);
  const query = new URLSearchParams({
    "match[]": `{__name__=~"${prefix}.*"}`,
    start: `${now - HOUR_S}`,
    end: `${now + 60}`,
  });
  const body = await asked(lab, tenant, `/prometheus/api/v1/series?${query.toString()}`);
  const { data } = JSON.parse(body) as { data: readonly { __name__: string }[] };
  return counted(data.map(({ __name__: name }) => name));
}

/** Of these marks those whose trace is there. */
export async function shownTraces(lab: Lab, tenant: string, marks: readonly string[]): Promise<Shown> {
  const found: string[] = [];
  const left = [...marks];
  const ask = async (): Promise<void> => {
    for (let mark = left.pop(); mark !== undefined; mark = left.pop()) {
      const answer = await client(lab).ask("query", `/tempo/api/traces/${traceId(mark)}`, {
        headers: lab.grafana(tenant),
      });
      if (answer.status === 200) found.push(mark);
      else if (answer.status !== 404) throw new Error(`traces: ${answer.status} ${answer.body}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, ask));
  return counted(found);
}

/** What a tenant is shown of these marks, whatever they are. */
export function shown(lab: Lab, tenant: string, signal: Signal, marks: readonly string[]): Promise<Shown> {
  const prefix = commonPrefix(marks);
  switch (signal) {
    case "logs":
      return shownLogs(lab, tenant, prefix);
    case "metrics":
      return shownMetrics(lab, tenant, prefix);
    case "traces":
      return shownTraces(lab, tenant, marks);
    default:
      return signal satisfies never;
  }
}

function commonPrefix([first = "", ...others]: readonly string[]): string {
  let length = first.length;
  while (!others.every((other) => other.startsWith(first.slice(0, length)))) length--;
  return first.slice(0, length);
}

const client = (lab: Lab): EdgeClient => new EdgeClient(lab, { timeoutMs: 60_000 });

async function asked(lab: Lab, tenant: string, path: string): Promise<string> {
  const { status, body } = await client(lab).ask("query", path, { headers: lab.grafana(tenant) });
  if (status !== 200) throw new Error(`${path}: ${status} ${body}`);
  return body;
}

function counted(marks: readonly string[]): Shown {
  const counts = new Map<string, number>();
  for (const mark of marks) counts.set(mark, (counts.get(mark) ?? 0) + 1);
  return counts;
}
