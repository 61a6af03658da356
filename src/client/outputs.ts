import { z } from "zod";
import { ClientError } from "./error";

const person = z.object({ password: z.string() });
const administrator = z.object({ user: z.string(), password: z.string() });
const tenant = z.object({
  state: z.enum(["active", "suspended"]),
  organisation: z.string(),
  clients: z.record(z.string(), z.object({ clientId: z.string(), clientSecret: z.string() })),
  users: z.record(z.string(), person),
  /** An API key that reads this tenant's data. */
  readKey: z.string(),
});

const schema = z.object({
  endpoints: z.object({ otlpGrpc: z.string(), otlpHttp: z.url() }),
  grafanaUrl: z.url(),
  keycloakUrl: z.url(),
  /** The authority of the edge's certificate, PEM. */
  caCertificate: z.string(),
  /** A lab has no Grafana. */
  administrators: z.object({ keycloak: administrator, grafana: administrator.optional() }),
  operators: z.record(z.string(), person),
  tenants: z.record(z.string(), tenant),
});

/** What a stack says of itself once it runs, secrets included (src/stack/outputs.ts), as far as a client needs it. */
export type StackOutputs = z.infer<typeof schema>;
export type TenantOutputs = StackOutputs["tenants"][string];

/**
 * Reads what `pulumi stack output --json --show-secrets` prints. Throws one ClientError that lists every problem by its path,
 * and shows no value: most of them are secret.
 */
export function parseOutputs(text: string): StackOutputs {
  const parsed = schema.safeParse(json(text));
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map(({ path, message }) => `  ${path.join(".") || "all"}: ${message}`);
  throw new ClientError(`These are not the outputs of an environment:\n${lines.join("\n")}`);
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Its own message would show a piece of the text.
    throw new ClientError("These are not the outputs of an environment: the text is not JSON.");
  }
}
