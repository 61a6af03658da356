import { describe, expect, it } from "vitest";
import { isolationBeforeCredentials } from "../../policies/rules/isolation-before-credentials";
import type { ResourceRecord } from "../../src/model/recording";
import { files, messages, nothingOf, resource, tenant } from "./builder";

const SERVICES = ["auth", "envoy", "loki", "mimir", "tempo"];
const WRITERS = SERVICES.map((service) =>
  files(service, { [`/var/lib/atalaya/${service}/live/list.yaml`]: "x" }),
);
const MX = tenant("mx");
const ORGANISATION = resource("grafana:oss/organization:Organization", "mx", {}, { parent: MX });
const REST = [...WRITERS, MX, ORGANISATION];
const credential = (type: string, dependsOn: readonly ResourceRecord[], parent = MX) =>
  resource(type, "credential", {}, { parent, dependsOn });
const CLIENT = "keycloak:openid/client:Client";
const found = (...resources: readonly ResourceRecord[]) =>
  messages(isolationBeforeCredentials, [...REST, ...resources]);
const early = (service: string) =>
  `credential of tenant mx can exist before ${service} has its list of tenants.`;

describe("isolation-before-credentials", () => {
  it.each([CLIENT, "keycloak:index/user:User", "grafana:oss/dataSource:DataSource"])(
    "passes a %s that waits for all of it",
    (type) => {
      expect(found(credential(type, [...WRITERS, ORGANISATION]))).toEqual([]);
    },
  );

  it("counts what is waited for over several steps", () => {
    const gate = resource("docker:index/container:Container", "gate", {}, { dependsOn: WRITERS });
    expect(found(gate, credential(CLIENT, [gate, ORGANISATION]))).toEqual([]);
  });

  it("counts what a parent, a component or a provider waited for", () => {
    const component = resource(
      "atalaya:identity:TenantIdentity",
      "mx",
      {},
      { parent: MX, dependsOn: WRITERS },
    );
    expect(found(component, credential(CLIENT, [ORGANISATION], component))).toEqual([]);
    const shared = resource("atalaya:data:Backends", "backends");
    const inside = WRITERS.map((writer) => ({ ...writer, parent: shared.urn }));
    expect(
      messages(isolationBeforeCredentials, [
        shared,
        ...inside,
        MX,
        ORGANISATION,
        credential(CLIENT, [shared, ORGANISATION]),
      ]),
    ).toEqual([]);
    const provider = resource("pulumi:providers:keycloak", "keycloak", {}, { dependsOn: WRITERS });
    const client = resource(CLIENT, "credential", {}, { parent: MX, dependsOn: [ORGANISATION], provider });
    expect(found(provider, client)).toEqual([]);
  });

  it("does not count what stands beside", () => {
    const sibling = resource(
      "random:index/randomUuid:RandomUuid",
      "sibling",
      {},
      { parent: MX, dependsOn: WRITERS },
    );
    expect(found(sibling, credential(CLIENT, [ORGANISATION]))).toEqual(SERVICES.map(early));
  });

  it.each(SERVICES)("refuses a client that does not wait for the list of %s", (service) => {
    const others = WRITERS.filter(({ name }) => name !== `${service}.files`);
    expect(found(credential(CLIENT, [...others, ORGANISATION]))).toEqual([early(service)]);
  });

  it("refuses a client that waits for one of two lists only", () => {
    const second = files("auth", { "/var/lib/atalaya/auth/secrets/keys.json": "{}" });
    expect(
      found(
        { ...second, name: "auth.secrets", urn: `${second.urn}2` },
        credential(CLIENT, [...WRITERS, ORGANISATION]),
      ),
    ).toEqual([early("auth")]);
  });

  it("refuses a data source that does not wait for the edge and the keys", () => {
    const backends = WRITERS.filter(({ name }) => !/^(auth|envoy)/.test(name));
    expect(found(credential("grafana:oss/dataSource:DataSource", backends))).toEqual([
      early("auth"),
      early("envoy"),
    ]);
  });

  it("refuses a client before, or without, its organisation", () => {
    expect(found(credential(CLIENT, WRITERS))).toEqual([
      "credential of tenant mx can exist before its organisation.",
    ]);
    expect(messages(isolationBeforeCredentials, [...WRITERS, MX, credential(CLIENT, WRITERS)])).toEqual([
      "credential of tenant mx has no organisation to belong to.",
    ]);
  });

  it("does not pass an environment without credentials or without lists", () => {
    expect(found()).toEqual([nothingOf("tenant's client or data source")]);
    expect(
      messages(isolationBeforeCredentials, [MX, ORGANISATION, credential(CLIENT, [ORGANISATION])]),
    ).toEqual(SERVICES.map((service) => nothingOf(`live file of ${service}`)));
  });
});
