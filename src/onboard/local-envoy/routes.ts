import { ROUTES, type Listener, type Route } from "../../model/routes";
import { any, type Message } from "../../render/envoy/protobuf";
import { CLUSTERS } from "./clusters";
import { INJECTOR } from "./token";

export type LocalListener = Exclude<Listener, "query">;

/** What an agent may write by, from the edge's own table. */
export const writes = (listener: LocalListener): readonly Route[] =>
  ROUTES.filter(
    ({ verifier, right, listeners }) =>
      verifier === "agentJwt" && "verb" in right && right.verb === "write" && listeners.includes(listener),
  );

/** Those alone, by their exact path; what else is asked for gets no token and goes nowhere. */
export const routes = (listener: LocalListener, edge: string): Message => ({
  name: listener,
  virtual_hosts: [
    {
      name: listener,
      domains: ["*"],
      routes: [
        ...writes(listener).map((route) => toEdge(route, listener, edge)),
        ...[{ prefix: "/" }, { connect_matcher: {} }].map((match) => ({
          name: "route-unknown",
          match,
          direct_response: { status: 404 },
          typed_per_filter_config: {
            [INJECTOR]: any("envoy.config.route.v3.FilterConfig", { disabled: true }),
          },
        })),
      ],
    },
  ],
});

/** What is tried again is held in memory; a larger request is its sender's to send again. */
const HELD = 1024 * 1024;

/**
 * A write may arrive twice and must arrive once: it is tried again where the edge did not begin with it or says "not now", a few
 * times and soon; after that its sender, who has the data, is told so.
 */
const retry = (listener: LocalListener): Message => ({
  retry_on: `connect-failure,refused-stream,reset-before-request,${listener === "otlpGrpc" ? "unavailable" : "retriable-status-codes"}`,
  ...(listener === "otlpHttp" && { retriable_status_codes: [503] }),
  num_retries: 2,
  retry_back_off: { base_interval: "0.5s", max_interval: "2s" },
});

const toEdge = ({ id, path, methods }: Route, listener: LocalListener, edge: string): Message => ({
  name: id,
  match: { path, headers: methods.map((exact) => ({ name: ":method", string_match: { exact } })) },
  route: {
    cluster: listener === "otlpGrpc" ? CLUSTERS.edgeGrpc : CLUSTERS.edgeHttp,
    host_rewrite_literal: edge,
    // Longer than the edge takes (model/routes.ts), so that its answer is heard.
    timeout: "40s",
    retry_policy: retry(listener),
  },
  request_body_buffer_limit: HELD,
});
