import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import recorded from "./recorded.json";

/** What Loki 3.7.8 answered, with the rendered files; the full suite asks it again. */
export const ANSWERS = { ...recorded.pushes, ...recorded.queries } satisfies Record<string, Answer>;

/** One entry as it was pushed. */
export interface PushedEntry {
  readonly orgId: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly at: string;
  readonly line: Readonly<Record<string, unknown>>;
}

interface Answer {
  readonly status: number;
  readonly body?: string;
}

export const PLATFORM = "tenant-platform";

/** A stand-in that keeps what is pushed and answers as Loki did. */
export class FakeLoki implements AsyncDisposable {
  /** The platform's, from which the trail reads. */
  readonly entries: PushedEntry[] = [];
  /** The tenants' own. */
  readonly copies: PushedEntry[] = [];
  /** What is said to a push; `undefined`: it is kept, and no answer comes. */
  respond: (entry: PushedEntry) => Answer | undefined = () => ANSWERS.taken;
  /** What is said to a question, unless it is answered with what is there. */
  refuse: Answer | undefined;
  readonly questions: URL[] = [];
  pushes = 0;
  #server: Server | undefined;
  #port = 0;

  static async listen(): Promise<FakeLoki> {
    const loki = new FakeLoki();
    await loki.open();
    return loki;
  }

  get url(): URL {
    return new URL(`http://127.0.0.1:${this.#port}`);
  }

  async open(): Promise<void> {
    const server = createServer((request, response) => void this.#answer(request, response));
    await new Promise<void>((done) => server.listen(this.#port, "127.0.0.1", done));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Nobody listens any more. */
  async close(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((done) => this.#server?.close(done));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  readonly #of = (orgId: string): PushedEntry[] => (orgId === PLATFORM ? this.entries : this.copies);

  /** How often each id is there. */
  get ids(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { line } of this.entries)
      counts.set(String(line["id"]), (counts.get(String(line["id"])) ?? 0) + 1);
    return counts;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", this.url);
    const orgId = String(request.headers["x-scope-orgid"]);
    if (url.pathname === "/loki/api/v1/push") {
      const answer = this.#pushed(orgId, await textOf(request));
      if (answer !== undefined) response.writeHead(answer.status).end(answer.body);
      return;
    }
    this.questions.push(url);
    if (this.refuse !== undefined) {
      response.writeHead(this.refuse.status).end(this.refuse.body);
      return;
    }
    response
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify(this.#found(orgId, url)));
  }

  #pushed(orgId: string, text: string): Answer | undefined {
    this.pushes++;
    const body = JSON.parse(text) as {
      streams: { stream: Record<string, string>; values: [string, string][] }[];
    };
    let answer: Answer | undefined = ANSWERS.taken;
    for (const { stream, values } of body.streams)
      for (const [at, line] of values) {
        const entry = { orgId, labels: stream, at, line: JSON.parse(line) as Record<string, unknown> };
        answer = this.respond(entry);
        if (answer === undefined || answer.status === 204) this.#of(orgId).push(entry);
      }
    return answer;
  }

  /** As Loki: from the start, to before the end, the newest first, so many in all. */
  #found(orgId: string, { searchParams }: URL): unknown {
    const [from = "", to = "", query = ""] = ["start", "end", "query"].map(
      (name) => searchParams.get(name) ?? "",
    );
    const wanted = [...query.matchAll(/(\w+)="([^"]*)"/g)];
    const mine = this.#of(orgId)
      .filter((entry) => entry.orgId === orgId)
      .filter(({ labels }) => wanted.every(([, name = "", value]) => labels[name] === value))
      .filter(({ at }) => at >= from && at < to)
      .sort((one, other) => (one.at < other.at ? 1 : -1))
      .slice(0, Number(searchParams.get("limit")));
    const streams = Map.groupBy(mine, ({ labels }) => JSON.stringify(labels));
    const result = [...streams].map(([labels, entries]) => ({
      stream: { ...(JSON.parse(labels) as object), detected_level: "unknown", service_name: "audit_logs" },
      values: entries.map(({ at, line }) => [at, JSON.stringify(line)]),
    }));
    return { status: "success", data: { resultType: "streams", result, stats: {} } };
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
