import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { onboard } from "../../src/cli/onboard";
import type { OnboardOptions } from "../../src/cli/onboard-asked";
import type * as Config from "../../src/config";
import type { Agent } from "../../src/model/tenant";
import { size } from "../../src/model/units";
import { ENVIRONMENT, tenant } from "../render/input";

/** What a stack's tenant list and its outputs say, in place of files and of the Pulumi CLI. */
const stacks = vi.hoisted(() => ({ inputs: {}, outputs: "", asked: [] as string[] }));
vi.mock("../../src/config", async (original) => ({
  ...(await original<typeof Config>()),
  loadInputs: (_root: string, stack: string) => (stacks.asked.push(`list of ${stack}`), stacks.inputs),
}));
vi.mock("../../src/cli/pulumi-outputs", () => ({
  pulumiOutputs: (stack: string) => (
    stacks.asked.push(`outputs of ${stack}`),
    Promise.resolve(stacks.outputs)
  ),
}));

const agent = (id: string, changes: Partial<Agent> = {}): Agent => ({
  ...(tenant("mx").agents[0] as Agent),
  id: id as Agent["id"],
  ...changes,
});
const elsewhere = (id: string, changes: Partial<Agent> = {}) => agent(id, { runs: "elsewhere", ...changes });

/** A stack whose tenant mx has these agents. */
function given(agents: readonly Agent[], host = "edge.example.com"): void {
  const sizes = { ...ENVIRONMENT.sizes, agent: { ...ENVIRONMENT.sizes.agent, memory: size("256MiB") } };
  stacks.inputs = { environment: { ...ENVIRONMENT, sizes }, tenants: [tenant("mx", { agents })] };
  const clients = agents.map(({ id }) => [id, { clientId: id, clientSecret: `secret of ${id}` }] as const);
  const mx = {
    state: "active",
    organisation: "tenant-mx",
    clients: Object.fromEntries(clients),
    users: {},
    readKey: "atl_read",
  };
  stacks.outputs = JSON.stringify({
    endpoints: { otlpGrpc: `${host}:4317`, otlpHttp: `https://${host}:4318` },
    grafanaUrl: `https://${host}:3000`,
    keycloakUrl: `https://${host}:8090`,
    caCertificate: "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n",
    administrators: { keycloak: { user: "admin", password: "secret of admin" } },
    operators: {},
    tenants: { mx },
  });
}

let directory: string;
let stderr: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "atalaya-"));
  stacks.asked.length = 0;
  stderr = "";
  vi.spyOn(process.stdout, "write").mockReturnValue(true);
  vi.spyOn(process.stderr, "write").mockImplementation((text) => ((stderr += String(text)), true));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(directory, { recursive: true });
});

const out = (): string => join(directory, "out");
const say = (options: Partial<OnboardOptions> = {}): Promise<number> =>
  onboard("mx", {
    ...{ stack: "prod", shipper: "alloy", logFiles: "/var/log/*.log", withSecret: false, json: false },
    ...options,
  });
const written = (file: string): string => readFileSync(join(out(), file), "utf8");
const ids = (): string | undefined => /^ATALAYA_CLIENT_ID='(.*)'$/m.exec(written("atalaya.env"))?.[1];

describe("npx atalaya onboard --shipper alloy", () => {
  it("writes what others than its owner read, with a secret that they do not", async () => {
    given([elsewhere("agent-mx-shop")]);
    expect(await say({ out: out(), withSecret: true })).toBe(0);
    expect(readdirSync(out())).toEqual(
      expect.arrayContaining(["README.md", "ca.crt", "compose.yaml", "config.alloy"]),
    );
    const modes = ["", "secrets", "secrets/client-secret"].map(
      (path) => statSync(join(out(), path)).mode & 0o777,
    );
    expect([modes, written("secrets/client-secret")]).toEqual([
      [0o755, 0o711, 0o600],
      "secret of agent-mx-shop",
    ]);
  });

  it("is for the only agent that runs elsewhere, by the list and the sizes of the stack that was named", async () => {
    given([agent("agent-mx"), elsewhere("agent-mx-shop")]);
    await say({ out: out() });
    expect([ids(), stacks.asked]).toEqual(["agent-mx-shop", ["outputs of prod", "list of prod"]]);
    expect(written("compose.yaml")).toContain("mem_limit: 256m\n");
    expect(stderr).not.toContain("own host");
  });

  it("is for the one that is named, where several run elsewhere", async () => {
    given([elsewhere("agent-a"), elsewhere("agent-b")]);
    await expect(say()).rejects.toThrow(
      "has 2 agents that run elsewhere. Say whose host it is: --client agent-a | agent-b",
    );
    await say({ out: out(), client: "agent-b" });
    expect(ids()).toBe("agent-b");
  });

  it("is no second one beside an agent of the environment's own host, unless it is told that this is known", async () => {
    given([agent("agent-mx"), agent("agent-mx-plant")]);
    await expect(say()).rejects.toThrow(
      /^Tenant mx has no agent .* runs elsewhere.*runs: elsewhere }.*apply/,
    );
    await expect(say({ client: "agent-mx" })).rejects.toThrow(
      /^Agent agent-mx runs on the environment's own host.*runs: elsewhere }.*--client NAME.*--force\.$/,
    );
    expect(await say({ out: out(), client: "agent-mx-plant", force: true })).toBe(0);
    expect(ids()).toBe("agent-mx-plant");
    expect(stderr).toContain("agent-mx-plant runs on the environment's own host too.");
  });

  it("is nobody's whose agent is suspended, also where that is known", async () => {
    given([agent("agent-mx"), elsewhere("agent-mx-shop", { state: "suspended" })]);
    for (const force of [false, true])
      await expect(say({ force })).rejects.toThrow(
        "Agent agent-mx-shop is suspended in the tenant list of stack prod",
      );
  });

  it("is refused where no other host reaches the environment, unless it is told that this is known", async () => {
    given([elsewhere("agent-mx-shop")], "localhost");
    await expect(say()).rejects.toThrow("is reached from its own host alone");
    await say({ out: out(), force: true });
    expect(written("compose.yaml")).toContain("network_mode: host\n");
  });

  it.each(["outputs", "lab"] as const)(
    "is not by --%s, which names no stack, and reads nothing",
    async (by) => {
      given([elsewhere("agent-mx-shop")]);
      await expect(say(by === "lab" ? { lab: true } : { outputs: "prod.json" })).rejects.toThrow(
        `--${by} does not say which stack that is. In its place say --stack NAME.`,
      );
      expect(stacks.asked).toEqual([]);
    },
  );

  it("wants its agent in the list, and all signals", async () => {
    given([elsewhere("agent-mx-shop")]);
    await expect(say({ client: "agent-mx" })).rejects.toThrow("There is no agent agent-mx in tenant mx");
    await expect(say({ signals: "logs" })).rejects.toThrow("Leave out --signals.");
  });
});
