import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { RenderInput } from "../../src/render/input";
import { toCollector } from "../../src/render/otelcol";
import type { Component, Pipeline } from "../../src/render/pipeline";
import { loopback, run, server, start } from "../servers";

const otelcol = () => server("otelcol").bin;

export async function post(endpoint: string, path: string, body: object, headers = {}): Promise<number> {
  const response = await fetch(`http://${endpoint}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  await response.arrayBuffer();
  return response.status;
}

export async function collector(
  dir: string,
  name: string,
  pipeline: Pipeline,
  change = (yaml: string): string => yaml,
): Promise<{ file: string; http: string }> {
  const file = join(dir, `${name}.yaml`);
  writeFileSync(file, change(toCollector(pipeline)));
  const { code, stderr } = await run(otelcol(), ["validate", "--config", file]);
  expect(code, stderr).toBe(0);
  const receiver = Object.values(pipeline.components).find((of) => of.kind === "otlpReceiver");
  return { file, http: receiver?.http ?? "" };
}
export const startCollector = (file: string, http: string) =>
  start(otelcol(), ["--config", file], { ready: { port: Number(http.split(":")[1]) } });

/** The backends, all on one port. */
export function backendsAt(input: RenderInput, port: number): RenderInput {
  const services = { ...input.topology.services };
  for (const id of ["mimir", "loki", "tempo"] as const) {
    const ports = Object.fromEntries(Object.keys(services[id].ports).map((name) => [name, port]));
    Object.assign(services, { [id]: { ...services[id], ports } });
  }
  return { ...input, topology: { ...input.topology, services } };
}

/** An agent of which edge and Keycloak are on these ports, without a certificate. */
export const plain = (pipeline: Pipeline, port: number, tokens: number): Pipeline => ({
  ...pipeline,
  components: Object.fromEntries(
    Object.entries(pipeline.components).map(([id, of]): readonly [string, Component] => {
      if (of.kind !== "otlpHttpExporter" || of.auth.kind !== "clientCredentials") return [id, of];
      const { caFile, ...rest } = of;
      expect(caFile).toMatch(/secrets\/ca\.crt$/);
      const tokenUrl = of.auth.tokenUrl.replace(/:\d+/, `:${tokens}`);
      return [id, { ...rest, endpoint: `http://${loopback}:${port}`, auth: { ...of.auth, tokenUrl } }];
    }),
  ),
});
