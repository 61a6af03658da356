import type { Place } from "./topology";

/** Keycloak's database, and its user in it. */
export const KEYCLOAK_DATABASE = "keycloak";
/** Keycloak's administrator, by whom realms are declared. */
export const KEYCLOAK_ADMINISTRATOR = "admin";

export interface KeycloakPlace {
  readonly bind: string;
  readonly ports: Place<"keycloak">["ports"];
  /** What people and agents type in: `iss` is this, whoever asks. */
  readonly url: string;
  readonly database: {
    /** `postgres:5432` */
    readonly authority: string;
    readonly name: string;
    readonly user: string;
  };
  readonly trustedProxies: number;
}

/** As variables, which anybody who inspects the process may read. Secrets are in the settings file. */
export const keycloakSettings = (place: KeycloakPlace): Readonly<Record<string, string>> => ({
  KC_DB: "postgres",
  KC_DB_URL: `jdbc:postgresql://${place.database.authority}/${place.database.name}`,
  KC_DB_USERNAME: place.database.user,
  KC_BOOTSTRAP_ADMIN_USERNAME: KEYCLOAK_ADMINISTRATOR,
  KC_HTTP_ENABLED: "true",
  KC_HTTP_HOST: place.bind,
  KC_HTTP_PORT: `${place.ports.http}`,
  KC_HTTP_MANAGEMENT_PORT: `${place.ports.management}`,
  KC_HEALTH_ENABLED: "true",
  KC_METRICS_ENABLED: "true",
  // Inside the networks Keycloak answers under its inner name as well, and `iss` stays the same.
  KC_HOSTNAME: place.url,
  KC_HOSTNAME_BACKCHANNEL_DYNAMIC: "true",
  ...(place.trustedProxies > 0 ? { KC_PROXY_HEADERS: "xforwarded" } : {}),
  // Previous secrets of clients (components/rotation.ts). Always, although only a policy of the realm makes use of it: without the
  // feature Keycloak answers 500 to whoever such a policy is for, and a policy goes after what needs it.
  KC_FEATURES: "client-secret-rotation",
  KC_CACHE: "local",
  KC_LOG_CONSOLE_OUTPUT: "json",
});

/** The settings that are secret: a file that only Keycloak reads. The administrator's counts for an empty database only. */
export const keycloakSecretSettings = (databasePassword: string, administratorPassword: string): string =>
  `db-password=${databasePassword}\nbootstrap-admin-password=${administratorPassword}\n`;

export const keycloakCommand = (secretSettings: string): readonly string[] => [
  `--config-file=${secretSettings}`,
  "start",
];
/** On the management port. */
export const KEYCLOAK_READY = "/health/ready";
