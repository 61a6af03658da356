import { describe, expect, it, vi } from "vitest";
import { Agent } from "../../components/agent";
import { Client } from "../../components/client";
import type { ClientId, TenantId } from "../../src/model/names";
import { activeAndGone, agentsThatCannotGo, removalProblem } from "../../src/stack/removals";
import { MX, PE, recordEnvironment } from "./environment";

/** A component as it tells the engine its outputs. */
interface Registers {
  registerOutputs(outputs?: { readonly agent?: string }): void;
}

const tenant = (id: string, state: string) => ({
  [`urn:pulumi:dev::atalaya::atalaya:tenant:Tenant::${id}`]: {
    type: "atalaya:tenant:Tenant",
    outputs: { tenant: id, state },
  },
});
const listed = (...ids: string[]) => ids.map((id) => ({ id: id as TenantId }));

describe("tenants that disappear from the list", () => {
  const state = {
    ...tenant("pe", "active"),
    ...tenant("mx", "active"),
    ...tenant("co", "suspended"),
    "urn:pulumi:dev::atalaya::docker:index/volume:Volume::mimir-data": {
      type: "docker:index/volume:Volume",
      outputs: { state: "active", tenant: "zz" },
    },
    "urn:pulumi:dev::atalaya::atalaya:docker:Host::docker": { type: "atalaya:docker:Host" },
  };

  it("are found while the last update had them active", () => {
    expect(activeAndGone(state, listed("co"))).toEqual(["mx", "pe"]);
  });

  it("may go once they were suspended, and nobody is missed in a new stack", () => {
    expect(activeAndGone(state, listed("mx", "pe"))).toEqual([]);
    expect(activeAndGone({}, listed("mx"))).toEqual([]);
  });
});

describe("agents that disappear from the list", () => {
  const agent = (id: string, of: string, state: string) => ({
    [`urn:pulumi:dev::atalaya::atalaya:tenant:Tenant$atalaya:tenant:Agent::${id}`]: {
      type: "atalaya:tenant:Agent",
      outputs: { agent: id, tenant: of, state },
    },
  });
  const having = (id: string, ...agents: readonly string[]) => ({
    id: id as TenantId,
    agents: agents.map((one) => ({ id: one as ClientId })),
  });
  const state = {
    ...tenant("mx", "active"),
    ...tenant("pe", "suspended"),
    ...agent("plant", "mx", "active"),
    ...agent("old", "mx", "suspended"),
    ...agent("agent-pe", "pe", "suspended"),
    // Of an update before agents said anything.
    "urn:pulumi:dev::atalaya::atalaya:tenant:Tenant$atalaya:tenant:Agent::agent-mx": {
      type: "atalaya:tenant:Agent",
      outputs: {},
    },
  };

  it("are refused while they send", () => {
    expect(agentsThatCannotGo(state, [having("mx", "agent-mx", "old"), having("pe", "agent-pe")])).toEqual([
      { agent: "plant", tenant: "mx", kind: "removed", elsewhere: false },
    ]);
    expect(removalProblem(state, [having("mx"), having("pe", "agent-pe")])).toBe(
      "The agent plant of mx has been active until now and is not in the tenant list any more. Removing deletes what it has queued: " +
        "first list it as suspended (agents: [{ id: plant, state: suspended }]), update, and then remove it.",
    );
  });

  it("are refused to leave this host while they send", () => {
    const gone = (id: string) => ({ id: id as ClientId, runs: "elsewhere" as const });
    const leaving = { id: "mx" as TenantId, agents: [gone("plant"), gone("old")] };
    expect(agentsThatCannotGo(state, [leaving])).toEqual([
      { agent: "plant", tenant: "mx", kind: "left", elsewhere: false },
    ]);
    expect(removalProblem(state, [leaving])).toBe(
      "The agent plant of mx has been active here until now and is to run elsewhere. Its container goes with what it has queued: " +
        'first suspend it (state: suspended), update, and then write "runs: elsewhere".',
    );
  });

  it("may go once they or their tenant were suspended", () => {
    expect(removalProblem(state, [having("mx", "plant")])).toBeUndefined();
  });

  it("are their tenant's matter when that goes too", () => {
    expect(agentsThatCannotGo(state, [])).toEqual([]);
    expect(removalProblem(state, [])).toBe(
      "mx has been active until now and is not in the tenant list any more. " +
        "Removing deletes dashboards, clients and queued data: first suspend it (state: suspended), update, and then remove it.",
    );
  });

  it("do not go to another tenant with what they have queued, suspended or not", () => {
    const moved = [having("mx"), having("co", "plant", "old")];
    expect(agentsThatCannotGo(state, moved)).toEqual([
      { agent: "old", tenant: "mx", kind: "moved", elsewhere: false },
      { agent: "plant", tenant: "mx", kind: "moved", elsewhere: false },
    ]);
    expect(removalProblem(state, moved)?.split("\n")[0]).toBe(
      "The agent old has been mx's until now and is listed for another tenant, which would be sent what is left in its queue. " +
        "Give the other tenant's agent another id, or first suspend it where it was, update, remove it, update, and only then list it there.",
    );
  });

  it("are known by what the components say of themselves", async () => {
    const agents = [{ id: "agent-mx" }, { id: "plant", state: "suspended" }];
    const registered = vi.spyOn(Agent.prototype as unknown as Registers, "registerOutputs");
    await recordEnvironment([
      { ...MX, agents },
      { ...PE, state: "suspended" },
    ]);
    const outputs = registered.mock.calls
      // The SDK calls it too, without any.
      .flatMap(([own]) => own ?? [])
      .sort((a, b) => ((a.agent ?? "") < (b.agent ?? "") ? -1 : 1));
    registered.mockRestore();
    expect(outputs).toEqual([
      { agent: "agent-mx", tenant: "mx", state: "active" },
      { agent: "agent-pe", tenant: "pe", state: "suspended" },
      { agent: "plant", tenant: "mx", state: "suspended" },
    ]);
  });
});

describe("agents that run elsewhere", () => {
  const client = (id: string, of: string, state: string) => ({
    [`urn:pulumi:dev::atalaya::atalaya:tenant:Tenant$atalaya:identity:TenantIdentity$atalaya:identity:Client::${id}`]:
      {
        type: "atalaya:identity:Client",
        outputs: { agent: id, tenant: of, state },
      },
  });
  const having = (
    id: string,
    ...agents: readonly { readonly id: string; readonly runs?: "elsewhere" }[]
  ) => ({
    id: id as TenantId,
    agents: agents.map((agent) => ({ ...agent, id: agent.id as ClientId })),
  });
  const elsewhere = { id: "plant", runs: "elsewhere" } as const;
  const here = { id: "plant" };
  const of = (state: string) => ({
    ...tenant("mx", "active"),
    ...client("plant", "mx", state),
    // Of an agent that runs here, and of a service.
    "urn:pulumi:dev::atalaya::atalaya:identity:Client::agent-mx": {
      type: "atalaya:identity:Client",
      outputs: {},
    },
  });
  const MOVED =
    "The agent plant has been mx's until now and is listed for another tenant, which would be sent what its machine sends on with the same secret. " +
    "Give the other tenant's agent another id, or first suspend it where it was, update, remove it, update, and only then list it there.";

  it.each([
    ["elsewhere", "active", elsewhere],
    ["here", "active", here],
    ["elsewhere, though suspended", "suspended", elsewhere],
    ["here, though suspended", "suspended", here],
  ])("do not become another tenant's with their secret: %s", (_, was, now) => {
    expect(removalProblem(of(was), [having("mx"), having("pe", now)])).toBe(MOVED);
    // Nor when their tenant goes as well.
    expect(removalProblem({ ...of(was), ...tenant("mx", "suspended") }, [having("pe", now)])).toBe(MOVED);
  });

  it("are refused to be removed while they send, and may go once they were suspended", () => {
    expect(removalProblem(of("active"), [having("mx")])).toBe(
      "The agent plant of mx, which runs elsewhere, has been active until now and is not in the tenant list any more. " +
        "Removing deletes its client, and its machine drops what it holds: first stop it there, list it as suspended " +
        "(agents: [{ id: plant, runs: elsewhere, state: suspended }]), update, and then remove it.",
    );
    expect(removalProblem(of("suspended"), [having("mx")])).toBeUndefined();
  });

  it("stay, come here, and were removed before another tenant lists their id", () => {
    expect(removalProblem(of("active"), [having("mx", elsewhere)])).toBeUndefined();
    expect(removalProblem(of("active"), [having("mx", here)])).toBeUndefined();
    expect(removalProblem(tenant("mx", "active"), [having("mx"), having("pe", elsewhere)])).toBeUndefined();
  });

  it("cannot be what an agent here becomes of another tenant", () => {
    const state = {
      ...tenant("mx", "active"),
      "urn:pulumi:dev::atalaya::atalaya:tenant:Tenant$atalaya:tenant:Agent::plant": {
        type: "atalaya:tenant:Agent",
        outputs: { agent: "plant", tenant: "mx", state: "active" },
      },
    };
    expect(agentsThatCannotGo(state, [having("mx"), having("pe", elsewhere)])).toEqual([
      { agent: "plant", tenant: "mx", kind: "moved", elsewhere: false },
    ]);
  });

  it("are known by what their clients say, and nothing else's client says anything", async () => {
    const agents = [{ id: "agent-mx" }, elsewhere, { ...elsewhere, id: "old", state: "suspended" }];
    const registered = vi.spyOn(Client.prototype as unknown as Registers, "registerOutputs");
    await recordEnvironment([
      { ...MX, agents, services: [{ name: "shop", scopes: ["a:b"] }] },
      { ...PE, agents: [{ ...elsewhere, id: "far" }], state: "suspended" },
    ]);
    const outputs = registered.mock.calls.flatMap(([own]) => (own?.agent === undefined ? [] : [own]));
    registered.mockRestore();
    expect(outputs.toSorted((a, b) => ((a.agent ?? "") < (b.agent ?? "") ? -1 : 1))).toEqual([
      { agent: "far", tenant: "pe", state: "suspended" },
      { agent: "old", tenant: "mx", state: "suspended" },
      { agent: "plant", tenant: "mx", state: "active" },
    ]);
  });
});
