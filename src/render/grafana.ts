import { stringify } from "ini";
import type { RenderedFile } from "../model/files";
import { GRAFANA_CLIENT, REALM } from "../model/names";
import { SECRET_FILES } from "../model/secret-files";
import { authority, httpUrl } from "../model/topology";
import { serviceFile } from "./files";
import type { RenderInput } from "./input";

const HEADER = "; Rendered by Atalaya from the tenant list. Changes made here are lost.\n";

/**
 * What is the same for everybody. Who belongs to which organisation (`org_mapping`) is not in here: it names tenants and
 * numeric organisation ids, and is set by the SSO settings once the organisations exist.
 */
export function renderGrafana(input: RenderInput): readonly RenderedFile[] {
  const place = input.topology.services.grafana;
  const text = stringify({ ...server(input), ...people(input), ...CLOSED }, { sort: true, whitespace: true });
  return [serviceFile("grafana", place, "static", "grafana.ini", HEADER + text)];
}

function server({ topology: { services, urls } }: RenderInput) {
  const { bind, ports, directories } = services.grafana;
  return {
    server: {
      http_addr: bind,
      http_port: ports.http,
      root_url: `${urls.grafana}/`,
      domain: new URL(urls.grafana).hostname,
    },
    paths: {
      data: directories.data,
      logs: `${directories.data}/log`,
      plugins: `${directories.data}/plugins`,
      provisioning: `${directories.config}/provisioning`,
    },
    database: { type: "sqlite3", path: `${directories.data}/grafana.db`, wal: true },
    log: { mode: "console", level: "info", console: { format: "json" } },
  };
}

function people({ environment, topology: { services, urls } }: RenderInput) {
  const secret = (name: string) => `$__file{${services.grafana.directories.secrets}/${name}}`;
  const openid = (base: string, endpoint: string) =>
    `${base}/realms/${REALM}/protocol/openid-connect/${endpoint}`;
  const inside = httpUrl(services.keycloak, "http");
  return {
    security: {
      admin_user: "admin",
      admin_password: secret(SECRET_FILES.grafana.adminPassword),
      secret_key: secret(SECRET_FILES.grafana.secretKey),
      // A data source leads to the edge, whoever declared it, and nowhere else inside.
      data_source_proxy_whitelist: authority(services.envoy, "query"),
      cookie_samesite: "lax",
      cookie_secure: urls.grafana.startsWith("https:"),
      strict_transport_security: urls.grafana.startsWith("https:"),
      allow_embedding: false,
      disable_gravatar: true,
    },
    auth: {
      // The form is for the admin, where people try things out. His password works without it as well, for the provider that
      // declares organisations.
      disable_login_form: !environment.demonstrationUsers,
      oauth_allow_insecure_email_lookup: false,
      login_maximum_inactive_lifetime_duration: "1d",
      // A working day: who lost access at Keycloak is out by then.
      login_maximum_lifetime_duration: "10h",
      token_rotation_interval_minutes: 10,
      anonymous: { enabled: false },
      basic: { enabled: true },
      generic_oauth: {
        enabled: true,
        name: "Keycloak",
        allow_sign_up: true,
        client_id: GRAFANA_CLIENT,
        client_secret: secret(SECRET_FILES.grafana.oauthClientSecret),
        scopes: "openid profile email",
        use_pkce: true,
        use_refresh_token: true,
        // Browsers go to the public address, Grafana itself to the inner one.
        auth_url: openid(urls.keycloak, "auth"),
        token_url: openid(inside, "token"),
        api_url: openid(inside, "userinfo"),
        signout_redirect_url: `${openid(urls.keycloak, "logout")}?post_logout_redirect_uri=${encodeURIComponent(`${urls.grafana}/login`)}`,
        login_attribute_path: "preferred_username",
        name_attribute_path: "name",
        email_attribute_path: "email",
        org_attribute_path: "groups",
        // No role_attribute_path: its role would be merged into every organisation. Who maps to none is refused.
        role_attribute_strict: true,
        skip_org_role_sync: false,
        allow_assign_grafana_admin: false,
      },
    },
    users: {
      allow_org_create: false,
      allow_sign_up: false,
      auto_assign_org: false,
      viewers_can_edit: false,
    },
  };
}

/** What would talk to others, show things to strangers or load code. */
const CLOSED = {
  analytics: {
    check_for_plugin_updates: false,
    check_for_updates: false,
    enabled: false,
    feedback_links_enabled: false,
    reporting_enabled: false,
  },
  // As long as the edge lets a query run (model/routes.ts).
  dataproxy: { send_user_header: false, timeout: 120 },
  // Its port is published, and /metrics asks nobody who he is.
  metrics: { disable_total_stats: true, enabled: false },
  news: { news_feed_enabled: false },
  // Nobody installs code into the process that everybody shares.
  plugins: { plugin_admin_enabled: false, preinstall_auto_update: false },
  public_dashboards: { enabled: false },
  snapshots: { enabled: false, external_enabled: false },
  unified_alerting: { enabled: true },
};
