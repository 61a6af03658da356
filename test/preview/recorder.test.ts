import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { describe, expect, it } from "vitest";
import { loadStack } from "../../src/cli/load";
import { LEAN_SDK_VERSION } from "../../src/preview/lean";
import { loadSdk } from "../../src/preview/sdk";
import { declareStack } from "../../src/stack/program";
import { Group, NETWORK, STACK, VOLUME, resource, run, urn } from "./run";

describe("a recording", () => {
  it("has every resource, sorted by URN, with the engine's URNs", async () => {
    const { resources } = await run(() => {
      new Group("zone", (zone) => {
        new Group(
          "inner",
          (parent) => new docker.Network("data", { internal: true }, { parent }),
          { parent: zone },
          { size: 3, ports: [{ port: 1 }], none: undefined },
        );
      });
      new docker.Volume("wal", { name: "wal" });
    });
    expect(resources).toEqual([
      {
        urn: urn("docker:index/volume:Volume", "wal"),
        type: VOLUME,
        name: "wal",
        custom: true,
        parent: STACK,
        inputs: { name: "wal" },
        secrets: [],
        protect: false,
        dependsOn: [],
      },
      {
        urn: STACK,
        type: "pulumi:pulumi:Stack",
        name: "atalaya-dev",
        custom: false,
        inputs: {},
        secrets: [],
        protect: false,
        dependsOn: [],
      },
      {
        urn: urn("test:index:Group$test:index:Group$docker:index/network:Network", "data"),
        type: NETWORK,
        name: "data",
        custom: true,
        parent: urn("test:index:Group$test:index:Group", "inner"),
        inputs: { internal: true },
        secrets: [],
        protect: false,
        dependsOn: [],
      },
      {
        urn: urn("test:index:Group$test:index:Group", "inner"),
        type: "test:index:Group",
        name: "inner",
        custom: false,
        parent: urn("test:index:Group", "zone"),
        inputs: { size: 3, ports: [{ port: 1 }] },
        secrets: [],
        protect: false,
        dependsOn: [],
      },
      {
        urn: urn("test:index:Group", "zone"),
        type: "test:index:Group",
        name: "zone",
        custom: false,
        parent: STACK,
        inputs: {},
        secrets: [],
        protect: false,
        dependsOn: [],
      },
    ]);
  });

  it("keeps protection and deletedWith, which children inherit", async () => {
    const recording = await run(() => {
      const host = new docker.Network("host", {});
      new Group(
        "kept",
        (parent) => {
          new docker.Volume("inherits", {}, { parent });
          new docker.Volume(
            "own",
            {},
            { parent, protect: false, deletedWith: new docker.Volume("other", {}) },
          );
        },
        { protect: true, deletedWith: host },
      );
    });
    const of = (name: string): unknown[] => {
      const { protect, deletedWith } = resource(recording, name);
      return [protect, deletedWith];
    };
    expect(of("host")).toEqual([false, undefined]);
    expect(of("kept")).toEqual([true, urn(NETWORK, "host")]);
    expect(of("inherits")).toEqual([true, urn(NETWORK, "host")]);
    expect(of("own")).toEqual([false, urn(VOLUME, "other")]);
  });

  it("keeps what a resource depends on: by option, by input, through a component", async () => {
    const recording = await run(() => {
      const volume = new docker.Volume("b-volume", {});
      const network = new docker.Network("a-network", {});
      const zone = new Group("zone", (parent) => new docker.Volume("in-zone", {}, { parent }));
      new docker.Container(
        "agent",
        { image: "alloy", networksAdvanced: [{ name: network.name }] },
        { dependsOn: [volume, zone] },
      );
    });
    expect(resource(recording, "agent").dependsOn).toEqual([
      urn(NETWORK, "a-network"),
      urn(VOLUME, "b-volume"),
      urn(`test:index:Group$${VOLUME}`, "in-zone"),
    ]);
  });

  it("keeps the provider that was given, also through a component", async () => {
    const recording = await run(() => {
      const provider = new docker.Provider("local", { host: "unix:///var/run/docker.sock" });
      new docker.Volume("direct", {}, { provider });
      new docker.Volume("default", {});
      new Group("zone", (parent) => new docker.Volume("inherited", {}, { parent }), {
        providers: [provider],
      });
    });
    const provider = urn("pulumi:providers:docker", "local");
    expect(resource(recording, "direct").provider).toBe(provider);
    expect(resource(recording, "inherited").provider).toBe(provider);
    expect(resource(recording, "default")).not.toHaveProperty("provider");
    expect(resource(recording, "local").inputs).toEqual({ host: "unix:///var/run/docker.sock" });
  });

  it("has the program's outputs and says which are secret", async () => {
    const { outputs, secretOutputs } = await run(() => ({
      domain: new pulumi.Config().require("domain"),
      smtp: new pulumi.Config().requireSecret("smtp"),
      nested: { plain: 1, password: new random.RandomPassword("admin", { length: 20 }).result },
    }));
    expect(outputs).toEqual({
      domain: "example.org",
      smtp: "preview:secret:config:smtp:value",
      nested: { plain: 1, password: "preview:secret:random-password:admin:result" },
    });
    expect(secretOutputs).toEqual(["nested.password", "smtp"]);
  });

  it("runs the program as a preview of its project and stack", async () => {
    const { outputs } = await run(
      () => ({
        where: `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`,
        preview: pulumi.runtime.isDryRun(),
      }),
      { organization: "acme" },
    );
    expect(outputs).toEqual({ where: "acme/atalaya/dev", preview: true });
  });

  it("is the same with the unchanged SDK as with the lean one", async () => {
    expect(loadSdk().version.version, "check src/preview/lean.ts against the new SDK").toBe(LEAN_SDK_VERSION);
    const stack = loadStack({ stack: "dev" });
    const program = (): Promise<Record<string, unknown>> => declareStack(stack);
    const { config, secretKeys } = stack;
    const options = { config, secretConfigKeys: secretKeys, stallMs: 10_000 };
    expect(await run(program, options)).toEqual(await run(program, { ...options, lean: false }));
  });

  it("leaves nothing to the next one", async () => {
    const program = (): void => {
      new docker.Volume("wal", {});
      new random.RandomPassword("admin", { length: 20 });
    };
    const events = ["unhandledRejection", "uncaughtException", "exit"];
    const listeners = (): number[] => events.map((event) => process.listenerCount(event));
    const before = listeners();
    const first = await run(program);
    for (let time = 0; time < 20; time++) expect(await run(program)).toEqual(first);
    const all = await Promise.all([run(program), run(() => undefined, { stack: "prod" }), run(program)]);
    expect(all.map(({ stack, resources }) => [stack, resources.length])).toEqual([
      ["dev", 3],
      ["prod", 1],
      ["dev", 3],
    ]);
    await expect(run(() => new pulumi.Config("other").require("key"))).rejects.toThrow(/other:key/);
    expect(listeners()).toEqual(before);
  });
});
