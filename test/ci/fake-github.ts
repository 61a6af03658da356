import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export const BOT = { login: "github-actions[bot]", type: "Bot" };
export const REPOSITORY = "acme/observability";
export const TOKEN = "ghs_not-a-real-one";

export interface Pull {
  readonly state: "open" | "closed";
  readonly head: { readonly sha: string; readonly repo: { readonly full_name: string } | null };
}
export interface Post {
  readonly id: number;
  body: string;
  readonly user: { readonly login: string; readonly type: string };
}
export interface Issue extends Omit<Post, "id"> {
  readonly number: number;
  state: string;
  readonly title: string;
  readonly pull_request?: object;
}

/** What of GitHub's API our scripts use, on loopback: as its documentation says it answers. */
export class FakeGitHub implements AsyncDisposable {
  readonly pulls = new Map<number, Pull>();
  readonly comments = new Map<number, Post[]>();
  readonly issues: Issue[] = [];
  /** `PATCH /issues/comments/7`, in order. */
  readonly changes: string[] = [];
  /** Answered in place of the next ones, in order. */
  readonly failures: { readonly status: number; readonly headers?: Readonly<Record<string, string>> }[] = [];
  /** What is wrong with what was asked. */
  readonly problems: string[] = [];
  #server: Server | undefined;
  #id = 1000;

  async start(): Promise<this> {
    const server = createServer((request, response) => {
      void bodyOf(request).then((body) => {
        const failure = this.failures.shift();
        const { status, json } =
          failure === undefined ? this.#answer(request, body) : { status: failure.status, json: {} };
        response.writeHead(status, { "content-type": "application/json", ...failure?.headers });
        response.end(JSON.stringify(json));
      });
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return this;
  }

  /** What a step knows of it. */
  get environment(): Readonly<Record<string, string>> {
    const { port } = this.#server?.address() as AddressInfo;
    return { GITHUB_API_URL: `http://127.0.0.1:${port}`, GITHUB_REPOSITORY: REPOSITORY };
  }

  commentsOf(number: number): Post[] {
    const found = this.comments.get(number) ?? [];
    this.comments.set(number, found);
    return found;
  }

  #answer(request: IncomingMessage, body: string): { status: number; json: unknown } {
    const { method = "", headers } = request;
    const url = new URL(request.url ?? "", "http://fake");
    const path = url.pathname.replace(`/repos/${REPOSITORY}`, "");
    if (headers.authorization !== `Bearer ${TOKEN}`)
      return { status: 401, json: { message: "Bad credentials" } };
    const given = body === "" ? {} : (JSON.parse(body) as Partial<Issue>);
    if ((given.body ?? "").length > 65_536) return { status: 422, json: { message: "body is too long" } };
    if (method !== "GET") this.changes.push(`${method} ${path}`);
    const page = (items: readonly unknown[]): { status: number; json: unknown } => {
      const size = Number(url.searchParams.get("per_page") ?? 30);
      const from = (Number(url.searchParams.get("page") ?? 1) - 1) * size;
      return { status: 200, json: items.slice(from, from + size) };
    };
    const [, kind = "", id = "", sub = ""] =
      /^\/(pulls|issues)(?:\/(\d+|comments))?(?:\/(\w+))?$/.exec(path) ?? [];
    const route = `${method} ${kind}${/^\d/.test(id) ? "/:id" : id && `/${id}`}${sub && `/${/^\d/.test(sub) ? ":id" : sub}`}`;
    switch (route) {
      case "GET pulls/:id":
        return found(this.pulls.get(Number(id)));
      case "GET issues/:id/comments":
        return page(this.commentsOf(Number(id)));
      case "POST issues/:id/comments":
        this.commentsOf(Number(id)).push({ id: (this.#id += 1), body: given.body ?? "", user: BOT });
        return { status: 201, json: this.commentsOf(Number(id)).at(-1) };
      case "PATCH issues/comments/:id":
        return found(
          Object.assign(
            [...this.comments.values()].flat().find((one) => one.id === Number(sub)) ?? {},
            given,
          ),
        );
      case "GET issues":
        return page(this.issues.filter(({ state }) => state === url.searchParams.get("state")));
      case "POST issues": {
        const issue = {
          number: (this.#id += 1),
          state: "open",
          title: given.title ?? "",
          body: given.body ?? "",
          user: BOT,
        };
        this.issues.push(issue);
        return { status: 201, json: issue };
      }
      case "PATCH issues/:id":
        return found(Object.assign(this.issues.find(({ number }) => number === Number(id)) ?? {}, given));
      default:
        this.problems.push(`${method} ${path}`);
        return { status: 404, json: { message: "Not Found" } };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }
}

const found = (json: unknown) => (json === undefined ? { status: 404, json: {} } : { status: 200, json });

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
