import { readFileSync } from "node:fs";
import { join } from "node:path";
import { AUTHORITY_PATH, plain, program, SECRET_PATHS, type OnboardFile } from "../model";
import { assignments } from "../shell";
import { hasAuthority, issuerOf, KEYCLOAK_AUTHORITY_PATH, type KitHost } from "./host";

/** Also where a command was compiled to one file, which then says where the project is (scripts/typescript.mjs). */
const root = (): string => process.env["ATALAYA_ROOT"] ?? join(__dirname, "..", "..", "..");
const read = (path: string): string => readFileSync(join(root(), "src", "onboard", path), "utf8");

/** Says in words what is wrong from a host; reads {@link settings}. */
export const checkScript = (): OnboardFile => program("check.sh", read("kit/check.sh"));
/** Keeps a token in a file; reads {@link settings}. */
export const refreshScript = (): OnboardFile =>
  program("refresh-token.sh", read("token-file/refresh-token.sh"));

/** What both scripts read: `atalaya.env`. Paths are of the directory; the secret is named, never held. */
export const settings = (host: KitHost, more: Readonly<Record<string, string>> = {}): OnboardFile =>
  plain(
    "atalaya.env",
    assignments({
      ATALAYA_EDGE: host.endpoints.otlpHttp,
      ATALAYA_ISSUER: issuerOf(host),
      ATALAYA_TOKEN_URL: host.endpoints.tokenUrl,
      ATALAYA_CLIENT_ID: host.clientId,
      ATALAYA_SECRET_FILE: SECRET_PATHS.clientSecret,
      ATALAYA_CA_FILE: hasAuthority(host) ? AUTHORITY_PATH : "",
      ATALAYA_KEYCLOAK_CA_FILE: host.keycloakAuthority === undefined ? "" : KEYCLOAK_AUTHORITY_PATH,
      ...more,
    }),
  );

/** The authorities that the host does not trust anyway. */
export const authorities = ({ authority, keycloakAuthority }: KitHost): readonly OnboardFile[] => [
  ...(hasAuthority({ authority }) ? [plain(AUTHORITY_PATH, `${authority.trim()}\n`)] : []),
  ...(keycloakAuthority === undefined
    ? []
    : [plain(KEYCLOAK_AUTHORITY_PATH, `${keycloakAuthority.trim()}\n`)]),
];
