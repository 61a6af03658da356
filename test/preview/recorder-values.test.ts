import * as docker from "@pulumi/docker";
import * as keycloak from "@pulumi/keycloak";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import * as tls from "@pulumi/tls";
import * as grafana from "@pulumiverse/grafana";
import { describe, expect, it } from "vitest";
import { secretMarkers } from "../../src/preview/computed";
import { Group, resource, run } from "./run";

describe("secrets", () => {
  it("are recorded plain, with their paths", async () => {
    const recording = await run(() => {
      const password = new random.RandomPassword("admin", { length: 20 }).result;
      new docker.Container("agent", {
        image: "alloy",
        envs: ["A=1", pulumi.interpolate`PASSWORD=${password}`],
        uploads: [
          { file: "/a", content: "plain" },
          { file: "/b", content: password },
        ],
        labels: pulumi.secret([{ label: "a", value: password }]),
        sysctls: { "net.core": password, plain: "1" },
      });
    });
    const { inputs, secrets } = resource(recording, "agent");
    const marker = "preview:secret:random-password:admin:result";
    expect(inputs).toEqual({
      image: "alloy",
      envs: ["A=1", `PASSWORD=${marker}`],
      uploads: [
        { file: "/a", content: "plain" },
        { file: "/b", content: marker },
      ],
      labels: [{ label: "a", value: marker }],
      sysctls: { "net.core": marker, plain: "1" },
    });
    expect(secrets).toEqual(["envs[1]", "labels", 'sysctls["net.core"]', "uploads[1].content"]);
  });

  it("have markers of their own, all of them listed", async () => {
    const recording = await run(() => {
      const key = new tls.PrivateKey("ca", { algorithm: "ECDSA" });
      const client = new keycloak.openid.Client("agent", {
        realmId: "r",
        clientId: "agent",
        accessType: "CONFIDENTIAL",
      });
      new keycloak.openid.Client("given", {
        realmId: "r",
        clientId: "g",
        accessType: "PUBLIC",
        clientSecret: "mine",
      });
      const one = new random.RandomPassword("db", { length: 20 });
      new Group("zone", (parent) => {
        const two = new random.RandomPassword("db", { length: 20 }, { parent });
        new docker.Volume("wal", {
          driverOpts: { a: one.result, b: two.result, c: key.privateKeyPem, d: client.clientSecret },
        });
      });
    });
    const { inputs, secrets } = resource(recording, "wal");
    const markers = Object.values(inputs["driverOpts"] as object);
    expect(markers).toEqual([
      "preview:secret:random-password:db:result",
      "preview:secret:random-password:db~2:result",
      "preview:secret:tls-private-key:ca:privateKeyPem",
      "preview:secret:keycloak-openid-client:agent:clientSecret",
    ]);
    expect(secrets).toEqual(["driverOpts.a", "driverOpts.b", "driverOpts.c", "driverOpts.d"]);
    expect(secretMarkers(recording)).toEqual(expect.arrayContaining(markers));
    expect(secretMarkers(recording)).toHaveLength(8);
  });

  it("stay secret through a resource that is given one", async () => {
    const recording = await run(() => {
      const secret = pulumi.secret("hunter2");
      const client = new keycloak.openid.Client("agent", {
        realmId: "r",
        clientId: "agent",
        accessType: "CONFIDENTIAL",
        clientSecret: secret,
      });
      const source = new grafana.oss.DataSource("loki", { type: "loki", secureJsonDataEncoded: "{}" });
      new docker.Volume("wal", {
        driverOpts: { a: client.clientSecret, b: source.secureJsonDataEncoded.apply(String) },
      });
    });
    expect(resource(recording, "wal").secrets).toEqual(["driverOpts.a", "driverOpts.b"]);
    expect(resource(recording, "loki").secrets).toEqual(["secureJsonDataEncoded"]);
  });
});

describe("outputs of providers", () => {
  it("are what was given, then what is made up, then unknown", async () => {
    const recording = await run(() => {
      const image = new docker.RemoteImage("alloy", { name: "docker.io/grafana/alloy:v1@sha256:abc" });
      const network = new docker.Network("data", {});
      const container = new docker.Container("agent", { image: image.repoDigest, name: "agent-mx" });
      const realm = new keycloak.Realm("realm", { realm: "observability" });
      new docker.Volume("wal", {
        driverOpts: {
          given: container.name,
          made: network.name,
          id: container.id,
          realm: realm.id,
          unknown: container.bridge.apply((bridge) => bridge.toUpperCase()),
        },
      });
    });
    expect(resource(recording, "agent").inputs["image"]).toBe("docker.io/grafana/alloy@sha256:abc");
    expect(resource(recording, "wal").inputs["driverOpts"]).toEqual({
      given: "agent-mx",
      made: "data",
      id: "preview:docker-container:agent:id",
      realm: "observability",
      unknown: "preview:unknown",
    });
  });

  it("include Kubernetes' names", async () => {
    const recording = await run(() => {
      const map = new kubernetes.core.v1.ConfigMap("files", {
        metadata: { namespace: "edge" },
        data: { a: "b" },
      });
      new docker.Volume("wal", { driverOpts: { id: map.id, name: map.metadata.name } });
    });
    expect(resource(recording, "wal").inputs["driverOpts"]).toEqual({ id: "edge/files", name: "files" });
  });

  it("give each organisation a number that no other organisation changes", async () => {
    const numbers = async (...names: string[]): Promise<Record<string, unknown>> => {
      const { outputs } = await run(() =>
        Object.fromEntries(names.map((name) => [name, new grafana.oss.Organization(name, { name }).orgId])),
      );
      return outputs;
    };
    const before = await numbers("mx", "pe");
    const after = await numbers("co", "mx", "ar", "pe");
    expect(Object.keys(after).sort()).toEqual(["ar", "co", "mx", "pe"]);
    expect(after).toMatchObject(before);
    expect(new Set(Object.values(after)).size).toBe(4);
    const many = await numbers(...Array.from({ length: 300 }, (_, index) => `t${index}`));
    expect(new Set(Object.values(many)).size).toBe(300);
    expect(Object.values(many).every((number) => Number.isSafeInteger(number) && Number(number) > 1)).toBe(
      true,
    );
  });

  it("of functions that are known are made up, others are refused by name", async () => {
    const { outputs } = await run(() => ({
      digest: docker.getRegistryImageOutput({ name: "redis:8" }).sha256Digest,
    }));
    expect(outputs["digest"]).toBe("preview:docker-get-registry-image:redis:8:sha256Digest");
    await expect(run(() => ({ keys: keycloak.getRealmKeysOutput({ realmId: "r" }).keys }))).rejects.toThrow(
      "the provider function keycloak:index/getRealmKeys:getRealmKeys needs a running engine",
    );
  });
});
