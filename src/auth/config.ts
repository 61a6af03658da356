import { z } from "zod";
import { SCOPE } from "../model/names";
import type { UpstreamScopes } from "../model/upstreams";

const HTTP = /^https?$/;

const METHOD = z.enum(["GET", "POST", "PUT", "DELETE"]);
const upstreamsSchema = z.array(
  z.strictObject({
    name: z.string().min(1),
    path: z.string().startsWith("/"),
    methods: z.partialRecord(METHOD, z.string().regex(SCOPE)),
  }),
);

function upstreams(text: string, context: z.RefinementCtx): readonly UpstreamScopes[] {
  const parsed = upstreamsSchema.safeParse(jsonOr(text, undefined));
  if (parsed.success) return parsed.data;
  context.addIssue("must be a JSON list of { name, path, methods: { GET: scope } }");
  return z.NEVER;
}

function jsonOr(text: string, otherwise: unknown): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return otherwise;
  }
}

/** The auth service's settings: environment variables, all of them without secrets. Secrets are files. */
const schema = z.object({
  ATALAYA_LISTEN_HOST: z.string().min(1).default("0.0.0.0"),
  ATALAYA_LISTEN_PORT: z.coerce.number().int().min(1).max(65_535).default(8000),
  /** `iss` of every token, as the outside knows Keycloak. */
  ATALAYA_ISSUER: z.url({ protocol: HTTP }),
  /** Where this process reaches Keycloak's keys: another host name than the issuer's, inside the networks. */
  ATALAYA_JWKS_URL: z.url({ protocol: HTTP }),
  /** Where it gets tokens for programs. */
  ATALAYA_TOKEN_URL: z.url({ protocol: HTTP }),
  /** Whether people may exchange their password for a token: for development alone. */
  ATALAYA_PASSWORD_GRANT: z.enum(["on", "off"]).default("off"),
  ATALAYA_AUDIENCE: z.string().min(1),
  /** The tenant directory (model/directory.ts), read again when it changes. */
  ATALAYA_DIRECTORY_FILE: z.string().min(1),
  /** Declared API keys as keyed hashes (model/directory.ts), read again when it changes. */
  ATALAYA_KEYS_FILE: z.string().min(1),
  /** The key of those hashes, read again with them. */
  ATALAYA_PEPPER_FILE: z.string().min(1),
  /** What the environment adds to the route table (model/upstreams.ts), as JSON. */
  ATALAYA_UPSTREAMS: z.string().default("[]").transform(upstreams),
  /** The collector that takes traces over OTLP/HTTP. Left out: there are none. */
  ATALAYA_TRACES_URL: z.url({ protocol: HTTP }).optional(),
  /** Of the traces in which nothing failed. */
  ATALAYA_TRACES_SHARE: z.coerce.number().min(0).max(1).default(0.01),
});

/** Of a URL to which paths are added: what else it had would be dropped, and a password in it would end in a log. */
const isOrigin = (text: string): boolean =>
  URL.canParse(text) && `${new URL(text).origin}/` === new URL(text).href;
const NO_ORIGIN = "must be a scheme, a host and a port, such as http://loki:3100";

/** `host:port`, of which the host is a name or an IPv4 address. */
const ADDRESS = /^([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?):([0-9]{1,5})$/;

const addresses = z.string().transform((text, context): readonly RedisAddress[] =>
  text.split(",").map((part) => {
    const [, host = "", digits = ""] = ADDRESS.exec(part.trim()) ?? [];
    const port = Number(digits);
    if (port < 1 || port > 65_535)
      context.addIssue("must be host:port, or several of them with commas between");
    return { host, port };
  }),
);

/** Where keys, data and audit of the tenant API are. All or nothing: without any of them there is no tenant API. */
const storesSchema = z.object({
  /** Redis itself or, with a master's name, the Sentinels that know where it is: `host:port`, with commas between. */
  ATALAYA_REDIS_ADDRESSES: addresses,
  /** As the Sentinels call it. Left out where there are none. */
  ATALAYA_REDIS_MASTER: z.string().min(1).optional(),
  /** Of Redis and of the Sentinels. */
  ATALAYA_REDIS_USER: z.string().min(1),
  /** Read again for each new connection. */
  ATALAYA_REDIS_PASSWORD_FILE: z.string().min(1),
  /** Where the audit goes from Redis. */
  ATALAYA_LOKI_URL: z.url({ protocol: HTTP }).refine(isOrigin, NO_ORIGIN),
});

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

export interface RedisSettings {
  /** Redis itself or, with `master`, the Sentinels. */
  readonly addresses: readonly RedisAddress[];
  readonly master?: string;
  readonly user: string;
  readonly passwordFile: string;
}

/** What the tenant API keeps things in. */
export interface StoreSettings {
  readonly redis: RedisSettings;
  readonly lokiUrl: URL;
}

export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly issuer: string;
  readonly jwksUrl: URL;
  readonly tokenUrl: URL;
  readonly passwordGrant: boolean;
  readonly audience: string;
  readonly directoryFile: string;
  readonly keysFile: string;
  readonly pepperFile: string;
  readonly upstreams: readonly UpstreamScopes[];
  /** Left out where there are none. */
  readonly stores?: StoreSettings;
  /** Left out where nobody takes them. */
  readonly traces?: { readonly url: URL; readonly share: number };
}

/** Reads and checks all settings. Throws one Error that lists every problem, by variable. */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const parsed = schema.safeParse(environment);
  const stores = readStores(environment);
  const problems = [...(parsed.error?.issues ?? []), ...stores.issues];
  if (!parsed.success || problems.length > 0) {
    const lines = problems.map(({ path, message }) => {
      const name = path.join(".");
      return `  ${name}: ${environment[name] === undefined ? "is not set" : message}`;
    });
    throw new Error(`The auth service's environment is not complete:\n${lines.join("\n")}`);
  }
  const env = parsed.data;
  return {
    host: env.ATALAYA_LISTEN_HOST,
    port: env.ATALAYA_LISTEN_PORT,
    issuer: env.ATALAYA_ISSUER,
    jwksUrl: new URL(env.ATALAYA_JWKS_URL),
    tokenUrl: new URL(env.ATALAYA_TOKEN_URL),
    passwordGrant: env.ATALAYA_PASSWORD_GRANT === "on",
    audience: env.ATALAYA_AUDIENCE,
    directoryFile: env.ATALAYA_DIRECTORY_FILE,
    keysFile: env.ATALAYA_KEYS_FILE,
    pepperFile: env.ATALAYA_PEPPER_FILE,
    upstreams: env.ATALAYA_UPSTREAMS,
    ...(stores.settings !== undefined && { stores: stores.settings }),
    ...(env.ATALAYA_TRACES_URL !== undefined && {
      traces: { url: new URL(env.ATALAYA_TRACES_URL), share: env.ATALAYA_TRACES_SHARE },
    }),
  };
}

interface ReadStores {
  readonly settings?: StoreSettings;
  readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
}

function readStores(environment: NodeJS.ProcessEnv): ReadStores {
  if (!Object.keys(storesSchema.shape).some((name) => environment[name] !== undefined)) return { issues: [] };
  const parsed = storesSchema.safeParse(environment);
  if (!parsed.success) return { issues: parsed.error.issues };
  const { data } = parsed;
  const { ATALAYA_REDIS_ADDRESSES: all, ATALAYA_REDIS_MASTER: master } = data;
  if (master === undefined && all.length > 1) {
    const message = "several addresses are Sentinels': set ATALAYA_REDIS_MASTER to the name of their master";
    return { issues: [{ path: ["ATALAYA_REDIS_ADDRESSES"], message }] };
  }
  return {
    issues: [],
    settings: {
      redis: {
        addresses: all,
        ...(master !== undefined && { master }),
        user: data.ATALAYA_REDIS_USER,
        passwordFile: data.ATALAYA_REDIS_PASSWORD_FILE,
      },
      lokiUrl: new URL(data.ATALAYA_LOKI_URL),
    },
  };
}
