import { describe, expect, it } from "vitest";
import { evaluate } from "../../policies/rules";
import { publishedPortsNameAnAddress } from "../../policies/rules/published-ports-name-an-address";
import { container, judge, messages, nothingOf, recording, resource } from "./builder";

const envoy = (ip?: unknown) => container("envoy", { ports: [{ internal: 4317, external: "14317", ip }] });
const found = (ip?: unknown) => messages(publishedPortsNameAnAddress, [envoy(ip)]);
const host = (publishAddress: string) => resource("atalaya:docker:Host", "docker", { publishAddress });

describe("published-ports-name-an-address", () => {
  it.each(["127.0.0.1", "127.1.2.3", "::1", "0:0:0:0:0:0:0:1"])("passes loopback, %s", (ip) => {
    expect(found(ip)).toEqual([]);
  });

  it.each([undefined, "", null])("refuses no address, %j", (ip) => {
    expect(found(ip)).toEqual([
      "envoy publishes its port 4317 as 14317 without an address, which means on all of them.",
    ]);
  });

  it.each(["0.0.0.0", "::", "[::]", "0:0:0:0:0:0:0:0", "192.0.2.1", "localhost", "*"])("refuses %s", (ip) => {
    expect(found(ip)).toEqual([`envoy publishes its port 4317 as 14317 on ${ip}.`]);
  });

  it("passes the environment's own address, and no other", () => {
    expect(messages(publishedPortsNameAnAddress, [host("192.0.2.1"), envoy("192.0.2.1")])).toEqual([]);
    expect(messages(publishedPortsNameAnAddress, [host("192.0.2.1"), envoy("192.0.2.2")])).toEqual([
      "envoy publishes its port 4317 as 14317 on 192.0.2.2.",
    ]);
    expect(messages(publishedPortsNameAnAddress, [host("192.0.2.1"), envoy()])).toHaveLength(1);
  });

  it("does not pass every address at once because the environment says so", () => {
    for (const ip of ["0.0.0.0", "::"])
      expect(messages(publishedPortsNameAnAddress, [host(ip), envoy(ip)])).toEqual([
        `envoy publishes its port 4317 as 14317 on ${ip}.`,
      ]);
  });

  it("passes what the owner of the policies names, and then nothing else", () => {
    const named = (publishedAddresses: readonly string[], ip?: string) =>
      evaluate(recording([host("192.0.2.1"), envoy(ip)]), [publishedPortsNameAnAddress], {
        ...{ publishedAddresses, maximumRetention: {} },
      }).violations.map(({ message, remedy }) => `${message} ${remedy}`);
    expect(named(["192.0.2.7"], "192.0.2.7")).toEqual([]);
    expect(named([], "127.0.0.1")).toEqual([]);
    expect(named(["192.0.2.7"], "192.0.2.1")).toEqual([
      "envoy publishes its port 4317 as 14317 on 192.0.2.1. Publish it on 127.0.0.1, or name 192.0.2.1 in publishedAddresses of policies/settings.json.",
    ]);
    expect(named(["192.0.2.7"], "0.0.0.0")).toEqual([
      "envoy publishes its port 4317 as 14317 on 0.0.0.0. Publish it on 127.0.0.1, or on one address of this machine's.",
    ]);
    expect(named(["192.0.2.7"])).toHaveLength(1);
  });

  it("knows the environment's address by the edge's certificate where an engine does not tell", () => {
    const request = resource("tls:index/certRequest:CertRequest", "edge", {
      ipAddresses: ["127.0.0.1", "192.0.2.1"],
    });
    expect(messages(publishedPortsNameAnAddress, [request, envoy("192.0.2.1")])).toEqual([]);
  });

  it("says what to do about an address, and about none", () => {
    const remedies = ["192.0.2.1", "0.0.0.0", undefined].map(
      (ip) => judge(publishedPortsNameAnAddress, [envoy(ip)])[0]?.remedy,
    );
    expect(remedies).toEqual([
      "Publish it on 127.0.0.1, or configure 192.0.2.1 as this environment's publish address.",
      "Publish it on 127.0.0.1, or on one address of this machine's.",
      "Give it an `ip`: 127.0.0.1, or this environment's publish address.",
    ]);
  });

  it("does not pass an environment that publishes nothing", () => {
    expect(messages(publishedPortsNameAnAddress, [container("envoy")])).toEqual([
      nothingOf("published port"),
    ]);
  });
});
