import { existsSync, symlinkSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import type { Lab } from "../../../src/lab/lab";
import type { ShipperName } from "../../../src/onboard/model";
import { server } from "../../servers";
import { sharedLab } from "../shared";
import { arrived, HandedOut, storedFor } from "./handed-out";

/** A program of its reader's: one item of each signal, and then it ends. */
const NODE_PROGRAM = `
  import { metrics, trace } from "@opentelemetry/api";
  import { logs } from "@opentelemetry/api-logs";
  const mark = process.env.MARK;
  trace.getTracer("app").startSpan(mark).end();
  metrics.getMeter("app").createCounter(mark).add(1);
  logs.getLogger("app").emit({ body: mark });
  if (process.env.STAY === "1") {
    const { writeFileSync } = await import("node:fs");
    setInterval(() => undefined, 1_000);
    writeFileSync("ready", "");
  }
`;
const PYTHON_PROGRAM = `
import atalaya_telemetry
import os, time
from opentelemetry import _logs, metrics, trace
mark = os.environ["MARK"]
trace.get_tracer("app").start_span(mark).end()
metrics.get_meter("app").create_counter(mark).add(1)
_logs.get_logger("app").emit(timestamp=time.time_ns(), body=mark)
if os.environ.get("STAY") == "1":
    open("ready", "w").close()
    time.sleep(120)
`;

interface Sdk {
  readonly shipper: ShipperName;
  /** Its program, and how it finds what its README installs. */
  readonly prepare: (handedOut: HandedOut) => Readonly<Record<string, string>>;
}

const SDKS: readonly Sdk[] = [
  {
    shipper: "otel-sdk-node",
    prepare: (handedOut) => {
      handedOut.write("app.mjs", NODE_PROGRAM);
      symlinkSync(server("otel-sdk-node").bin, handedOut.path("node_modules"));
      return {};
    },
  },
  {
    shipper: "otel-sdk-python",
    prepare: (handedOut) => {
      handedOut.write("app.py", PYTHON_PROGRAM);
      return { PYTHONPATH: server("otel-sdk-python").bin };
    },
  },
];

describe.each(SDKS)("onboard --shipper $shipper", ({ shipper, prepare }) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await sharedLab();
  }, 180_000);

  const name = shipper.replaceAll("-", "_");

  it("sends a program's every signal to its tenant alone, with the name that it gives itself", async () => {
    using handedOut = await HandedOut.make(lab, shipper);
    const [command = ""] = handedOut.commands("Start");
    const env = { ...prepare(handedOut), MARK: `onboard_${name}`, OTEL_SERVICE_NAME: `service_${name}` };
    expect(await handedOut.shell(command, env)).toMatchObject({ code: 0, stderr: "" });
    expect(await storedFor(lab, `onboard_${name}`, ["loki", "mimir", "tempo"])).toEqual(["tenant-mx"]);
    expect(await storedFor(lab, `service_${name}`, ["loki", "mimir", "tempo"])).toEqual(["tenant-mx"]);
  }, 120_000);

  it("sends what waits when the program is told to end", async () => {
    using handedOut = await HandedOut.make(lab, shipper);
    const mark = `onboard_${name}_told`;
    const ready = { what: "its program", check: () => Promise.resolve(existsSync(handedOut.path("ready"))) };
    const running = await handedOut.begin(ready, { ...prepare(handedOut), MARK: mark, STAY: "1" });
    await running.stop();
    expect(await storedFor(lab, mark, ["loki", "mimir", "tempo"])).toEqual(["tenant-mx"]);
  }, 120_000);

  it("sends again what is answered 503", async () => {
    using handedOut = await HandedOut.make(lab, shipper);
    const mark = `onboard_${name}_again`;
    let answered = 0;
    lab.backends.tempo.answer = ({ body }) => {
      if (!body.includes(mark) || answered++ > 0) return undefined;
      return { status: 503 };
    };
    try {
      const [command = ""] = handedOut.commands("Start");
      await handedOut.shell(command, { ...prepare(handedOut), MARK: mark });
    } finally {
      lab.backends.tempo.answer = undefined;
    }
    expect([answered, await storedFor(lab, mark, ["tempo"])]).toEqual([2, ["tenant-mx"]]);
  }, 120_000);

  it("stores nothing with a wrong secret, says so, and lets the program end", async () => {
    using handedOut = await HandedOut.make(lab, shipper, {}, { signals: "traces" });
    handedOut.write("secrets/client-secret", "not-the-secret");
    // Not half a minute.
    const settings = JSON.parse(handedOut.read("atalaya.json")) as object;
    handedOut.write("atalaya.json", JSON.stringify({ ...settings, patienceSeconds: 4 }));
    const [command = ""] = handedOut.commands("Start");
    const env = { ...prepare(handedOut), MARK: `onboard_${name}_wrong` };
    const { code, stdout, stderr } = await handedOut.shell(command, env);
    const said = `${stdout}${stderr}`;
    expect([code, /answers 401/.test(said), said.includes("not-the-secret")]).toEqual([0, true, false]);
    expect(arrived(lab, `onboard_${name}_wrong`)).toBe(0);
  }, 180_000);
});
