import { EdgeClient, type Response } from "../../../src/client/edge";
import { snappy, unsnappy } from "../../../src/client/snappy";
import { marked } from "../../../src/client/telemetry";
import type { Lab } from "../../../src/lab/lab";
import type { Route } from "../../../src/model/routes";

/** Of a gRPC message: whether it is compressed, and its length. */
const FRAME = 5;

interface Streams {
  readonly streams: readonly object[];
}

/** One body with all of these items: protobuf's messages are one when they follow each other. */
function together(route: Route, bodies: readonly Buffer[]): Buffer {
  switch (route.upstream) {
    case "collectorGrpc": {
      const message = Buffer.concat(bodies.map((body) => body.subarray(FRAME)));
      const frame = Buffer.alloc(FRAME);
      frame.writeUInt32BE(message.length, 1);
      return Buffer.concat([frame, message]);
    }
    case "loki":
      return Buffer.from(
        JSON.stringify({
          streams: bodies.flatMap((body) => (JSON.parse(body.toString()) as Streams).streams),
        }),
      );
    case "mimir":
      return snappy(Buffer.concat(bodies.map(unsnappy)));
    case "collectorHttp":
      return Buffer.concat(bodies);
    case "auth":
    case "tempo":
      throw new Error(`${route.id} takes no telemetry.`);
    default:
      return route.upstream satisfies never;
  }
}

/** Sends items with these marks by a write route, in one request. */
export function writeMany(
  lab: Lab,
  route: Route,
  marks: readonly string[],
  token: string,
): Promise<Response> {
  const edge = new EdgeClient(lab);
  const all = marks.map((mark) => marked(route, mark));
  const [first] = all;
  const body = together(
    route,
    all.map((one) => one.body),
  );
  const headers = {
    "content-type": first?.contentType ?? "",
    ...first?.headers,
    authorization: `Bearer ${token}`,
  };
  const [listener = "otlpHttp"] = route.listeners;
  return listener === "otlpGrpc"
    ? edge.grpc(route.path, headers, body)
    : edge.ask(listener, route.path, { method: "POST", headers, body });
}
