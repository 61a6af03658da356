import { parse } from "ini";
import { describe, expect, it } from "vitest";
import { renderGrafana } from "../../src/render/grafana";
import type { RenderInput } from "../../src/render/input";
import { ENVIRONMENT, input, TENANTS } from "./input";

const ini = (of: RenderInput = input()) =>
  parse(renderGrafana(of)[0]?.content ?? "") as Record<string, unknown>;

describe("grafana.ini", () => {
  it("lets nobody in who is not mapped, and nobody make himself at home", () => {
    expect(ini()).toMatchObject({
      auth: {
        anonymous: { enabled: false },
        basic: { enabled: true },
        oauth_allow_insecure_email_lookup: false,
        generic_oauth: {
          enabled: true,
          client_id: "grafana",
          role_attribute_strict: true,
          skip_org_role_sync: false,
          allow_assign_grafana_admin: false,
          use_pkce: true,
        },
      },
      users: { allow_sign_up: false, allow_org_create: false, auto_assign_org: false },
      security: { allow_embedding: false, disable_gravatar: true, cookie_samesite: "lax" },
      snapshots: { enabled: false, external_enabled: false },
      public_dashboards: { enabled: false },
      plugins: { plugin_admin_enabled: false },
      analytics: { reporting_enabled: false, check_for_updates: false },
    });
  });

  it("shows its own metrics to nobody, sends data sources to the edge alone, and ends a session within a working day", () => {
    expect(ini()).toMatchObject({
      metrics: { enabled: false },
      security: { data_source_proxy_whitelist: "envoy:4320" },
      auth: { login_maximum_lifetime_duration: "10h" },
    });
  });

  it("maps no organisation: that is set when they exist, by their numbers", () => {
    expect(renderGrafana(input())[0]?.content).not.toMatch(/org_mapping|role_attribute_path/);
  });

  it("reads every secret from a file", () => {
    const file = (name: string) => `$__file{/var/lib/atalaya/grafana/secrets/${name}}`;
    expect(ini()).toMatchObject({
      security: { admin_password: file("admin-password"), secret_key: file("secret-key") },
      auth: { generic_oauth: { client_secret: file("oauth-client-secret") } },
    });
  });

  it("sends browsers to Keycloak's public address and goes to the inner one itself", () => {
    const endpoint = "realms/observability/protocol/openid-connect";
    expect(ini()).toMatchObject({
      server: { root_url: "http://localhost:3000/", domain: "localhost" },
      auth: {
        generic_oauth: {
          auth_url: `http://localhost:8090/${endpoint}/auth`,
          token_url: `http://keycloak:8090/${endpoint}/token`,
          api_url: `http://keycloak:8090/${endpoint}/userinfo`,
          signout_redirect_url: `http://localhost:8090/${endpoint}/logout?post_logout_redirect_uri=http%3A%2F%2Flocalhost%3A3000%2Flogin`,
        },
      },
    });
  });

  it("asks for secure cookies where the public address is https, and hides the form where nobody tries things out", () => {
    const { topology } = input();
    const urls = { ...topology.urls, grafana: "https://grafana.example" };
    const environment = { ...ENVIRONMENT, demonstrationUsers: false };
    expect(ini({ environment, tenants: TENANTS, topology: { ...topology, urls } })).toMatchObject({
      security: { cookie_secure: true, strict_transport_security: true },
      auth: { disable_login_form: true },
    });
    expect(ini()).toMatchObject({
      security: { cookie_secure: false, strict_transport_security: false },
      auth: { disable_login_form: false },
    });
  });
});
