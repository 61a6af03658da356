import type { OutgoingHttpHeaders } from "node:http";
import type { Received } from "./received";
import type { Store } from "./store";

export interface Answer {
  readonly status: number;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Buffer;
}

export const json = (body: unknown): Answer => ({
  status: 200,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

/** What the real one answers, as far as its askers can tell: nothing without a tenant, and reads find what was stored. */
export function usualAnswer(asked: Omit<Received, "status">, store: Store): Answer {
  if (asked.kind === "unknown") return { status: 404, body: "404 page not found\n" };
  if (asked.tenant === undefined || asked.tenant === "") return { status: 401, body: "no org id\n" };
  if (asked.kind === "write") return written(asked);
  const found = needles(asked).filter((needle) => isStored(asked, needle, store));
  switch (asked.backend) {
    case "mimir":
      return json({ status: "success", data: { resultType: "vector", result: found.map(sample) } });
    case "loki":
      return json({
        status: "success",
        data: { resultType: "streams", result: found.map(stream), stats: {} },
      });
    case "tempo":
      return tempo(asked, found);
    default:
      return asked.backend satisfies never;
  }
}

const written = ({ path }: Omit<Received, "status">): Answer =>
  path.endsWith("/push") && path.startsWith("/loki") ? { status: 204 } : { status: 200 };

const sample = (name: string) => ({ metric: { __name__: name }, value: [Date.now() / 1_000, "1"] });
const stream = (line: string) => ({ stream: {}, values: [[`${Date.now()}000000`, line]] });

const TRACE = /^\/api\/(?:v2\/)?traces\/([0-9a-f]{1,32})$/;

function tempo({ path }: Omit<Received, "status">, found: readonly string[]): Answer {
  if (!TRACE.test(path)) return json({ traces: found.map((traceID) => ({ traceID })) });
  return found.length === 0 ? { status: 404, body: "trace not found\n" } : json({ trace: { id: found[0] } });
}

/** What is asked for: a trace's id, or every word of the query's own text that is long enough to be somebody's mark. */
function needles({ path, query, body }: Omit<Received, "status">): readonly string[] {
  const trace = TRACE.exec(path)?.[1];
  if (trace !== undefined) return [trace];
  const asked = new URLSearchParams(`${query}&${body.toString()}`);
  const text = ["query", "match[]", "q", "tags"].flatMap((name) => asked.getAll(name)).join(" ");
  return [...new Set(text.match(/[A-Za-z0-9_:.-]{8,}/g))];
}

function isStored({ backend, tenant = "" }: Omit<Received, "status">, needle: string, store: Store): boolean {
  const here = { backend, tenant };
  if (store.recentlyStored({ ...here, contains: needle }).length > 0) return true;
  return (
    backend === "tempo" &&
    /^[0-9a-f]{32}$/.test(needle) &&
    store.recentlyStored({ ...here, contains: Buffer.from(needle, "hex") }).length > 0
  );
}
