import { expect } from "vitest";
import type { Received } from "../../../src/lab/backends/received";
import type { Lab } from "../../../src/lab/lab";
import {
  BINDING_HEADER,
  CREDENTIAL_HEADERS,
  LABEL_POLICY_HEADER,
  REQUESTED_TENANT_HEADER,
  UNTRUSTED_HEADERS,
} from "../../../src/model/headers";
import { orgId, PLATFORM_TENANT } from "../../../src/model/names";
import { Audit, type AuditRecord } from "./audit";
import { leaks } from "./names";
import type { Header, Incoming } from "./wire";

/** `401 token_invalid` */
export type Refusal = `${400 | 401 | 403 | 404 | 413 | 429 | 503} ${string}`;

/** What has to come of a request. */
export type Outcome =
  /** Reached a backend, once, as this organisation. */
  | { readonly as: string }
  /** With this status and `code` of our JSON, or one of these; over gRPC with the status that stands for it. */
  | { readonly refused: Refusal | readonly Refusal[] }
  /** Refused before anybody looked at it: the protocol's own way to say so. */
  | { readonly malformed: true };

export interface Attempt {
  /** The row of the list of cases, and what is tried. */
  readonly what: string;
  readonly mark: string;
  readonly source: string;
  readonly outcome: Outcome;
  readonly answer: Incoming;
  /** What no log may hold. */
  readonly headers: readonly Header[];
  /** Its route in the table, where it has one. */
  readonly route?: string;
  readonly grpc?: boolean;
}

/** Stands in every forged header's value, so that it is found wherever it comes out. */
export const FORGED = "forged";
const NEVER_SENT_ON = new Set([
  ...[...CREDENTIAL_HEADERS, REQUESTED_TENANT_HEADER, BINDING_HEADER, LABEL_POLICY_HEADER],
  ...UNTRUSTED_HEADERS,
]);

/** As the edge maps it, so that senders keep what is not final: 429 is UNAVAILABLE. */
const GRPC: Readonly<Record<number, number>> = { 401: 16, 403: 7, 404: 12, 413: 8, 429: 14, 503: 14 };
const GRPC_MALFORMED = 13;
/** Of what is wrong: more say nothing more. */
const SHOWN = 40;
const MARK = /iso_[a-z0-9]{12}/g;

let [counter, sources] = [0, 0];
const run = Math.random().toString(36).slice(2, 6).padEnd(4, "0");

/** What the auth service says of itself, by no request of ours: its traces, and its audit of the tenant API. */
export const isOurs = ({ backend, tenant, path, body }: Received): boolean =>
  (backend === "tempo" && path === "/v1/traces" && tenant === orgId(PLATFORM_TENANT)) ||
  (backend === "loki" && body.includes('"job":"audit_logs"'));

/** The requests of a file: what each was answered, where it went, and what the audit says of it. */
export class Ledger {
  readonly attempts: Attempt[] = [];
  readonly #audit: Audit;

  constructor(private readonly lab: Lab) {
    lab.store.clear();
    this.#audit = new Audit(lab, () => this.source());
  }

  /** Found again in whatever arrives. */
  mark(): string {
    return `iso_${run}${(counter++).toString(36).padStart(8, "0")}`;
  }

  /** An address of loopback that nobody had before. */
  source(): string {
    sources++;
    return `127.${10 + (sources >> 16)}.${(sources >> 8) & 255}.${sources & 255}`;
  }

  add(attempt: Attempt): void {
    this.attempts.push(attempt);
  }

  /** Waits for the records of these. */
  audit(sources: readonly string[]): Promise<void> {
    return this.#audit.settle(sources);
  }

  /** All records of a request. */
  audited(source: string): readonly AuditRecord[] {
    return this.#audit.of(source).map(({ record }) => record);
  }

  /** Holds everything that was tried against what came of it; what arrived and was not tried is a leak as well. */
  async settle(): Promise<void> {
    await this.#audit.settle(this.attempts.map(({ source }) => source));
    const arrivals = new Map<string, Received[]>();
    const strays: string[] = [];
    for (const received of this.lab.store.received()) {
      const marks = new Set(textOf(received).match(MARK));
      for (const mark of marks) arrivals.set(mark, [...(arrivals.get(mark) ?? []), received]);
      if (marks.size === 0 && !isOurs(received))
        strays.push(`${received.backend} ${received.method} ${received.path}`);
    }
    const known = new Set(this.attempts.map(({ mark }) => mark));
    const unknown = [...arrivals.keys()].filter((mark) => !known.has(mark));
    const problems = this.attempts.flatMap((attempt) =>
      [
        ...answerProblems(attempt, this.lab),
        ...arrivalProblems(attempt, arrivals.get(attempt.mark) ?? []),
        ...this.#auditProblems(attempt),
      ].map((problem) => `${attempt.what}: ${problem}`),
    );
    this.attempts.length = 0;
    this.lab.store.clear();
    // Tails whose askers are gone: the recorder leaves its half of them open.
    for (const stream of this.lab.backends.loki.streams) stream.destroy();
    expect({ strays, unknown, problems: problems.slice(0, SHOWN) }).toEqual({
      strays: [],
      unknown: [],
      problems: [],
    });
  }

  #auditProblems({
    source,
    outcome,
    answer,
    headers,
    mark,
    route,
    grpc = false,
  }: Attempt): readonly string[] {
    const found = this.#audit.of(source);
    const [first] = found;
    if (first === undefined || found.length > 1) return [`${found.length} audit records`];
    const { record, line } = first;
    const said = {
      status: record["status"],
      ...(grpc && { grpc: record["grpc_status"] }),
      ...(route !== undefined && { route: record["route"] }),
      ...("as" in outcome && { tenant: record["tenant"] }),
      ...(!("malformed" in outcome) && { id: record["request_id"] }),
    };
    const right = {
      status: answer.status,
      ...(grpc && { grpc: answer.grpcStatus }),
      ...(route !== undefined && { route }),
      ...("as" in outcome && { tenant: outcome.as }),
      ...(!("malformed" in outcome) && { id: answer.headers["x-request-id"] }),
    };
    const secrets = [mark, ...headers.flatMap(([name, value]) => (isSecret(name, value) ? [value] : []))];
    const written = secrets.filter((secret) => line.includes(secret.replace(/^\S+ /, "")));
    return [
      ...(JSON.stringify(said) === JSON.stringify(right)
        ? []
        : [`audit says ${JSON.stringify(said)}, not ${JSON.stringify(right)}`]),
      ...(record["details"] === undefined ? ["audit without details"] : []),
      ...written.map(() => "a secret is in the audit"),
    ];
  }
}

const isSecret = (name: string, value: string): boolean =>
  /^(authorization|x-api-key|x-service-token|cookie)$/i.test(name) && value.length > 20;

const textOf = ({ path, query, headers, body }: Received): string =>
  `${path} ${query} ${JSON.stringify(headers)} ${body.toString("latin1")}`;

function answerProblems({ outcome, answer, grpc = false }: Attempt, lab: Lab): readonly string[] {
  const { status, grpcStatus, body, error } = answer;
  const got = `got ${grpcStatus === undefined ? status : `grpc ${grpcStatus}`} ${error ?? body.slice(0, 120)}`;
  if ("as" in outcome) {
    const answered = (status >= 101 && status < 300) || body === "trace not found\n";
    const good = grpc ? status === 200 && grpcStatus === 0 : answered;
    return [...(good ? [] : [`should be accepted, ${got}`]), ...leaks({ ...answer, body: "" }, lab)];
  }
  if ("malformed" in outcome) {
    const refused = status === 0 || (status >= 400 && status < 500) || grpcStatus === GRPC_MALFORMED;
    return [...(refused ? [] : [`should be refused as malformed, ${got}`]), ...leaks(answer, lab)];
  }
  const expected = [outcome.refused].flat();
  const is = (refusal: Refusal): boolean => {
    const [wanted, code] = refusal.split(" ");
    if (grpc) return status === 200 && grpcStatus === GRPC[Number(wanted)] && body === "";
    return status === Number(wanted) && codeOf(body) === code;
  };
  const hasty = (status === 503 || status === 429) && answer.headers["retry-after"] === undefined;
  return [
    ...(expected.some(is) ? [] : [`should be ${expected.join(" or ")}, ${got}`]),
    ...(hasty ? ["says not when to come back"] : []),
    ...leaks(answer, lab),
  ];
}

function codeOf(body: string): unknown {
  try {
    return (JSON.parse(body) as { readonly code?: unknown }).code;
  } catch {
    return undefined;
  }
}

function arrivalProblems({ outcome }: Attempt, arrived: readonly Received[]): readonly string[] {
  const tenants = arrived.map(({ tenant }) => tenant ?? "nobody");
  const right = "as" in outcome ? [outcome.as] : [];
  const foreign = arrived.flatMap(({ headers }) =>
    Object.entries(headers).flatMap(([name, value]) =>
      NEVER_SENT_ON.has(name) || value.includes(FORGED) ? [name] : [],
    ),
  );
  return [
    ...(JSON.stringify(tenants) === JSON.stringify(right)
      ? []
      : [`arrived as [${tenants.join(", ")}], not [${right.join(", ")}]`]),
    ...foreign.map((name) => `${name} went past the edge`),
  ];
}
