import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import type { RecordOptions } from "../../src/preview/recorder";
import { NETWORK, VOLUME, never, run, urn } from "./run";

describe("a recording fails", () => {
  it("with all duplicate URNs", async () => {
    const program = (): void => {
      for (const name of ["a", "b", "c", "a", "b", "a"]) new docker.Volume(name, {});
    };
    await expect(run(program)).rejects.toThrow(
      new Error(
        `these resources are registered more than once, give each a name of its own:\n  - ${urn(VOLUME, "a")}\n  - ${urn(VOLUME, "b")}`,
      ),
    );
  });

  it("with the program's own error", async () => {
    const error = new TypeError("tenants.yaml: no such tenant");
    const program = (): never => {
      new docker.Volume("wal", {});
      throw error;
    };
    await expect(run(program)).rejects.toBe(error);
  });

  it("with an error inside an apply, whoever uses it", async () => {
    const boom = (message: string): pulumi.Output<string> =>
      new docker.Volume(`of-${message}`, {}).name.apply((): string => {
        throw new Error(message);
      });
    const network = (name: pulumi.Output<string>): docker.Network => new docker.Network("data", { name });
    await expect(run(() => void boom("unused"))).rejects.toThrow("unused");
    await expect(run(() => network(boom("in an input")))).rejects.toThrow("in an input");
    await expect(run(() => ({ output: boom("in an output") }))).rejects.toThrow("in an output");
    await expect(run(() => [boom("first"), boom("second")].length)).rejects.toThrow(/first[^]*second/);
  });

  it("with an error that is thrown after the program has returned", async () => {
    const program = (): void => {
      setTimeout(() => {
        throw new Error("too late");
      }, 20);
      new docker.Volume("wal", {
        name: pulumi.output(new Promise<string>((resolve) => setTimeout(resolve, 60, "wal"))),
      });
    };
    await expect(run(program)).rejects.toThrow("too late");
  });

  it("with an error that was logged", async () => {
    const seen: string[] = [];
    const onLog: RecordOptions["onLog"] = (severity, message) => seen.push(`${severity}: ${message}`);
    const program = async (): Promise<void> => {
      await pulumi.log.info("starting");
      await pulumi.log.warn("careful");
      await pulumi.log.error("no image for arm64");
    };
    await expect(run(program, { onLog })).rejects.toThrow("no image for arm64");
    expect(seen).toEqual(["info: starting", "warning: careful"]);
  });

  it("with an output in a template", async () => {
    const program = (): void => {
      const { name } = new docker.Network("data", {});
      // eslint-disable-next-line @typescript-eslint/restrict-template-expressions, @typescript-eslint/no-base-to-string -- the mistake
      new docker.Volume("wal", { name: `${name}-wal` });
    };
    await expect(run(program)).rejects.toThrow("Calling [toString] on an [Output<T>] is not supported");
  });

  it("with the names of the resources that wait for what never comes", async () => {
    const program = (): void => {
      const stuck = new docker.Network("stuck", { driver: "bridge", name: never() });
      new docker.Volume("child", {}, { parent: stuck });
      new docker.Volume("follower", {}, { dependsOn: [stuck] });
      new docker.Volume("fine", {});
    };
    const error: Error = await run(program).then(
      () => new Error("resolved"),
      (reason: unknown) => reason as Error,
    );
    expect(error.message.split("\n")).toEqual([
      "the program made no progress for 0.5 s and has not finished; not registered yet, because an output or promise never resolves:",
      `  - "stuck" (${NETWORK}) waits for its input "name"`,
      `  - "follower" (${VOLUME}) waits for what it depends on`,
      `  - "child" (${VOLUME}) waits for its parent`,
    ]);
  });

  it("when the program itself never ends, or a stack output", async () => {
    await expect(run(() => new Promise(() => undefined))).rejects.toThrow(
      "awaits something that never happens",
    );
    await expect(run(() => ({ url: never() }))).rejects.toThrow("awaits something that never happens");
  });

  it("with transforms, which need an engine", async () => {
    const program = (): void => {
      new docker.Volume("wal", {}, { transforms: [() => undefined] });
    };
    await expect(run(program)).rejects.toThrow(
      'the option `transforms` of "wal" (docker:index/volume:Volume) needs a running engine',
    );
  });

  it("and the next one does not", async () => {
    await run(() => {
      throw new Error("no");
    }).catch(() => undefined);
    expect((await run(() => new docker.Volume("wal", {}))).resources).toHaveLength(2);
  });
});
