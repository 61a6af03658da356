import { z } from "zod";
import type { OrgId } from "../../model/names";
import { type AuditAction, RangeTooLong } from "../api/audit";
import { StoreUnavailable } from "../api/ports";
import { noTracing, type Tracing } from "../tracing/tracing";
import { type Found, JOB, PLATFORM } from "./record";

/** Loki does not answer, or answers with an error of its own. */
export class LokiUnavailable extends StoreUnavailable {}

export type Pushed =
  /** It has it. */
  | { readonly kind: "taken" }
  /** It takes nothing of that time any more. */
  | { readonly kind: "late"; readonly problem: string }
  /** Not now, of this tenant. */
  | { readonly kind: "busy"; readonly problem: string }
  /** No answer, or an error of its own: whether it has the entry is not known. */
  | { readonly kind: "away"; readonly answered: boolean; readonly problem: string }
  /** Not as it is, or not as Loki is. */
  | { readonly kind: "refused"; readonly problem: string };

/** As a metric counts it. `given_up`: a tenant's own copy, after many attempts. */
export type PushResult = Pushed["kind"] | "given_up";

export interface Entry {
  /** The organisation that it is stored under. */
  readonly keeper: OrgId;
  /** Whose record it is. */
  readonly owner: OrgId;
  readonly action: AuditAction;
  /** Unix time in nanoseconds. */
  readonly at: string;
  readonly line: string;
}

export interface Asked {
  readonly action?: AuditAction;
  /** Unix time in nanoseconds: from the first, and to before the second. */
  readonly from: string;
  readonly to: string;
  readonly limit: number;
}

/** Bytes of an answer to a question. */
const LARGEST_ANSWER = 8 * 1024 ** 2;
/** Of what Loki says of an error. */
const LONGEST_PROBLEM = 300;
const OLD = /too far behind|too old|too new|out of order/i;

const answerSchema = z.object({
  data: z.object({
    resultType: z.literal("streams"),
    // Structured metadata would be a third one.
    result: z.array(
      z.object({
        stream: z.object({ action: z.string().optional() }),
        values: z.array(z.tuple([z.string(), z.string()]).rest(z.unknown())),
      }),
    ),
  }),
});

/** Loki's HTTP API, as far as the trail needs it. Every call is for one organisation, and bounded in time. */
export class Loki {
  constructor(
    private readonly url: URL,
    /** Milliseconds. */
    private readonly timeouts: { readonly push: number; readonly query: number },
    private readonly tracing: Tracing = noTracing,
  ) {}

  /** Never throws. */
  push({ keeper, owner, action, at, line }: Entry): Promise<Pushed> {
    const stream = { job: JOB, tenant_id: owner, action };
    return this.tracing.span("loki.push", {}, async (span) => {
      try {
        const response = await fetch(new URL("/loki/api/v1/push", this.url), {
          method: "POST",
          redirect: "error",
          headers: { "content-type": "application/json", "x-scope-orgid": keeper, ...this.tracing.inject() },
          body: JSON.stringify({ streams: [{ stream, values: [[at, line]] }] }),
          signal: AbortSignal.timeout(this.timeouts.push),
        });
        span.set({ "http.response.status_code": response.status });
        const said = await bodyOf(response, LONGEST_PROBLEM * 4);
        return judged(response.status, said);
      } catch (error) {
        span.failed(error);
        return { kind: "away", answered: false, problem: reasonOf(error) };
      }
    });
  }

  /**
   * Of the platform's copies those of one owner: no tenant's credential writes there. The newest first, as Loki's own times say.
   * Throws {@link LokiUnavailable} or {@link RangeTooLong}.
   */
  async query(owner: OrgId, { action, from, to, limit }: Asked): Promise<readonly Found[]> {
    const url = new URL("/loki/api/v1/query_range", this.url);
    // An organisation's id is the directory's and an action one of a list: neither is a text of a client's.
    const query = `{job="${JOB}", tenant_id="${owner}"${action === undefined ? "" : `, action="${action}"`}}`;
    url.search = `${new URLSearchParams({ query, start: from, end: to, limit: `${limit}`, direction: "backward" })}`;
    try {
      const response = await fetch(url, {
        redirect: "error",
        headers: { accept: "application/json", "x-scope-orgid": PLATFORM },
        signal: AbortSignal.timeout(this.timeouts.query),
      });
      const text = await bodyOf(response, LARGEST_ANSWER);
      if (response.status === 400 && /time range exceeds/.test(text)) throw new RangeTooLong(shortened(text));
      if (response.status !== 200) throw new LokiUnavailable(`status ${response.status}: ${shortened(text)}`);
      const { data } = answerSchema.parse(JSON.parse(text));
      const found = data.result.flatMap(({ stream, values }) =>
        values.map(([at, line]) => ({ at, line, action: stream.action })),
      );
      return found.sort((one, other) => compare(other.at, one.at));
    } catch (error) {
      if (error instanceof LokiUnavailable || error instanceof RangeTooLong) throw error;
      throw new LokiUnavailable(reasonOf(error), { cause: error });
    }
  }
}

function judged(status: number, said: string): Pushed {
  const problem = `status ${status}: ${shortened(said)}`;
  if (status >= 200 && status < 300) return { kind: "taken" };
  if (status === 429) return { kind: "busy", problem };
  if (status === 400 && OLD.test(said)) return { kind: "late", problem };
  // Any other 4xx is of something between, or of a Loki that is not ready: it will pass.
  if (status === 400 || status === 413) return { kind: "refused", problem };
  return { kind: "away", answered: true, problem };
}

/** Of texts of the same length that are numbers, as of other texts. */
export const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

async function bodyOf(response: Response, maximum: number): Promise<string> {
  const body: AsyncIterable<Uint8Array> | readonly Uint8Array[] = response.body ?? [];
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    // Of an error its beginning is enough; leaving the loop cancels the rest.
    if (size > maximum && response.status === 200) throw new Error(`more than ${maximum} bytes`);
    chunks.push(chunk);
    if (size > maximum) break;
  }
  return Buffer.concat(chunks).toString("utf8");
}

const shortened = (text: string): string => text.trim().slice(0, LONGEST_PROBLEM);

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  const { code } = (cause ?? {}) as NodeJS.ErrnoException;
  return shortened(code ?? message);
}
