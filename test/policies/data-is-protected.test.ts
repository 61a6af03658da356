import { describe, expect, it } from "vitest";
import { dataIsProtected } from "../../policies/rules/data-is-protected";
import type { ResourceRecord } from "../../src/model/recording";
import { container, files, messages, nothingOf, resource, tenant, type Options } from "./builder";

const volume = (name: string, options: Options = { protect: true }) =>
  resource("docker:index/volume:Volume", name, { name: `atalaya-dev-${name}` }, options);
const mount = (name: string, readOnly = false) => ({
  volumes: [{ volumeName: `atalaya-dev-${name}`, containerPath: `/${name}`, readOnly }],
});
const password = (name: string, options: Options = { protect: true }) =>
  resource("random:index/randomPassword:RandomPassword", name, {}, options);
const POSTGRES = [volume("postgres.data"), container("postgres", mount("postgres.data"))];
const found = (...resources: readonly ResourceRecord[]) => messages(dataIsProtected, resources);
const anchor = (parent: ResourceRecord, protect: boolean) =>
  resource("random:index/randomUuid:RandomUuid", `${parent.name}-anchor`, {}, { parent, protect });
const directory = (...states: readonly (readonly [string, string])[]) =>
  files("auth", {
    "/var/lib/atalaya/auth/live/tenants.json": {
      tenants: states.map(([id, state]) => ({
        id,
        orgId: `tenant-${id}`,
        state,
        agents: [`agent-${id}`],
        suspendedAgents: [`agent-${id}-old`],
        services: [],
      })),
    },
  });

describe("data-is-protected", () => {
  it("passes protected volumes, and what a process only reads as it is", () => {
    expect(found(...POSTGRES)).toEqual([]);
    expect(
      found(
        ...POSTGRES,
        volume("loki.config", {}),
        container("loki", mount("loki.config", true)),
        container("loki.files", mount("loki.config")),
      ),
    ).toEqual([]);
  });

  it("refuses an unprotected volume that a process writes to", () => {
    expect(found(volume("loki.data", {}), container("loki", mount("loki.data")))).toEqual([
      "The volume loki.data holds data of loki and is not protected.",
    ]);
  });

  it("refuses an unprotected password, given to the process or written for it", () => {
    const open = password("db", {});
    const message = "db opens data of postgres and is not protected.";
    const [data, process] = POSTGRES;
    if (data === undefined || process === undefined) throw new Error("no database");
    expect(found(open, data, { ...process, dependsOn: [open.urn] })).toEqual([message]);
    expect(found(open, ...POSTGRES, container("postgres.secrets", {}, { dependsOn: [open] }))).toEqual([
      message,
    ]);
    expect(
      found(password("db"), ...POSTGRES, container("postgres.secrets", {}, { dependsOn: [open] })),
    ).toEqual([]);
  });

  it("leaves a password alone that opens nothing that is kept, or that both sides are told", () => {
    const secret = password("client-secret", {});
    const client = resource("keycloak:openid/client:Client", "grafana", {}, { dependsOn: [secret] });
    expect(
      found(secret, client, ...POSTGRES, container("postgres.secrets", {}, { dependsOn: [secret] })),
    ).toEqual([]);
    expect(found(secret, ...POSTGRES, container("envoy.secrets", {}, { dependsOn: [secret] }))).toEqual([]);
  });

  it("refuses an active tenant without a protected anchor", () => {
    const [mx, pe] = [tenant("mx"), tenant("pe")];
    const both = directory(["mx", "active"], ["pe", "active"]);
    expect(found(...POSTGRES, mx, pe, both, anchor(mx, true), anchor(pe, true))).toEqual([]);
    expect(found(...POSTGRES, mx, pe, both, anchor(mx, false))).toEqual([
      "Tenant mx is active and its anchor is not protected.",
      "Tenant pe is active and has no anchor.",
    ]);
  });

  it("takes a tenant that no list knows for active", () => {
    const mx = tenant("mx");
    expect(found(...POSTGRES, mx, anchor(mx, false))).toHaveLength(1);
  });

  it("lets a suspended tenant go, its queue with it", () => {
    const mx = tenant("mx");
    const queue = [
      volume("agent-mx.data", { parent: mx }),
      container("agent-mx", mount("agent-mx.data"), { parent: mx }),
    ];
    const all = (state: string) =>
      found(...POSTGRES, mx, directory(["mx", state]), anchor(mx, state === "active"), ...queue);
    const old = [
      volume("agent-mx-old.data", { parent: mx }),
      container("agent-mx-old", mount("agent-mx-old.data"), { parent: mx }),
    ];
    expect(found(...POSTGRES, mx, directory(["mx", "active"]), anchor(mx, true), ...old)).toEqual([]);
    expect(all("suspended")).toEqual([]);
    expect(all("active")).toEqual(["The volume agent-mx.data holds data of agent-mx and is not protected."]);
  });

  it("does not pass an environment that keeps nothing", () => {
    expect(found(container("envoy"))).toEqual([nothingOf("data volume")]);
  });
});
