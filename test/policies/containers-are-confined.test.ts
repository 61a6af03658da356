import { describe, expect, it } from "vitest";
import { containersAreConfined } from "../../policies/rules/containers-are-confined";
import { container, messages, network, nothingOf, on, resource, tenant } from "./builder";

const found = (inputs: object, name = "mimir") =>
  messages(containersAreConfined, [container(name, { ...on("data"), ...inputs })]);
const HELPER = {
  networksAdvanced: [],
  networkMode: "none",
  user: "0:0",
  capabilities: { drops: ["ALL"], adds: ["CAP_CHOWN"] },
};

describe("containers-are-confined", () => {
  it("passes a process of ours, and what a provider adds to it", () => {
    expect(found({})).toEqual([]);
    expect(
      found({
        privileged: false,
        networkMode: "bridge",
        ipcMode: "private",
        pidMode: "",
        gpus: "",
        devices: [],
        volumes: [
          { volumeName: "atalaya-dev-mimir.data", containerPath: "/data", hostPath: "", fromContainer: "" },
        ],
        mounts: [{ type: "tmpfs", target: "/tmp" }],
      }),
    ).toEqual([]);
  });

  it("passes a helper without a network that gives files away", () => {
    expect(found(HELPER, "mimir.files")).toEqual([]);
  });

  it.each<[string, object, string]>([
    ["privileges", { privileged: true }, "is privileged"],
    ["capabilities that were not dropped", { capabilities: {} }, "keeps Docker's default capabilities"],
    ["some of them dropped", { capabilities: { drops: ["NET_RAW"] } }, "keeps Docker's default capabilities"],
    [
      "one taken back",
      { capabilities: { drops: ["ALL"], adds: ["CAP_NET_ADMIN"] } },
      "has the capability CAP_NET_ADMIN",
    ],
    ["root", { user: "0:0" }, "runs as root"],
    ["root by name", { user: "root" }, "runs as root"],
    ["whoever the image says", { user: undefined }, "runs as root"],
    ["new privileges", { securityOpts: [] }, "may gain privileges"],
    [
      "no filter of system calls",
      { securityOpts: ["no-new-privileges:true", "seccomp=unconfined"] },
      "may gain privileges",
    ],
    ["the host's network", { networkMode: "host" }, "has the network mode host"],
    [
      "another container's network",
      { networkMode: "container:envoy" },
      "has the network mode container:envoy",
    ],
    ["the host's processes", { pidMode: "host" }, 'has pidMode "host"'],
    ["the host's users", { usernsMode: "host" }, 'has usernsMode "host"'],
    ["devices", { devices: [{ hostPath: "/dev/kvm" }] }, "has devices"],
    ["groups of the host", { groupAdds: ["docker"] }, "has groupAdds"],
    [
      "the Docker socket",
      {
        volumes: [
          { hostPath: "/var/run/docker.sock", containerPath: "/var/run/docker.sock", readOnly: true },
        ],
      },
      "mounts /var/run/docker.sock at /var/run/docker.sock",
    ],
    [
      "the Docker socket under another name",
      { mounts: [{ type: "bind", source: "/run", target: "/host" }] },
      "mounts /run at /host",
    ],
    [
      "a volume that leads to the socket",
      { volumes: [{ volumeName: "sock", containerPath: "/var/run/docker.sock" }] },
      "mounts sock at /var/run/docker.sock",
    ],
    ["another container's volumes", { volumes: [{ fromContainer: "loki" }] }, "mounts loki at "],
  ])("refuses %s", (_, inputs, problem) => {
    expect(found(inputs)).toEqual([`mimir ${problem}.`]);
  });

  it("refuses a helper's rights to whoever has a network, or is no helper", () => {
    const problems = ["mimir has the capability CAP_CHOWN.", "mimir runs as root."];
    expect(found(HELPER)).toEqual(problems);
    expect(found({ ...HELPER, ...on("data") }, "mimir.files")).toEqual(
      problems.map((problem) => problem.replace("mimir", "mimir.files")),
    );
  });

  it("refuses Docker's default network, where everybody meets", () => {
    expect(found({ networksAdvanced: [] })).toEqual(["mimir is on Docker's default network."]);
  });

  it("lets nobody onto the network of a tenant's agent but that tenant's own", () => {
    const [mx, pe] = [tenant("mx"), tenant("pe")];
    const own = network("agent-mx.network", {}, { parent: mx });
    const agent = (name: string, parent = mx) => container(name, on("agent-mx.network"), { parent });
    expect(
      messages(containersAreConfined, [mx, pe, own, agent("agent-mx"), agent("agent-mx-plant")]),
    ).toEqual([]);
    expect(
      messages(containersAreConfined, [
        mx,
        pe,
        own,
        agent("agent-pe", pe),
        container("mimir", on("agent-mx.network")),
      ]),
    ).toEqual([
      "agent-pe is on the network atalaya-dev-agent-mx.network, which belongs to tenant mx.",
      "mimir is on the network atalaya-dev-agent-mx.network, which belongs to tenant mx.",
    ]);
  });

  it("refuses programs that run where no rule looks", () => {
    const swarm = resource("docker:index/service:Service", "sidecar", {});
    const command = resource("command:local:Command", "script", {});
    expect(messages(containersAreConfined, [container("mimir", on("data")), swarm, command])).toEqual([
      "script is a command:local:Command, which no policy reads.",
      "sidecar is a docker:index/service:Service, which no policy reads.",
    ]);
  });

  it("does not pass an environment without containers", () => {
    expect(messages(containersAreConfined, [])).toEqual([nothingOf("container")]);
  });
});
