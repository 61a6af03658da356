/** One answer of the admin API that is not what was asked for. Says neither what was sent nor any credential. */
export class AdminError extends Error {
  override readonly name = "AdminError";
  constructor(
    readonly method: string,
    readonly path: string,
    readonly status: number,
    message: string,
  ) {
    super(`Keycloak: ${method} ${path}: ${status}${message === "" ? "" : `: ${message}`}`);
  }
}

export interface AdminOptions {
  /** Where Keycloak is reached, without a slash at the end. */
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /** For one answer. A minute, unless given. */
  readonly timeoutMs?: number;
}

/** A representation, as Keycloak's admin API has them. */
export type Representation = Readonly<Record<string, unknown>>;

interface Token {
  readonly value: string;
  /** Milliseconds since 1970. */
  readonly until: number;
}

const METHODS = { create: "POST", update: "PUT", remove: "DELETE" } as const;
/** A token is renewed this long before it ends. An administrator's lives 60 s. */
const EARLY_MS = 15_000;
const TIMEOUT_MS = 60_000;
/** A token says when it was issued to the second, and takes its time. */
const SAME_CLOCK_MS = 3_000;

/** Keycloak's admin REST API, as its administrator. Paths begin with `/realms`. */
export class Admin {
  /** Calls that changed something, so far. */
  writes = 0;
  #token: Promise<Token> | undefined;
  /** How far Keycloak's clock is ahead of ours, by the last login. Milliseconds. */
  #ahead = 0;

  constructor(private readonly options: AdminOptions) {}

  /** By Keycloak's clock, which everybody shares who works on it. To some seconds; ours, before the first call. Milliseconds. */
  now(): number {
    return Date.now() + this.#ahead;
  }

  /** What is there; undefined when nothing is. */
  async get(path: string): Promise<unknown> {
    const response = await this.#call("GET", path);
    if (response.status !== 404) return (await checked("GET", path, response)).json();
    await response.arrayBuffer();
    return undefined;
  }

  /** What is in a collection; nothing is in one that is not there. */
  async list(path: string): Promise<readonly Representation[]> {
    return ((await this.get(path)) ?? []) as readonly Representation[];
  }

  /** Returns the new one's id, as its location ends. */
  async create(path: string, body: Representation): Promise<string> {
    const response = await this.#write("create", path, body);
    return decodeURIComponent(response.headers.get("location")?.split("/").at(-1) ?? "");
  }

  async update(path: string, body?: unknown): Promise<void> {
    await this.#write("update", path, body);
  }

  /** What is gone already may be. */
  async remove(path: string): Promise<void> {
    try {
      await this.#write("remove", path);
    } catch (error) {
      if (!(error instanceof AdminError && error.status === 404)) throw error;
    }
  }

  async #write(how: keyof typeof METHODS, path: string, body?: unknown): Promise<Response> {
    this.writes++;
    const response = await checked(METHODS[how], path, await this.#call(METHODS[how], path, body));
    await response.arrayBuffer();
    return response;
  }

  async #call(method: string, path: string, body?: unknown): Promise<Response> {
    const answer = await this.#send(method, path, body);
    if (answer.status !== 401) return answer;
    // The session went, as when Keycloak started anew: once more, with a token of the new one.
    await answer.arrayBuffer();
    this.#token = undefined;
    return this.#send(method, path, body);
  }

  async #send(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(`${this.options.url}/admin${path}`, {
      method,
      headers: {
        authorization: `Bearer ${await this.#bearer()}`,
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: this.#timeout(),
    });
  }

  async #bearer(): Promise<string> {
    const known = await this.#token;
    if (known !== undefined && Date.now() < known.until) return known.value;
    this.#token = this.#login();
    try {
      return (await this.#token).value;
    } catch (error) {
      this.#token = undefined;
      throw error;
    }
  }

  async #login(): Promise<Token> {
    const path = "/realms/master/protocol/openid-connect/token";
    const { url, user, password } = this.options;
    const asked = Date.now();
    const response = await fetch(`${url}${path}`, {
      method: "POST",
      body: new URLSearchParams({ grant_type: "password", client_id: "admin-cli", username: user, password }),
      signal: this.#timeout(),
    });
    const token = (await (await checked("POST", path, response)).json()) as {
      readonly access_token: string;
      readonly expires_in: number;
    };
    const issued = issuedAt(token.access_token);
    const ahead = issued === undefined ? 0 : issued - asked;
    this.#ahead = Math.abs(ahead) < SAME_CLOCK_MS ? 0 : ahead;
    return { value: token.access_token, until: asked + token.expires_in * 1_000 - EARLY_MS };
  }

  #timeout = (): AbortSignal => AbortSignal.timeout(this.options.timeoutMs ?? TIMEOUT_MS);
}

/** Milliseconds since 1970; Keycloak's answers have no date. */
function issuedAt(token: string): number | undefined {
  try {
    const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as {
      readonly iat?: unknown;
    };
    return typeof claims.iat === "number" ? claims.iat * 1_000 : undefined;
  } catch {
    return undefined;
  }
}

async function checked(method: string, path: string, response: Response): Promise<Response> {
  if (response.ok) return response;
  throw new AdminError(method, path, response.status, messageOf(await response.text()));
}

/** Keycloak says what is wrong in one of these ways; several things are in `errors`. */
function messageOf(text: string): string {
  try {
    const said = JSON.parse(text) as Record<string, unknown>;
    const several = Array.isArray(said["errors"]) ? (said["errors"] as Record<string, unknown>[]) : [said];
    return several.map(oneOf).join(", ");
  } catch {
    return text.slice(0, 200);
  }
}

function oneOf({ field, errorMessage, error_description, error }: Record<string, unknown>): string {
  const said = [errorMessage, error_description, error].filter((message) => typeof message === "string");
  return [...(typeof field === "string" ? [field] : []), ...said.slice(0, 1)].join(": ");
}
