/**
 * Every image of the environment, pinned by exact version: the only place that names one. `Pulumi.<env>.yaml` can send all
 * of them through a registry mirror (`atalaya:imageRegistry`).
 */
export const IMAGES = {
  envoy: "docker.io/envoyproxy/envoy:distroless-v1.40.0",
  keycloak: "quay.io/keycloak/keycloak:26.7.2",
  postgres: "docker.io/library/postgres:18.6",
  redis: "docker.io/library/redis:8.10.1",
  alloy: "docker.io/grafana/alloy:v1.21.2",
  mimir: "docker.io/grafana/mimir:3.2.1",
  loki: "docker.io/grafana/loki:3.7.8",
  tempo: "docker.io/grafana/tempo:3.0.3",
  grafana: "docker.io/grafana/grafana:13.2.4",
  /** Base of the auth service's own image. */
  node: "docker.io/library/node:24.21.0-slim",
  /** Writes live files and asks for readiness where an image has no shell. */
  busybox: "docker.io/library/busybox:1.37.0",
} as const;

export type ImageId = keyof typeof IMAGES;

/** The image to pull: as it is, or under a mirror (`mirror.example/proxy` gives `mirror.example/proxy/grafana/loki:3.7.8`). */
export function imageReference(image: ImageId, mirror: string | undefined): string {
  const reference = IMAGES[image];
  return mirror === undefined ? reference : `${mirror}/${reference.slice(reference.indexOf("/") + 1)}`;
}
