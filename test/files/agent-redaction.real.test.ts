import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { ratio } from "../../src/model/units";
import { agentPipeline, settingOf } from "../../src/render/agent-pipeline";
import { tenant } from "../render/input";
import { INNOCENT, PERSONAL, SECRETS } from "../render/secrets";
import { tempDir, waitUntil, type Running } from "../servers";
import { collector, plain, post, startCollector } from "./collector";
import { localInput } from "./local";
import { Upstream } from "./upstream";

interface Value {
  readonly stringValue?: string;
  readonly doubleValue?: string;
  readonly kvlistValue?: { readonly values: readonly Attribute[] };
}
interface Attribute {
  readonly key: string;
  readonly value: Value;
}

const attribute = (key: string, stringValue: string): Attribute => ({ key, value: { stringValue } });
/** Every sample under a key of its own, and what must become of them. */
const SAMPLES = [...SECRETS, ...PERSONAL, ...INNOCENT.map((text) => [text, text] as const)];
const given = SAMPLES.map(([text], at) => attribute(`sample.${at}`, text));
const wanted = SAMPLES.map(([, masked], at) => attribute(`sample.${at}`, masked));
/** Secret by their keys, whatever they look like. */
const KEYED = [
  ["http.request.header.authorization", "x"],
  ["Set-Cookie", "theme=dark"],
  ["x-api-key", "1"],
  ["db.userPassword", "x"],
] as const;
const keyed = KEYED.map(([key, value]) => attribute(key, value));
const gone = KEYED.map(([key]) => attribute(key, "****"));

const NESTED = {
  key: "nested",
  value: { kvlistValue: { values: [attribute("password", "x"), attribute("plain", "stays")] } },
};
const LISTED = {
  key: "http.request.header.cookie",
  value: { arrayValue: { values: [{ stringValue: "sid=abc" }] } },
};
const KEPT_APART = {
  key: "aws.credentials",
  value: { kvlistValue: { values: [attribute("id", "x")] } },
};
const LIST = {
  key: "words",
  value: { arrayValue: { values: [{ stringValue: "one" }, { stringValue: "two" }] } },
};

/** What JSON cannot say. */
const NAN: Attribute = { key: "ratio", value: { doubleValue: "NaN" } };
const INFINITE: Attribute = {
  key: "nested",
  value: {
    kvlistValue: { values: [{ key: "n", value: { doubleValue: "Infinity" } }, attribute("token", "x y")] },
  },
};
const UNSPEAKABLE: readonly Attribute[] = [
  NAN,
  INFINITE,
  attribute("password", "x"),
  attribute("sent.to", "token=abc"),
];
/** All of it came, and nothing secret. */
const SPOKEN: readonly Attribute[] = [
  { key: "nested.n", value: { doubleValue: "Infinity" } },
  attribute("nested.token", "****"),
  attribute("password", "****"),
  NAN,
  attribute("sent.to", "token=****"),
];

const byKey = (attributes: readonly Attribute[]) => [...attributes].sort((a, b) => (a.key < b.key ? -1 : 1));

/** The collector's own exporters, as JSON: what left it can be read. */
function asJson(yaml: string): string {
  const config = parse(yaml) as { exporters: Record<string, object> };
  for (const exporter of Object.values(config.exporters)) Object.assign(exporter, { encoding: "json" });
  return stringify(config);
}

describe("what leaves an agent, in a real OpenTelemetry Collector", () => {
  const dir = tempDir();
  let upstream: Upstream;
  let http = "";
  let running: Running;
  beforeAll(async () => {
    upstream = await Upstream.listen(0);
    const mx = tenant("mx", { sampling: { ...tenant("mx").sampling, keep: ratio("100%") } });
    const [agent] = mx.agents;
    if (agent === undefined) throw new Error("no agent");
    const setting = settingOf(await localInput(dir.path, [mx]), agent);
    writeFileSync(join(setting.directories.secrets, "client-secret"), "s3cret");
    const pipeline = plain(agentPipeline(setting, mx, agent), upstream.port, upstream.port);
    const config = await collector(dir.path, "agent", pipeline, asJson);
    http = config.http;
    running = await startCollector(config.file, config.http);
  });
  afterAll(async () => {
    await running.stop();
    upstream.close();
    dir.remove();
  });

  /** Sends it, and reads what came of it. */
  async function through(path: string, body: object, mark: string): Promise<string> {
    expect(await post(http, path, body)).toBe(200);
    const found = () => upstream.sent(path).find(({ text }) => text.includes(mark));
    await waitUntil(mark, () => found() !== undefined, { timeoutMs: 30_000 });
    return Buffer.from(found()?.text ?? "", "latin1").toString("utf8");
  }

  it("is masked in records: bodies, attributes and resources", async () => {
    const logRecords = SAMPLES.map(([stringValue]) => ({ body: { stringValue } }));
    const body = { kvlistValue: { values: [attribute("token", "a b"), attribute("n", "1")] } };
    const sent = {
      resourceLogs: [
        {
          resource: { attributes: [...given, ...keyed] },
          scopeLogs: [
            {
              scope: { name: "records" },
              logRecords: [...logRecords, { body, attributes: [...given, ...keyed] }],
            },
          ],
        },
      ],
    };
    const [logs] = (
      JSON.parse(await through("/v1/logs", sent, "records")) as { resourceLogs: typeof sent.resourceLogs }
    ).resourceLogs;
    const [scope] = logs?.scopeLogs ?? [];
    const records = scope?.logRecords as readonly { body: Value; attributes?: readonly Attribute[] }[];
    expect(records.slice(0, -1).map((record) => record.body.stringValue)).toEqual(
      SAMPLES.map(([, masked]) => masked),
    );
    // As Loki would have kept it.
    expect(records.at(-1)?.body).toEqual({ stringValue: '{"n":"1","token":"****"}' });
    expect(byKey(records.at(-1)?.attributes ?? [])).toEqual(byKey([...wanted, ...gone]));
    const own = logs?.resource.attributes.filter(({ key }) => key !== "log.class") ?? [];
    expect(byKey(own)).toEqual(byKey([...wanted, ...gone]));
  });

  it("is masked in spans: names, statuses, attributes of any shape, events", async () => {
    const span = {
      ...{ traceId: "0".repeat(31) + "1", spanId: "0".repeat(15) + "1", kind: 2 },
      ...{ startTimeUnixNano: "1700000000000000000", endTimeUnixNano: "1700000000100000000" },
      name: "GET /x?token=abc",
      status: { code: 2, message: "password=hunter2" },
      attributes: [
        ...given,
        ...keyed,
        NESTED,
        LISTED,
        KEPT_APART,
        LIST,
        attribute("url.query", "code=abc&page=2"),
      ],
      events: [{ name: "sent to ana@example.com", attributes: [...given, ...keyed] }],
    };
    const plainSpan = {
      ...span,
      name: "innocent",
      status: {},
      attributes: [LIST, attribute("a", "b")],
      events: [],
    };
    const sent = {
      resourceSpans: [
        {
          resource: { attributes: [attribute("service.name", "shop")] },
          scopeSpans: [{ spans: [span, plainSpan] }],
        },
      ],
    };
    const answer = await through("/v1/traces", sent, "innocent");
    const { resourceSpans } = JSON.parse(answer) as typeof sent;
    const [masked, innocent] = resourceSpans[0]?.scopeSpans[0]?.spans ?? [];
    expect(masked?.name).toBe("GET /x?token=****");
    expect(masked?.status).toEqual({ code: 2, message: "password=****" });
    const nested = [attribute("nested.password", "****"), attribute("nested.plain", "stays")];
    const listed = [
      attribute("http.request.header.cookie.0", "****"),
      attribute("aws.credentials.id", "****"),
    ];
    const list = [attribute("words.0", "one"), attribute("words.1", "two")];
    expect(byKey(masked?.attributes as readonly Attribute[])).toEqual(
      byKey([...wanted, ...gone, ...nested, ...listed, ...list, attribute("url.query", "code=****&page=2")]),
    );
    expect(masked?.events[0]?.name).toBe("sent to ****");
    expect(byKey(masked?.events[0]?.attributes ?? [])).toEqual(byKey([...wanted, ...gone]));
    expect(innocent?.attributes).toEqual(plainSpan.attributes);
    // Neither do metrics of spans say it.
    const calls = () =>
      upstream.sent("/v1/metrics").filter(({ text }) => text.includes("span.metrics.calls"));
    await waitUntil("the spans' metrics", () => calls().length > 0, { timeoutMs: 30_000 });
    expect(calls().some(({ text }) => text.includes("GET /x?token=****"))).toBe(true);
    expect(calls().some(({ text }) => text.includes("token=abc"))).toBe(false);
  }, 60_000);

  it("is masked in data points and their resources, but for what is personal", async () => {
    const point = { asInt: "7", timeUnixNano: "1700000000000000000", attributes: [...given, ...keyed] };
    const exemplar = { asInt: "1", timeUnixNano: "1700000000000000000", traceId: "0".repeat(31) + "1" };
    const exemplars = [{ ...exemplar, filteredAttributes: [attribute("query", "token=abc")] }];
    const metrics = [{ name: "points", gauge: { dataPoints: [{ ...point, exemplars }] } }];
    const resource = { attributes: [...given, ...keyed] };
    const sent = { resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] };
    const { resourceMetrics } = JSON.parse(await through("/v1/metrics", sent, '"points"')) as typeof sent;
    const [found] = resourceMetrics[0]?.scopeMetrics[0]?.metrics[0]?.gauge.dataPoints ?? [];
    const personal = new Set(PERSONAL.map(([text]) => text));
    const series = SAMPLES.map(([text, masked], at) =>
      attribute(`sample.${at}`, personal.has(text) ? text : masked),
    );
    const own = found?.attributes.filter(({ key }) => key !== "atalaya.masked") ?? [];
    expect(byKey(own)).toEqual(byKey([...series, ...gone]));
    expect(byKey(resourceMetrics[0]?.resource.attributes ?? [])).toEqual(byKey([...series, ...gone]));
    expect(found?.asInt).toBe("7");
    expect(found?.exemplars[0]?.traceId).toBe(exemplar.traceId);
    expect(found?.exemplars[0]?.filteredAttributes ?? []).toEqual([]);
  });

  it("leaves series apart that differ in what is masked alone, and the same ones the same", async () => {
    const dataPoints = [
      "token=abc",
      "token=xyz",
      "token=abc",
      "rabbit@r-0.example.com",
      "rabbit@r-1.example.com",
    ].map((at) => ({ asInt: "7", attributes: [attribute("api_key", at.slice(-3)), attribute("at", at)] }));
    const innocent = { asInt: "7", attributes: [attribute("at", "token")] };
    const metrics = [{ name: "apart", gauge: { dataPoints: [...dataPoints, innocent] } }];
    const sent = { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] };
    const text = await through("/v1/metrics", sent, '"apart"');
    const points = (JSON.parse(text) as typeof sent).resourceMetrics[0]?.scopeMetrics[0]?.metrics[0]?.gauge
      .dataPoints;
    const series = points?.map(({ attributes }) => JSON.stringify(byKey(attributes))) ?? [];
    expect(new Set(series).size).toBe(5);
    expect(series[2]).toBe(series[0]);
    expect(points?.at(-1)).toEqual(innocent);
    expect(text).not.toMatch(/abc|xyz/);
  });

  it("is masked beside what JSON cannot say, and nothing is refused for it", async () => {
    const resource = { attributes: UNSPEAKABLE };
    const span = {
      ...{ traceId: "0".repeat(31) + "2", spanId: "0".repeat(15) + "2", name: "unspeakable token=abc" },
      ...{ attributes: UNSPEAKABLE, events: [{ name: "token=abc", attributes: UNSPEAKABLE }] },
    };
    const traces = { resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] };
    const { resourceSpans } = JSON.parse(await through("/v1/traces", traces, "unspeakable")) as typeof traces;
    const found = resourceSpans[0]?.scopeSpans[0]?.spans[0];
    expect(byKey(resourceSpans[0]?.resource.attributes ?? [])).toEqual(SPOKEN);
    expect([found?.name, found?.events[0]?.name]).toEqual(["unspeakable token=****", "token=****"]);
    for (const attributes of [found?.attributes, found?.events[0]?.attributes])
      expect(byKey(attributes ?? [])).toEqual(SPOKEN);

    const dataPoints = [{ asDouble: "NaN", attributes: UNSPEAKABLE }];
    const metrics = [{ name: "unspeakable", gauge: { dataPoints } }];
    const measured = { resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] };
    const { resourceMetrics } = JSON.parse(
      await through("/v1/metrics", measured, '"unspeakable"'),
    ) as typeof measured;
    expect(byKey(resourceMetrics[0]?.resource.attributes ?? [])).toEqual(SPOKEN);
    const [point] = resourceMetrics[0]?.scopeMetrics[0]?.metrics[0]?.gauge.dataPoints ?? [];
    expect(byKey(point?.attributes ?? [])).toEqual(SPOKEN);
  });

  it("is masked in records beside what JSON cannot say, and withheld where it is that", async () => {
    const logRecords: readonly { body: object; attributes?: readonly Attribute[] }[] = [
      { body: { stringValue: "token=abc" }, attributes: UNSPEAKABLE },
      { body: INFINITE.value },
      { body: { arrayValue: { values: [NAN.value, { stringValue: "token=abc" }] } } },
      { body: NAN.value },
      { body: { stringValue: "unspeakable" } },
    ];
    const sent = {
      resourceLogs: [{ resource: { attributes: UNSPEAKABLE }, scopeLogs: [{ logRecords }] }],
    };
    const { resourceLogs } = JSON.parse(await through("/v1/logs", sent, "unspeakable")) as typeof sent;
    const records = resourceLogs[0]?.scopeLogs[0]?.logRecords ?? [];
    const withheld = { stringValue: expect.stringContaining("withheld by the agent") as string };
    expect(records.map(({ body }) => body)).toEqual([
      { stringValue: "token=****" },
      ...[withheld, withheld, NAN.value, { stringValue: "unspeakable" }],
    ]);
    expect(byKey(records[0]?.attributes ?? [])).toEqual(SPOKEN);
    const own = resourceLogs[0]?.resource.attributes.filter(({ key }) => key !== "log.class") ?? [];
    expect(byKey(own)).toEqual(SPOKEN);
  });

  it("has a log class that the tenant knows", async () => {
    const of = (stringValue: string) => ({
      resource: { attributes: [attribute("log.class", stringValue)] },
      scopeLogs: [{ logRecords: [{ body: { stringValue: `of ${stringValue}` } }] }],
    });
    const sent = { resourceLogs: [of("access"), of("forever")] };
    const { resourceLogs } = JSON.parse(await through("/v1/logs", sent, "of forever")) as typeof sent;
    expect(resourceLogs.map(({ resource }) => resource.attributes)).toEqual([
      [attribute("log.class", "access")],
      [attribute("log.class", "application")],
    ]);
  });
});
