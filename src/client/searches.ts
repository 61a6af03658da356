import type { Signal } from "../model/names";
import type { Response } from "./edge";
import { traceId } from "./telemetry";

/** How far back an item is looked for. */
const WINDOW_S = 3_600;

const withQuery = (path: string, query: Readonly<Record<string, string>>): string =>
  `${path}?${new URLSearchParams(query).toString()}`;

const PATHS: Readonly<Record<Signal, (mark: string) => string>> = {
  logs: (mark) => {
    const now = Math.floor(Date.now() / 1_000);
    return withQuery("/loki/api/v1/query_range", {
      query: `{service_name=~".+"} |= "${mark}"`,
      start: `${now - WINDOW_S}`,
      end: `${now + 60}`,
      limit: "10",
    });
  },
  metrics: (mark) => withQuery("/prometheus/api/v1/query", { query: mark }),
  traces: (mark) => `/tempo/api/traces/${traceId(mark)}`,
};

/** What to ask for a marked item (telemetry.ts). */
export const searchPath = (signal: Signal, mark: string): string => PATHS[signal](mark);

/** Whether an answer to {@link searchPath} has the item; undefined when the answer is none. */
export function hasFound(signal: Signal, mark: string, { status, body }: Response): boolean | undefined {
  // Tempo's way to say that there is none; the edge's own 404 has a code.
  if (signal === "traces" && status === 404) return body.includes("route_unknown") ? undefined : false;
  if (status !== 200) return undefined;
  const answer = parsed(body);
  if (answer === undefined) return undefined;
  // Whatever its place: an answer that names the mark is not empty.
  return signal === "traces" ? Object.values(answer).some(holds) : body.includes(mark);
}

function parsed(body: string): object | undefined {
  try {
    const answer: unknown = JSON.parse(body);
    return typeof answer === "object" && answer !== null ? answer : undefined;
  } catch {
    return undefined;
  }
}

const holds = (value: unknown): boolean =>
  typeof value === "object" && value !== null && Object.keys(value).length > 0;
