import { describe, expect, it } from "vitest";
import { innerZonesPublishNothing } from "../../policies/rules/inner-zones-publish-nothing";
import { container, messages, network, nothingOf, on, tenant } from "./builder";

const ISOLATED = {
  "com.docker.network.bridge.enable_icc": "false",
  "com.docker.network.bridge.enable_ip_masquerade": "false",
};
const NETWORKS = [
  network("edge", { internal: false }),
  network("control"),
  network("data"),
  network("view"),
  network("debug", { internal: false, options: ISOLATED }),
  network("grafana.publish", {
    internal: false,
    options: { "com.docker.network.bridge.enable_icc": "false" },
  }),
];
const found = (...more: readonly ReturnType<typeof container>[]) =>
  messages(innerZonesPublishNothing, [...NETWORKS, ...more]);
const port = (internal: unknown, ip?: string) => ({ ports: [{ internal, external: internal, ip }] });
const mimir = (inputs: object) => container("mimir", { ...on("data"), ...inputs });

describe("inner-zones-publish-nothing", () => {
  it("passes what is published at the edge, and inner ports on loopback for debugging", () => {
    expect(
      found(
        container("envoy", { ...on("edge", "control", "data", "view"), ...port(4317, "192.0.2.1") }),
        container("grafana", { ...on("view", "grafana.publish"), ...port(3000, "192.0.2.1") }),
        mimir({ ...on("data", "debug"), ...port(9009, "127.0.0.1") }),
        container("loki", { ...on("data", "debug"), ...port(3100, "::1") }),
        container("tempo.files", { networkMode: "none" }),
      ),
    ).toEqual([]);
  });

  it.each([
    ["no address", port(9009), "9009 on every address"],
    ["an empty address", port(9009, ""), "9009 on every address"],
    ["all addresses", port(9009, "0.0.0.0"), "9009 on 0.0.0.0"],
    ["all addresses of the other kind", port(9009, "::"), "9009 on ::"],
    ["an address", port(9009, "192.0.2.1"), "9009 on 192.0.2.1"],
    ["a name", port(9009, "localhost"), "9009 on localhost"],
    ["a port that is text", port("9009", "0.0.0.0"), "9009 on 0.0.0.0"],
  ])("refuses an inner port on %s", (_, inputs, where) => {
    expect(found(mimir(inputs))).toEqual([`mimir publishes its inner port ${where}.`]);
  });

  it("refuses ports of the edge that are not for the outside", () => {
    const envoy = container("envoy", {
      ...on("edge"),
      ports: [4317, 4320, 9901].map((internal) => ({ internal, external: internal, ip: "192.0.2.1" })),
    });
    expect(found(envoy)).toEqual([
      "envoy publishes its inner port 4320 on 192.0.2.1.",
      "envoy publishes its inner port 9901 on 192.0.2.1.",
    ]);
  });

  it("refuses to publish whatever the image exposes", () => {
    expect(found(mimir({ publishAllPorts: true }))).toEqual(["mimir publishes all ports of its image."]);
  });

  it.each([
    ["not internal", { internal: false }, "is not internal"],
    ["not said to be", { internal: undefined }, "is not internal"],
    ["said to be in text", { internal: "true" }, "is not internal"],
    ["on the host's own network", { driver: "macvlan" }, 'has the driver "macvlan"'],
  ])("refuses an inner network that is %s", (_, inputs, problem) => {
    const [edge, control, , ...rest] = NETWORKS;
    const networks = [edge, control, network("data", inputs), ...rest].filter((one) => one !== undefined);
    expect(messages(innerZonesPublishNothing, [...networks, mimir({})])).toEqual([
      `Network atalaya-dev-data ${problem}.`,
    ]);
  });

  it("refuses a debugging network on which containers see each other", () => {
    const debug = network("debug", {
      internal: false,
      options: { ...ISOLATED, "com.docker.network.bridge.enable_icc": "true" },
    });
    expect(messages(innerZonesPublishNothing, [debug, mimir({})])).toEqual([
      "Network atalaya-dev-debug is not internal.",
    ]);
  });

  it("lets nobody but its service onto a network for publishing, which keeps apart who is on it", () => {
    expect(
      found(container("envoy", on("edge", "grafana.publish")), mimir(on("data", "mimir.publish"))),
    ).toEqual([
      "envoy joins the network atalaya-dev-grafana.publish, which is not one of its zones (edge, control, data, view).",
      "mimir joins the network atalaya-dev-mimir.publish, which is not one of its zones (data).",
    ]);
    expect(found(container("grafana", on("view", "edge")))).toEqual([
      "grafana joins the network atalaya-dev-edge, which is not one of its zones (view).",
    ]);
    const open = ["grafana", "mimir"].map((service) =>
      network(`${service}.publish`, { internal: false, options: service === "mimir" ? ISOLATED : {} }),
    );
    expect(messages(innerZonesPublishNothing, [...open, mimir({})])).toEqual([
      "Network atalaya-dev-grafana.publish is not internal.",
      "Network atalaya-dev-mimir.publish is not internal.",
    ]);
  });

  it("refuses a process on a network of another zone, or of nobody's", () => {
    expect(found(mimir(on("data", "edge")), container("redis", on("control", "other")))).toEqual([
      "mimir joins the network atalaya-dev-edge, which is not one of its zones (data).",
      "redis joins the network atalaya-dev-other, which is not one of its zones (control).",
    ]);
  });

  it("lets an agent onto the edge's network and its tenant's, and an unknown process onto none", () => {
    const mx = tenant("mx");
    const own = network("agent-mx.network", {}, { parent: mx });
    const agent = (...networks: readonly string[]) => container("agent-mx", on(...networks), { parent: mx });
    expect(found(mx, own, agent("edge", "agent-mx.network"))).toEqual([]);
    expect(found(mx, own, agent("edge", "data", "elsewhere"), container("sidecar", on("edge")))).toEqual([
      "agent-mx joins the network atalaya-dev-data, which is not one of its zones (edge, and its own).",
      "agent-mx joins the network atalaya-dev-elsewhere, which is not one of its zones (edge, and its own).",
      "sidecar joins the network atalaya-dev-edge, which is not one of its zones (none: it is no service we know).",
    ]);
  });

  it("does not pass an environment without networks or without containers", () => {
    expect(messages(innerZonesPublishNothing, [mimir({})])).toEqual([nothingOf("Docker network")]);
    expect(messages(innerZonesPublishNothing, NETWORKS)).toEqual([nothingOf("container")]);
  });
});
