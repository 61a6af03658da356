import { describe, expect, it } from "vitest";
import { providersWaitForTheirServers } from "../../policies/rules/providers-wait-for-their-servers";
import { UNKNOWN } from "../../policies/rules/values";
import type { ResourceRecord } from "../../src/model/recording";
import { container, messages, nothingOf, resource } from "./builder";

const published = (internal: number, external: number) => ({
  ports: [{ internal, external, ip: "127.0.0.1", protocol: "tcp" }],
});
const SERVERS = {
  keycloak: container("keycloak", published(8090, 8090)),
  grafana: container("grafana", published(3000, 3000)),
};
const provider = (server: "keycloak" | "grafana", name: string, url: unknown, waits = true) =>
  resource(`pulumi:providers:${server}`, name, { url }, { dependsOn: waits ? [SERVERS[server]] : [] });
const GRAFANA = provider("grafana", "grafana-provider", "http://localhost:3000");
const KEYCLOAK = provider("keycloak", "keycloak-provider", "http://localhost:8090");
const realm = (by?: ResourceRecord, name = "realm") =>
  resource("keycloak:index/realm:Realm", name, {}, by === undefined ? {} : { provider: by });
const organisation = resource("grafana:oss/organization:Organization", "mx", {}, { provider: GRAFANA });
const found = (...resources: readonly ResourceRecord[]) =>
  messages(providersWaitForTheirServers, [
    ...[SERVERS.keycloak, SERVERS.grafana, GRAFANA, organisation],
    ...resources,
  ]);

describe("providers-wait-for-their-servers", () => {
  it("passes one provider each that waits", () => {
    expect(found(KEYCLOAK, realm(KEYCLOAK))).toEqual([]);
  });

  it("does not judge an address that an engine does not tell", () => {
    const silent = provider("keycloak", "keycloak-provider", UNKNOWN);
    expect(found(silent, realm(silent))).toEqual([]);
  });

  it.each([undefined, "localhost", "preview:docker-container:keycloak:id"])("refuses the url %j", (url) => {
    const odd = provider("keycloak", "keycloak-provider", url);
    expect(found(odd, realm(odd))).toEqual([
      `keycloak-provider has the url ${JSON.stringify(url ?? "unset")}, which is no literal address.`,
    ]);
  });

  it.each(["http://keycloak.elsewhere.example:8090", "http://localhost:3000", "http://localhost"])(
    "refuses %s, which is not this environment's",
    (url) => {
      const elsewhere = provider("keycloak", "keycloak-provider", url);
      expect(found(elsewhere, realm(elsewhere))).toEqual([
        `keycloak-provider has the url "${url}", which is not where this environment publishes keycloak.`,
      ]);
    },
  );

  it("takes the names of the edge's certificate for this environment's", () => {
    const request = resource("tls:index/certRequest:CertRequest", "edge", { dnsNames: ["o11y.example.com"] });
    const named = provider("keycloak", "keycloak-provider", "https://o11y.example.com:8090");
    expect(found(request, named, realm(named))).toEqual([]);
  });

  it("refuses one that does not wait, and a second one", () => {
    const early = provider("keycloak", "early", "http://localhost:8090", false);
    expect(found(early, realm(early))).toEqual(["early does not wait for keycloak to run."]);
    const second = provider("keycloak", "second", "http://localhost:8090");
    expect(found(KEYCLOAK, second, realm(KEYCLOAK), realm(second, "other"))).toEqual([
      "second is a second provider for keycloak.",
    ]);
  });

  it("refuses a default provider, and one of elsewhere", () => {
    expect(found(KEYCLOAK, realm(KEYCLOAK), realm(undefined, "other"))).toEqual([
      "other is declared by a default provider, which is not this environment's.",
    ]);
    expect(found(realm(KEYCLOAK))).toEqual([
      "realm is declared by keycloak-provider, which is not this environment's.",
    ]);
  });

  it("does not pass without what they hold", () => {
    expect(messages(providersWaitForTheirServers, [])).toEqual([
      nothingOf("resource in grafana"),
      nothingOf("resource in keycloak"),
    ]);
  });
});
