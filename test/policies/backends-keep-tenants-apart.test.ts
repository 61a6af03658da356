import { describe, expect, it } from "vitest";
import { backendsKeepTenantsApart } from "../../policies/rules/backends-keep-tenants-apart";
import { container, files, messages, nothingOf } from "./builder";

const MIMIR = "multitenancy_enabled: true\ntenant_federation: { enabled: false }\n";
const LOKI = "auth_enabled: true\nquerier: { multi_tenant_queries_enabled: false }\n";
const TEMPO = "multitenancy_enabled: true\nquery_frontend: { multi_tenant_queries_enabled: false }\n";
const file = (service: string, content: string) =>
  files(service, { [`/etc/atalaya/${service}/${service}.yaml`]: content });
const found = ({ mimir = MIMIR, loki = LOKI, tempo = TEMPO } = {}, ...more: ReturnType<typeof file>[]) =>
  messages(backendsKeepTenantsApart, [
    file("mimir", mimir),
    file("loki", loki),
    file("tempo", tempo),
    ...more,
  ]);

describe("backends-keep-tenants-apart", () => {
  it("passes backends that keep tenants apart and refuse several at once", () => {
    expect(found()).toEqual([]);
  });

  it("reads values through anchors", () => {
    expect(
      found({
        mimir:
          "on: &on true\noff: &off { enabled: false }\nmultitenancy_enabled: *on\ntenant_federation: *off\n",
      }),
    ).toEqual([]);
    expect(
      found({ mimir: "no: &no false\nmultitenancy_enabled: *no\ntenant_federation: { enabled: *no }\n" }),
    ).toEqual(["mimir: multitenancy_enabled is false in /etc/atalaya/mimir/mimir.yaml."]);
  });

  it.each([
    [{ mimir: MIMIR.replace("true", "false") }, "mimir: multitenancy_enabled is false"],
    [{ mimir: MIMIR.replace("true", '"true"') }, 'mimir: multitenancy_enabled is "true"'],
    [{ mimir: "tenant_federation: { enabled: false }\n" }, 'mimir: multitenancy_enabled is "unset"'],
    [{ mimir: MIMIR.replace("false", "true") }, "mimir: tenant_federation.enabled is true"],
    [{ mimir: MIMIR.replace("false", "yes") }, 'mimir: tenant_federation.enabled is "yes"'],
    [{ loki: LOKI.replace("true", "false") }, "loki: auth_enabled is false"],
    [{ loki: LOKI.replace("false", "true") }, "loki: querier.multi_tenant_queries_enabled is true"],
    [{ tempo: TEMPO.replace("true", "false") }, "tempo: multitenancy_enabled is false"],
    [
      { tempo: "multitenancy_enabled: true\n" },
      'tempo: query_frontend.multi_tenant_queries_enabled is "unset"',
    ],
  ])("refuses %j", (contents, problem) => {
    const [service] = Object.keys(contents);
    expect(found(contents)).toEqual([`${problem} in /etc/atalaya/${service ?? ""}/${service ?? ""}.yaml.`]);
  });

  it("refuses a file that says it twice: who wins depends on the reader", () => {
    expect(found({ mimir: `${MIMIR}multitenancy_enabled: false\n` })).toEqual([
      "The rule could not decide: /etc/atalaya/mimir/mimir.yaml cannot be read: Map keys must be unique at line 3, column 1:",
    ]);
  });

  it.each([
    ["mimir", "-auth.multitenancy-enabled=false"],
    ["mimir", "--tenant-federation.enabled=true"],
    ["loki", "-auth.enabled=false"],
    ["tempo", "--multitenancy.enabled=false"],
  ])("refuses a flag of %s that outranks the file: %s", (service, flag) => {
    expect(found({}, container(service, { command: ["-config.file=x", flag] }))).toEqual([
      `${service}: the command line sets ${flag}, which outranks the checked file.`,
    ]);
    expect(found({}, container(service, { entrypoints: [flag] }))).toHaveLength(1);
  });

  it("does not pass a backend whose file it does not find", () => {
    expect(messages(backendsKeepTenantsApart, [])).toEqual([
      nothingOf("configuration of loki (loki.yaml)"),
      nothingOf("configuration of mimir (mimir.yaml)"),
      nothingOf("configuration of tempo (tempo.yaml)"),
    ]);
  });
});
