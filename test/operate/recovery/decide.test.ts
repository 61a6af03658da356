import { describe, expect, it } from "vitest";
import {
  decide,
  questionOf,
  removals,
  sentence,
  type Found,
  type Time,
} from "../../../src/operate/recovery/decide";
import {
  mended,
  pendingOf,
  type Operation,
  type StateResource,
} from "../../../src/operate/recovery/deployment";
import {
  client,
  container,
  group,
  image,
  network,
  operation,
  password,
  resource,
  state,
  volume,
} from "./state";

const creating = (of: StateResource): Operation => operation("creating", of);

const TIME: Time = { begun: new Date("2026-11-21T09:00:00Z"), now: new Date("2026-11-21T11:00:00Z") };

/** What becomes of an operation when its server has this: `kind: sentence`. */
function decided(
  of: Operation,
  found?: Found,
  resources: readonly StateResource[] = [],
  time = TIME,
): string {
  const question = questionOf(of);
  const decision = question.kind === "ask" ? decide(question, resources, found, time) : question;
  return `${decision.kind}: ${sentence(decision)}`;
}

const there = (id: string): Found => ({ id, ours: true });

describe("what becomes of an operation", () => {
  it("that made nothing on a server: forgotten", () => {
    expect([
      decided(operation("updating", container)),
      decided(operation("deleting", volume)),
      decided(operation("reading", volume)),
      decided(creating(password)),
      decided(creating(image)),
      decided(creating(container)),
      decided(creating(resource("aws:s3/bucket:Bucket", "b"))),
    ]).toEqual([
      "forget: co-container was being changed: the next up does it again.",
      "forget: co-data was being deleted: the next up does it again.",
      "forget: co-data was being handled (reading): nothing was changed.",
      "forget: co-password was being made, on no server: up makes it anew.",
      "forget: alloy was being made: up makes it again, as it is.",
      "forget: co-container was being made, and was not: up makes it.",
      "forget: b was being made, and aws:s3/bucket:Bucket is a type that recover does not know: if up says that it exists, remove it by hand.",
    ]);
  });

  it("that made something: kept when it holds data, else removed", () => {
    expect([
      decided(creating(volume), there("atalaya-dev-co.data")),
      decided(creating(container), there("c1")),
      decided(creating(client), there("k1")),
    ]).toEqual([
      "adopt: co-data was being made, and its volume atalaya-dev-co.data is there: kept, the state is told of it.",
      "remove: co-container was being made, and its container atalaya-dev-co is there, unfinished: removed, up makes it anew.",
      "remove: co-client was being made, and its client agent-co is there, unfinished: removed, up makes it anew.",
    ]);
  });

  it("whose thing the state knows by now: forgotten, whatever it is", () => {
    const known = { ...container, id: "c1" };
    expect(decided(creating(container), there("c1"), [known])).toBe(
      "forget: co-container was being made: the state knows it by now.",
    );
    // One that an up made anew under another name of Pulumi's.
    expect(decided(creating(container), there("c1"), [{ ...known, urn: "urn:other" }])).toMatch(/^forget/);
    // The old one is still to be deleted: up does it.
    expect(decided(creating(container), there("c1"), [{ ...known, delete: true }])).toMatch(/^forget/);
  });

  it("that was replacing: the old one is gone, the new one is removed", () => {
    const old = { ...client, id: "k0", pendingReplacement: true };
    expect(decided(creating(client), there("k1"), [old])).toMatch(/^remove/);
    expect(decided(creating(client), there("k0"), [old])).toMatch(/^remove/);
    const gone = { ...volume, id: "atalaya-dev-co.data", pendingReplacement: true };
    expect(decided(creating(volume), there("atalaya-dev-co.data"), [gone])).toBe(
      "forget: co-data was being made anew, and its volume atalaya-dev-co.data is there: up takes it.",
    );
  });

  it("of which nobody knows what it may do: left to a person", () => {
    expect([
      decided(creating(container), { id: "c1", ours: false }),
      decided(creating(volume), { id: "atalaya-dev-co.data", ours: false }),
      decided(creating(volume), there("new"), [{ ...volume, id: "old" }]),
      decided(creating({ ...client, inputs: { realmId: "observability" } })),
    ]).toEqual([
      "blocked: co-container was being made, and there is a container atalaya-dev-co without the labels of this environment: whose is it? Remove or rename it by hand, and recover again.",
      "blocked: co-data was being made, and there is a volume atalaya-dev-co.data without the labels of this environment: whose is it? Remove or rename it by hand, and recover again.",
      "blocked: co-data was being made anew: the state has old, its server new. Which of them holds data? Remove the other one by hand, and recover again.",
      "blocked: co-client was being made, and the state does not say in plain text what its server calls it. Remove it by hand, then: pulumi stack export | pulumi stack import.",
    ]);
  });

  it("that is older than the update: left to a person; without a lock, what has worked for an hour", () => {
    const made = (when: string, inUse: boolean): Found => ({
      ...there("c1"),
      made: new Date(when),
      ...(inUse && { inUse: true }),
    });
    const unlocked = { ...TIME, begun: undefined };
    const of = (found: Found, time?: Time) => decided(creating(container), found, [], time);
    const OLDER =
      "blocked: co-container was being made, and there is a container atalaya-dev-co that is older, of 2026-11-21T08:59:59.000Z, and may be in use: whose is it? Remove or rename it by hand, and recover again.";
    expect([
      of(made("2026-11-21T08:59:59Z", false)),
      of(made("2026-11-21T08:59:59Z", true), unlocked),
    ]).toEqual([OLDER, OLDER]);
    for (const unfinished of [
      of(made("2026-11-21T09:00:01Z", true)),
      of(made("2026-11-21T08:59:59Z", false), unlocked),
      of(made("2026-11-21T10:30:00Z", true), unlocked),
    ])
      expect(unfinished).toMatch(/^remove: /);
  });

  it("whose thing holds others' by now: kept", () => {
    expect([
      decided(creating(group), there("g1")),
      decided(creating(group), { ...there("g1"), holds: "members" }),
    ]).toEqual([
      "remove: co-group was being made, and its group co is there, unfinished: removed, up makes it anew.",
      "adopt: co-group was being made, and its group co is there, with members: kept, the state is told of it.",
    ]);
  });

  it("removes what is in a server before the server, and a network after who is on it", () => {
    const decisions = [network, container, client].flatMap((of) => {
      const question = questionOf(creating(of));
      return question.kind === "ask" ? [decide(question, [], there("x"), TIME)] : [];
    });
    expect(removals(decisions).map(({ operation: { resource: of } }) => of)).toEqual([
      client,
      container,
      network,
    ]);
  });
});

describe("the mended state", () => {
  it("has what was found, with its inputs for outputs, and no operation under way", () => {
    const exported = state([creating(volume)], [password]);
    const [provider] = exported.deployment.resources ?? [];
    expect(mended(exported, [{ resource: volume, id: "v", outputs: { orgId: 2 } }])).toEqual({
      version: 3,
      deployment: {
        resources: [
          provider,
          password,
          {
            ...volume,
            id: "v",
            outputs: {
              name: "atalaya-dev-co.data",
              labels: [{ label: "atalaya.environment", value: "dev" }],
              driverOpts: { o: "x" },
              orgId: 2,
            },
          },
        ],
        pending_operations: [],
      },
    });
  });

  it("is made of one operation for each resource: an up carries those of the one before on", () => {
    const pending = [
      creating(volume),
      operation("updating", volume),
      creating(volume),
      operation("updating", container),
      creating(container),
    ];
    expect(pendingOf(state(pending))).toEqual([creating(volume), creating(container)]);
    expect(pendingOf({ version: 3, deployment: {} })).toEqual([]);
  });
});
