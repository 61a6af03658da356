import { expect, it } from "vitest";
import { EdgeClient } from "../../../src/client/edge";
import { hasFound, searchPath } from "../../../src/client/searches";
import { snappy } from "../../../src/client/snappy";
import { waitUntil } from "../../servers";
import { realLab } from "./shared";

/** A field of protobuf that holds bytes: of less than 128. */
const field = (number: number, ...parts: readonly (string | Buffer | readonly number[])[]): Buffer => {
  const value = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
  return Buffer.concat([Buffer.from([(number << 3) | 2, value.length]), value]);
};

function sample(value: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = (1 << 3) | 1;
  bytes.writeDoubleLE(value, 1);
  const time = [2 << 3];
  let rest = BigInt(Date.now());
  for (; rest >= 0x80n; rest >>= 7n) time.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.concat([bytes, Buffer.from([...time, Number(rest)])]);
}

/** io.prometheus.write.v2.Request: its texts once, and series that name them by number. */
const request = (name: string): Buffer =>
  Buffer.concat([
    ...["", "__name__", name].map((symbol) => field(4, symbol)),
    field(5, field(1, [1, 2]), field(2, sample(1))),
  ]);

it("remote write 2.0: the backend's count of what it wrote comes back, and it is shown to its tenant alone", async () => {
  const lab = await realLab("mimir", "tempo");
  const edge = new EdgeClient(lab);
  const mark = `rw2_${process.pid}_mark`;
  const answer = await edge.ask("otlpHttp", "/prometheus/api/v1/push", {
    method: "POST",
    headers: {
      authorization: `Bearer ${await lab.token("agent-mx")}`,
      "content-type": "application/x-protobuf;proto=io.prometheus.write.v2.Request",
      "content-encoding": "snappy",
      "x-prometheus-remote-write-version": "2.0.0",
    },
    body: snappy(request(mark)),
  });
  expect([answer.status, answer.headers["x-prometheus-remote-write-samples-written"]], answer.body).toEqual([
    expect.toSatisfy((status: number) => status === 200 || status === 204),
    "1",
  ]);
  const finds = async (tenant: string) =>
    hasFound(
      "metrics",
      mark,
      await edge.ask("query", searchPath("metrics", mark), { headers: lab.grafana(tenant) }),
    );
  await waitUntil("its series", async () => (await finds("mx")) === true, { timeoutMs: 30_000 });
  expect(await finds("pe")).toBe(false);
}, 240_000);
