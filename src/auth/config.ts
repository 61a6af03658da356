import { z } from "zod";

const HTTP = /^https?$/;

/** The auth service's settings: environment variables, all of them without secrets. Secrets are files. */
const schema = z.object({
  ATALAYA_LISTEN_HOST: z.string().min(1).default("0.0.0.0"),
  ATALAYA_LISTEN_PORT: z.coerce.number().int().min(1).max(65_535).default(8000),
  /** `iss` of every token, as the outside knows Keycloak. */
  ATALAYA_ISSUER: z.url({ protocol: HTTP }),
  /** Where this process reaches Keycloak's keys: another host name than the issuer's, inside the networks. */
  ATALAYA_JWKS_URL: z.url({ protocol: HTTP }),
  ATALAYA_AUDIENCE: z.string().min(1),
  /** The tenant directory (model/directory.ts), read again when it changes. */
  ATALAYA_DIRECTORY_FILE: z.string().min(1),
  /** Declared API keys as keyed hashes (model/directory.ts), read again when it changes. */
  ATALAYA_KEYS_FILE: z.string().min(1),
  /** The key of those hashes, read again with them. */
  ATALAYA_PEPPER_FILE: z.string().min(1),
});

export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly issuer: string;
  readonly jwksUrl: URL;
  readonly audience: string;
  readonly directoryFile: string;
  readonly keysFile: string;
  readonly pepperFile: string;
}

/** Names of the variables, for the component that sets them. */
export type SettingName = keyof z.infer<typeof schema>;

/** Reads and checks all settings. Throws one Error that lists every problem, by variable. */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const parsed = schema.safeParse(environment);
  if (!parsed.success) {
    const lines = parsed.error.issues.map(({ path, message }) => {
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
    audience: env.ATALAYA_AUDIENCE,
    directoryFile: env.ATALAYA_DIRECTORY_FILE,
    keysFile: env.ATALAYA_KEYS_FILE,
    pepperFile: env.ATALAYA_PEPPER_FILE,
  };
}
