import { traceId } from "../../../src/client/telemetry";
import type { EdgeClient, Response } from "../../../src/client/edge";

/**
 * Telemetry of somebody, all of it with his word: in names, labels, values and lines, so that wherever an answer shows
 * something of it, the word is seen.
 */
export async function sendItems(edge: EdgeClient, token: string, word: string): Promise<readonly number[]> {
  const answers = [
    await post(edge, "/v1/metrics", token, metrics(word)),
    await post(edge, "/v1/traces", token, traces(word)),
    await post(edge, "/v1/logs", token, logs(word)),
    await post(edge, "/loki/api/v1/push", token, push(word)),
  ];
  return answers.map(({ status }) => status);
}

const post = (edge: EdgeClient, path: string, token: string, body: unknown): Promise<Response> =>
  edge.ask("otlpHttp", path, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });

const now = (): string => `${Date.now()}000000`;
const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
const resource = (word: string) => ({ attributes: [text("service.name", word)] });

const metrics = (word: string) => ({
  resourceMetrics: [
    {
      resource: resource(word),
      scopeMetrics: [
        {
          metrics: [
            {
              name: word,
              description: word,
              sum: {
                aggregationTemporality: 2,
                isMonotonic: true,
                dataPoints: [
                  {
                    timeUnixNano: now(),
                    asDouble: 1,
                    attributes: [text("own", word)],
                    exemplars: [
                      {
                        timeUnixNano: now(),
                        asDouble: 1,
                        traceId: traceId(word),
                        spanId: "00f067aa0ba902b7",
                      },
                    ],
                  },
                ],
              },
            },
          ],
        },
      ],
    },
  ],
});

const traces = (word: string) => ({
  resourceSpans: [
    {
      resource: resource(word),
      scopeSpans: [
        {
          spans: [
            {
              traceId: traceId(word),
              spanId: traceId(word).slice(0, 16),
              name: word,
              startTimeUnixNano: now(),
              endTimeUnixNano: `${Date.now() + 1}000000`,
            },
          ],
        },
      ],
    },
  ],
});

const logs = (word: string) => ({
  resourceLogs: [
    {
      resource: resource(word),
      scopeLogs: [{ logRecords: [{ timeUnixNano: now(), body: { stringValue: word } }] }],
    },
  ],
});

const push = (word: string) => ({
  streams: [{ stream: { service_name: word, own: word }, values: [[now(), JSON.stringify({ word })]] }],
});
