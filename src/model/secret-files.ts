/**
 * Names of the secret files in a process's `directories.secrets`: components put them there, rendered files and flags refer
 * to them.
 */
export const SECRET_FILES = {
  envoy: { certificate: "tls.crt", key: "tls.key" },
  auth: { keys: "keys.json", pepper: "pepper", cachePassword: "redis-password" },
  keycloak: { settings: "keycloak.conf" },
  postgres: { password: "password" },
  redis: { users: "users.acl" },
  grafana: {
    adminPassword: "admin-password",
    oauthClientSecret: "oauth-client-secret",
    /** Encrypts what Grafana keeps in its database: data sources' keys. */
    secretKey: "secret-key",
  },
  agent: { clientSecret: "client-secret", ca: "ca.crt" },
} as const;
