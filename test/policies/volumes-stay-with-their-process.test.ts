import { describe, expect, it } from "vitest";
import { volumesStayWithTheirProcess } from "../../policies/rules/volumes-stay-with-their-process";
import type { ResourceRecord } from "../../src/model/recording";
import { container, judge, messages, nothingOf, on, resource, tenant } from "./builder";

const MX = tenant("mx");
const agent = (name: string) => resource("atalaya:tenant:Agent", name, {}, { parent: MX });
const LOKI = resource("atalaya:data:LogsBackend", "loki");
const [ONE, OTHER] = [agent("agent-mx"), agent("agent-mx-plant")];
const volume = (name: string, parent: ResourceRecord, inputs: object = {}) =>
  resource("docker:index/volume:Volume", name, { name: `atalaya-dev-${name}`, ...inputs }, { parent });
const mounting = (name: string, volumeName: string, parent: ResourceRecord) =>
  container(name, { ...on("edge"), volumes: [{ volumeName, containerPath: "/data" }] }, { parent });
const ALL = [MX, ONE, OTHER, LOKI, volume("agent-mx.data", ONE), volume("loki.data", LOKI)];

describe("volumes-stay-with-their-process", () => {
  it("passes a process's own volumes, its helpers' as well", () => {
    expect(
      messages(volumesStayWithTheirProcess, [
        ...ALL,
        mounting("agent-mx", "atalaya-dev-agent-mx.data", ONE),
        mounting("agent-mx.prepare", "atalaya-dev-agent-mx.data", ONE),
      ]),
    ).toEqual([]);
  });

  it("refuses another agent's, another service's and nobody's", () => {
    const found = judge(volumesStayWithTheirProcess, [
      ...ALL,
      mounting("agent-mx-plant", "atalaya-dev-agent-mx.data", OTHER),
      mounting("agent-mx", "atalaya-dev-loki.data", ONE),
      mounting("loki", "elsewhere", LOKI),
    ]);
    expect(found.map(({ tenant: id, message }) => [id, message])).toEqual([
      [undefined, "loki mounts the volume elsewhere, which nobody declares."],
      ["mx", "agent-mx mounts the volume atalaya-dev-loki.data, which is declared for loki."],
      [
        "mx",
        "agent-mx-plant mounts the volume atalaya-dev-agent-mx.data, which is declared for agent-mx of tenant mx.",
      ],
    ]);
  });

  it("refuses a volume that lies elsewhere", () => {
    const bound = volume("loki.data", LOKI, { driverOpts: { device: "/" } });
    expect(messages(volumesStayWithTheirProcess, [LOKI, bound, container("loki", on("data"))])).toEqual([
      "The volume loki.data has the driver local with device: it may lie anywhere.",
    ]);
  });

  it("does not pass an environment without containers", () => {
    expect(messages(volumesStayWithTheirProcess, [])).toEqual([nothingOf("container")]);
  });
});
