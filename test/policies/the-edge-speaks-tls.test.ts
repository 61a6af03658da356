import { describe, expect, it } from "vitest";
import { theEdgeSpeaksTls } from "../../policies/rules/the-edge-speaks-tls";
import { messages, nothingOf } from "./builder";
import { edge, type Parts } from "./edge-builder";

const found = (change?: (made: Parts) => unknown) => messages(theEdgeSpeaksTls, [edge(change)]);
const tls = ({ chain }: Parts) =>
  (chain["transport_socket"] as { typed_config: { common_tls_context: object } }).typed_config;

describe("the-edge-speaks-tls", () => {
  it("passes TLS, and a health check in plain", () => {
    expect(found()).toEqual([]);
    expect(
      found(({ chain, listener }) => {
        delete chain["transport_socket"];
        listener["name"] = "health";
      }),
    ).toEqual([]);
  });

  it.each<[string, (made: Parts) => unknown, string]>([
    [
      "plain connections",
      ({ chain }) => delete chain["transport_socket"],
      "takes plain connections (no transport_socket)",
    ],
    ["no certificate", (made) => (tls(made).common_tls_context = {}), "has no certificate"],
    [
      "an old version",
      (made) =>
        Object.assign(tls(made).common_tls_context, {
          tls_params: { tls_minimum_protocol_version: "TLSv1_0" },
        }),
      'takes "TLSv1_0"',
    ],
  ])("refuses %s", (_, change, problem) => {
    // The builder's parts are shared: a change gets its own.
    expect(
      found((made) => {
        Object.assign(made.chain, structuredClone(made.chain));
        change(made);
      }),
    ).toEqual([`Listener otlpHttp: a filter chain ${problem}.`]);
  });

  it("does not pass an environment without an edge", () => {
    expect(messages(theEdgeSpeaksTls, [])).toEqual([nothingOf("Envoy listener")]);
  });
});
