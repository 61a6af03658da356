import { isIP } from "node:net";
import { z } from "zod";
import { parseMoment } from "../model/rotation";
import { SHARED_SERVICES, type SharedService } from "../model/services";
import { byteRate, count, duration, rate, size } from "./fields";
import { orMissing, say } from "./schema-problems";
import { upstreamSchema } from "./upstreams";
import { secretKey } from "./tenant-schema";
import { name, text } from "./text-fields";

const LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?";
const HOST_NAME = new RegExp(`^(?=.{1,253}$)${LABEL}(\\.${LABEL})*$`);
const HOST_FORM = {
  pattern: HOST_NAME,
  what: "a host name",
  form: "one such as observability.example.com, without scheme or port",
};

/** Host, perhaps a port, perhaps a path: what stands in front of an image's name. */
const REGISTRY = new RegExp(`^${LABEL}(\\.${LABEL})*(:[0-9]{1,5})?(/[a-z0-9]+([._-][a-z0-9]+)*)*$`);

const REGISTRY_FORM = {
  pattern: REGISTRY,
  what: "an image registry",
  form: "a host and perhaps a path, without scheme and without a slash at the end",
  suggest: (found: string) => found.replace(/^[a-z]+:\/\//u, "").replace(/\/+$/u, ""),
};

const flag = (description: string) => z.boolean().describe(description);

/** A whole number in a range, where 0 is a value like any other. */
const within = (minimum: number, maximum: number, description: string) => {
  const form = `a whole number from ${minimum} to ${maximum}`;
  const error = ({ input }: { readonly input?: unknown }): string =>
    input === undefined ? say("is missing", `Add it: ${form}.`) : say(`is not ${form}`, "Write one.");
  return z
    .number({ error })
    .int({ error })
    .min(minimum, { error })
    .max(maximum, { error })
    .describe(description);
};

const port = (description: string) => within(1, 65_535, description).optional();

const ADDRESS_ERROR = orMissing(
  "is not an IP address",
  'Write one of this machine, such as "127.0.0.1" (nobody else reaches it) or "192.0.2.10" (its network does).',
);

const publish = z
  .strictObject({
    address: z
      .string({ error: ADDRESS_ERROR })
      .refine((address) => isIP(address) !== 0, { error: ADDRESS_ERROR })
      .optional()
      .describe("The host address of what is published. Default 127.0.0.1: nobody but this machine."),
    ports: z
      .strictObject({
        otlpGrpc: port("OTLP over gRPC, default 4317."),
        otlpHttp: port("OTLP over HTTP and the APIs, default 4318."),
        keycloak: port("Keycloak, default 8090."),
        grafana: port("Grafana, default 3000."),
      })
      .optional()
      .describe("Host ports."),
  })
  .describe("Where people and agents reach the environment.");

const capacity = z
  .strictObject({
    requests: rate("Requests per second at the edge."),
    samples: rate("Samples per second."),
    activeSeries: count("Series in memory at a time."),
    logs: byteRate("Log data per second."),
    traces: byteRate("Span data per second."),
  })
  .describe("What the environment carries of all its tenants together.");

const maximumRetention = z
  .strictObject({
    metrics: duration("No tenant keeps metrics longer here."),
    logs: duration("No tenant keeps logs longer here."),
    traces: duration("No tenant keeps traces longer here."),
  })
  .partial()
  .describe("No tenant keeps data longer here.");

const CPU_ERROR = orMissing("is not a number of processors", "Write a number from 0.05 to 64, such as 0.5.");
const oneSize = z
  .strictObject({
    memory: size("Memory limit.").optional(),
    cpus: z
      .number({ error: CPU_ERROR })
      .min(0.05, { error: CPU_ERROR })
      .max(64, { error: CPU_ERROR })
      .optional(),
  })
  .describe("Limits of one process.");

const sizes = z
  .strictObject(
    Object.fromEntries([...SHARED_SERVICES, "agent"].map((id) => [id, oneSize.optional()])) as Record<
      SharedService | "agent",
      z.ZodOptional<typeof oneSize>
    >,
  )
  .describe("Memory and processors, by service. Only what differs from the defaults.");

const URL_ERROR = orMissing(
  "is not an https address",
  'Write one, such as "https://login.example.com/realms/main".',
);
const httpsUrl = (description: string) =>
  z
    .string({ error: URL_ERROR })
    // Plain http is for a provider on this machine, never across a network.
    .refine((text) => URL.canParse(text) && /^https:|^http:\/\/(localhost|127\.0\.0\.1)[:/]/u.test(text), {
      error: URL_ERROR,
    })
    .describe(description);

const identityProvider = z.strictObject({
  alias: name("Its name in Keycloak's addresses."),
  displayName: text(
    {
      pattern: /^\S(.{0,78}\S)?$/u,
      what: "a display name",
      form: "1 to 80 characters without spaces around them",
    },
    "What people read on the login button.",
  ),
  issuer: httpsUrl("The issuer of its tokens."),
  authorizationUrl: httpsUrl("Where people log in."),
  tokenUrl: httpsUrl("Where codes become tokens."),
  jwksUrl: httpsUrl("Its public keys."),
  clientId: z.string().min(1).describe("Our client there."),
  clientSecretKey: secretKey("The config secret that holds our client's secret. Never the secret itself."),
});

const MOMENT_ERROR = orMissing(
  "is not a moment",
  'Write when it was known, in UTC and in quotes, such as "2026-11-21T17:00:00Z".',
);
const moment = z.string({ error: MOMENT_ERROR }).transform((text, context) => {
  const value = parseMoment(text);
  if (value !== undefined) return value;
  context.issues.push({ code: "custom", message: MOMENT_ERROR({ input: text }), input: text });
  return z.NEVER;
});

const clientSecrets = z
  .strictObject({
    rotateEvery: duration("A secret that is this old is replaced by the next update."),
    overlap: duration("So long after that the one before still works. Less than rotateEvery."),
    leaked: z
      .record(z.string(), moment)
      .optional()
      .describe("By client id, since when others know its secret: what it had before is refused at once."),
  })
  .describe("Renews the secrets of agents and services. Without it they keep theirs.");

const TENANTS_FORM = {
  pattern: /^[^\0]*\.ya?ml$/u,
  what: "the path of a YAML file",
  form: "a path such as tenants.yaml",
};

/** Every key of the project's configuration, `atalaya:<key>`. */
export const stackSchema = z.strictObject({
  host: z.enum(["docker", "kubernetes"]).describe("What runs the processes."),
  domain: text(HOST_FORM, "The host name under which people and agents reach what is published."),
  tenants: text(TENANTS_FORM, "Path of the tenant list, from the project's root.").optional(),
  publish: publish.optional(),
  debugPorts: flag("Publishes the inner services' ports on loopback as well.").optional(),
  imageRegistry: text(REGISTRY_FORM, "Registry mirror for every image.").optional(),
  capacity,
  overCapacity: z
    .enum(["warn", "error"])
    .optional()
    .describe("What it is when tenants may use more than the capacity together. Default error."),
  maximumRetention: maximumRetention.optional(),
  sizes: sizes.optional(),
  trustedProxies: within(0, 10, "Proxies in front of Envoy whose X-Forwarded-For is believed.").optional(),
  identityProviders: z.array(identityProvider).optional().describe("Brokered OpenID Connect providers."),
  upstreams: z
    .array(upstreamSchema)
    .optional()
    .describe("Servers of your own that tenants' services call through the edge."),
  demonstrationUsers: flag(
    "One demonstration user per tenant and role, with generated passwords.",
  ).optional(),
  clientSecrets: clientSecrets.optional(),
});

export type ParsedStack = z.output<typeof stackSchema>;
