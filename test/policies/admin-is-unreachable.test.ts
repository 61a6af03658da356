import { describe, expect, it } from "vitest";
import { adminIsUnreachable } from "../../policies/rules/admin-is-unreachable";
import { messages, nothingOf } from "./builder";
import { edge } from "./edge-builder";

const found = (address: object) =>
  messages(adminIsUnreachable, [
    edge(({ admin }) => {
      admin["address"] = address;
    }),
  ]);

describe("admin-is-unreachable", () => {
  it("passes a socket of its own, and no admin interface at all", () => {
    expect(messages(adminIsUnreachable, [edge()])).toEqual([]);
    expect(messages(adminIsUnreachable, [edge(({ admin }) => delete admin["address"])])).toEqual([]);
  });

  it.each(["0.0.0.0", "::", "127.0.0.1"])(
    "refuses the address %s, which the container's network could reach or could come to",
    (address) => {
      expect(found({ socket_address: { address, port_value: 9901 } })).toEqual([
        `Envoy's admin interface listens on {"address":"${address}","port_value":9901}.`,
      ]);
    },
  );

  it("does not pass an environment without an edge", () => {
    expect(messages(adminIsUnreachable, [])).toEqual([nothingOf("Envoy listener")]);
  });
});
