import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { World, WRITES, type Credentials } from "./world";
import { send } from "./wire";

/** The attribute `tenant.id: tenant-mx` in protobuf: collectors write its two fields in either order. */
const KEY = Buffer.concat([Buffer.from([10, 9]), Buffer.from("tenant.id")]);
const VALUE = Buffer.concat([Buffer.from([18, 11, 10, 9]), Buffer.from("tenant-mx")]);
const MARKED = [Buffer.concat([KEY, VALUE]), Buffer.concat([VALUE, KEY])];

describe("48: a tenant that telemetry names", () => {
  let world: World;
  beforeAll(async () => {
    world = await World.open();
  }, 180_000);
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });

  it("is nobody's: it is stored for who sent it, and marked as his", async () => {
    const token = world.bearer(await world.lab.token("agent-mx"));
    const names = [
      "tenant_id",
      "tenant.id",
      "tenant.id",
      "X-Scope-OrgID",
      "x-scope-orgid",
      "__tenant_id__",
      "loki.tenant",
    ];
    const attributes = names.map((key) => ({ key, value: { stringValue: "tenant-pe" } }));
    const resource = { attributes };
    const at = `${Date.now()}000000`;
    const bodies: Readonly<Record<string, (mark: string) => unknown>> = {
      "otlp-http-logs": (mark) => ({
        resourceLogs: [
          {
            resource,
            scopeLogs: [
              {
                scope: { attributes },
                logRecords: [{ timeUnixNano: at, attributes, body: { stringValue: mark } }],
              },
            ],
          },
        ],
      }),
      "otlp-http-metrics": (mark) => ({
        resourceMetrics: [
          {
            resource,
            scopeMetrics: [
              {
                metrics: [
                  { name: mark, gauge: { dataPoints: [{ timeUnixNano: at, asDouble: 1, attributes }] } },
                ],
              },
            ],
          },
        ],
      }),
      "otlp-http-traces": (mark) => ({
        resourceSpans: [
          {
            resource,
            scopeSpans: [
              {
                spans: [
                  {
                    traceId: "0123456789abcdef0123456789abcdef",
                    spanId: "0123456789abcdef",
                    name: mark,
                    startTimeUnixNano: at,
                    endTimeUnixNano: at,
                    attributes,
                  },
                ],
              },
            ],
          },
        ],
      }),
      "loki-push": (mark) => ({
        streams: [{ stream: { tenant_id: "tenant-pe", __tenant_id__: "tenant-pe" }, values: [[at, mark]] }],
      }),
    };
    for (const route of WRITES) {
      const make = bodies[route.id];
      if (make === undefined) continue;
      const [mark, source] = [world.ledger.mark(), world.ledger.source()];
      const headers: Credentials = [["content-type", "application/json"], token];
      const body = Buffer.from(JSON.stringify(make(mark)));
      const answer = await send(world.lab, {
        listener: "otlpHttp",
        method: "POST",
        path: `${route.path}?tenant_id=tenant-pe&orgId=2`,
        headers,
        body,
        source,
      });
      world.note({
        what: `48 | ${route.id}`,
        mark,
        source,
        answer,
        headers,
        route: route.id,
        outcome: { as: "tenant-mx" },
      });
      if (route.upstream !== "collectorHttp") continue;
      const [stored] = world.lab.stored({ contains: mark });
      expect([route.id, MARKED.some((attribute) => stored?.body.includes(attribute) === true)]).toEqual([
        route.id,
        true,
      ]);
    }
    await world.settle();
  });
});
