import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { inBatches } from "../../components/batches";
import { record } from "../../src/preview/recorder";

class Pair extends pulumi.ComponentResource {
  constructor(name: string, volume: pulumi.Input<string>) {
    super("test:index:Pair", name);
    const outer = new docker.Volume(`${name}-outer`, { name: volume }, { parent: this });
    new docker.Volume(`${name}-inner`, { name: outer.name }, { parent: outer });
    this.registerOutputs({});
  }
}

const OPTIONS = { project: "atalaya", stack: "dev", config: new Map<string, string>() };
const NAMES = ["a", "b", "c", "d", "e"];

describe("inBatches", () => {
  it("waits for the answers of a batch, children included, before the next", async () => {
    const log: string[] = [];
    const later = (name: string): Promise<string> =>
      new Promise((resolve) =>
        setTimeout(() => {
          log.push(`- ${name}`);
          resolve(name);
        }, 20),
      );
    const { resources } = await record(async () => {
      await inBatches(NAMES, 2, (name) => {
        log.push(`+ ${name}`);
        return new Pair(name, later(name));
      });
      log.push("done");
      return {};
    }, OPTIONS);
    expect(resources).toHaveLength(1 + 3 * NAMES.length);
    expect(log).toEqual(["+ a", "+ b", "- a", "- b", "+ c", "+ d", "- c", "- d", "+ e", "- e", "done"]);
  });

  it("goes on after a failure, which the engine reports", async () => {
    const tried: string[] = [];
    const program = async (): Promise<Record<string, unknown>> => {
      await inBatches(NAMES, 2, (name) => {
        tried.push(name);
        return new Pair(name, name === "b" ? Promise.reject(new Error("no disk")) : name);
      });
      return {};
    };
    await expect(record(program, OPTIONS)).rejects.toThrow("no disk");
    expect(tried).toEqual(NAMES);
  });

  it("does nothing with nothing", async () => {
    await inBatches([], 10, () => new Pair("never", "never"));
  });
});
