import { describe, expect, it } from "vitest";
import { imagesArePinned } from "../../policies/rules/images-are-pinned";
import { IMAGES, imageReference, type ImageId } from "../../src/model/images";
import { messages, resource } from "./builder";

const image = (name: string) => resource("docker:index/remoteImage:RemoteImage", "image", { name });
const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;

describe("images-are-pinned", () => {
  it.each([
    ...Object.values(IMAGES),
    ...(Object.keys(IMAGES) as ImageId[]).map((id) => imageReference(id, "mirror.example:5000/proxy")),
    `grafana/mimir@${DIGEST}`,
    `mirror.example:5000/grafana/mimir:3.2@${DIGEST}`,
  ])("passes %s", (name) => {
    expect(messages(imagesArePinned, [image(name)])).toEqual([]);
  });

  it.each([
    "envoyproxy/envoy",
    "envoyproxy/envoy:latest",
    "envoyproxy/envoy:distroless-v1.40",
    "envoyproxy/envoy:v1.40-latest",
    "postgres:17",
    "postgres:latest",
    "redis:8.10",
    "grafana/mimir:3",
    "grafana/mimir:",
    "mirror.example:5000/grafana/mimir",
    "mirror.example:5000.1.2/grafana/mimir",
    "grafana/mimir@sha256:0123",
    "",
  ])("refuses %j", (name) => {
    expect(messages(imagesArePinned, [image(name)])).toEqual([
      `image takes the image "${name}", which is not one exact version.`,
    ]);
  });

  it("looks at containers that pull by themselves, and takes a pulled image's id as it is", () => {
    const container = (name: string) => resource("docker:index/container:Container", name, { image: name });
    const pulled = ["preview:docker-remote-image:envoy:imageId", DIGEST, `grafana/loki@${DIGEST}`];
    expect(messages(imagesArePinned, [...pulled.map(container), container("busybox")])).toEqual([
      'busybox takes the image "busybox", which is not one exact version.',
    ]);
  });

  it("looks into pod templates, init containers too", () => {
    const template = {
      spec: { initContainers: [{ image: "busybox" }], containers: [{ image: "grafana/loki:3.7.8" }] },
    };
    const deployment = resource("kubernetes:apps/v1:Deployment", "loki", { spec: { template } });
    expect(messages(imagesArePinned, [deployment])).toEqual([
      'loki takes the image "busybox", which is not one exact version.',
    ]);
  });

  it("does not pass an environment without images", () => {
    expect(messages(imagesArePinned, [])).toEqual([
      "No image was found in this environment, so nothing was checked.",
    ]);
  });
});
