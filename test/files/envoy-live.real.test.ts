import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "node:tls";
import { afterEach, expect, it } from "vitest";
import type { ClientId } from "../../src/model/names";
import type { Tenant } from "../../src/model/tenant";
import { renderEnvoy } from "../../src/render/envoy";
import { rate, size } from "../../src/model/units";
import { ENVIRONMENT, tenant } from "../render/input";
import { loopback, waitUntil } from "../servers";
import { Edge, LOGS, replace } from "./envoy-edge";
import { certificate } from "./realm";

const MX = tenant("mx");

let edge: Edge;
afterEach(() => edge.stop());

const files = (tenants: readonly Tenant[]) => renderEnvoy({ ...edge.input, tenants });
/** The live files alone, as a change of the tenant list replaces them. */
const change = (tenants: readonly Tenant[]): void => {
  replace(files(tenants).filter(({ kind }) => kind === "live"));
};
const status = async (id: string): Promise<number> =>
  (await edge.write(LOGS, await edge.bearer({ azp: `agent-${id}`, tenant_id: `tenant-${id}` }))).status;
const code = async (): Promise<string> => {
  const { body } = await edge.write(LOGS, await edge.bearer());
  return body === "" ? "" : (JSON.parse(body) as { code: string }).code;
};
/** Live means within two seconds, and in the same process. */
const live = async (what: string, check: () => Promise<boolean>): Promise<void> => {
  const { pid } = edge.running;
  await waitUntil(what, check, { timeoutMs: 2_000, everyMs: 20 });
  expect(edge.running.pid).toBe(pid);
  expect(edge.running.running()).toBe(true);
};

it("follows the tenant list: added, suspended, taken back, removed", async () => {
  edge = await Edge.start([MX]);
  expect([await status("mx"), await status("new")]).toEqual([200, 403]);
  change([MX, tenant("new")]);
  await live("the new tenant", async () => (await status("new")) === 200);
  change([MX, tenant("new", { state: "suspended" })]);
  await live("the suspension", async () => (await status("new")) === 403);
  change([MX, tenant("new")]);
  await live("its end", async () => (await status("new")) === 200);
  change([tenant("new")]);
  await live("the removal", async () => (await status("mx")) === 403);
  change([]);
  await live("nobody", async () => (await status("new")) === 403);
});

it("follows a tenant's limit", async () => {
  edge = await Edge.start([MX]);
  const many = async () => {
    const token = await edge.bearer();
    const answers = await Promise.all(Array.from({ length: 10 }, () => edge.write(LOGS, token)));
    return answers.filter((answer) => answer.status === 429).length;
  };
  expect(await many()).toBe(0);
  change([{ ...MX, limits: { ...MX.limits, edge: { ...MX.limits.edge, burst: 2, requests: 1 as never } } }]);
  await live("the smaller limit", async () => (await many()) > 0);
});

it("keeps the last good list when it gets a bad one, and counts that", async () => {
  edge = await Edge.start([MX]);
  const bindings = files([MX]).find(({ path }) => path.endsWith("bindings.yaml"));
  if (bindings === undefined) throw new Error("no bindings");
  replace([{ ...bindings, content: "resources: [{" }]);
  const failures = () =>
    edge.counter("envoy_extension_config_discovery_http_filter_atalaya_bindings_update_failure");
  await live("the failure", async () => (await failures()) > 0);
  expect([await status("mx"), await status("new")]).toEqual([200, 403]);
  change([MX, tenant("new")]);
  await live("the next good one", async () => (await status("new")) === 200);
});

it("cannot decide without a list, and does once there is one", async () => {
  edge = await Edge.prepare([MX]);
  const bindings = files([MX]).filter(({ path }) => path.endsWith("bindings.yaml"));
  replace(bindings.map((file) => ({ ...file, content: "resources: [{" })));
  await edge.start();
  expect(await code()).toBe("tenants_unavailable");
  change([MX]);
  await live("the list", async () => (await status("mx")) === 200);
});

it("serves a renewed certificate without a restart", async () => {
  edge = await Edge.start([MX]);
  const fingerprint = () =>
    new Promise<string>((resolve, reject) => {
      const socket = connect(
        { host: loopback, port: edge.port("envoy", "otlpHttp"), rejectUnauthorized: false },
        () => {
          resolve(socket.getPeerCertificate().fingerprint256);
          socket.destroy();
        },
      );
      socket.on("error", reject);
    });
  const old = await fingerprint();
  edge.ca = await certificate(edge.input);
  await live("the new certificate", async () => (await fingerprint()) !== old);
  expect(await status("mx")).toBe(200);
  // A certificate without its key: the good pair stays.
  writeFileSync(join(edge.input.topology.services.envoy.directories.secrets, "tls.key"), "broken");
  expect(await status("mx")).toBe(200);
});

it("needs the auth service for keys alone", async () => {
  edge = await Edge.start([MX]);
  await edge.auth.close();
  const answer = await edge.write(LOGS, { "x-api-key": "k" });
  expect([answer.status, answer.headers["retry-after"]]).toEqual([503, "5"]);
  expect(await status("mx")).toBe(200);
});

it("cannot decide without Keycloak's keys; once had, they stay", async () => {
  edge = await Edge.prepare([MX]);
  edge.keycloak.answer = () => ({ status: 503 });
  await edge.start();
  const answer = await edge.write(LOGS, await edge.bearer());
  expect([answer.status, answer.headers["retry-after"]]).toEqual([503, "5"]);
  expect(answer.body).toContain("keys_unavailable");
  edge.keycloak.answer = () => ({ body: edge.realm.keys });
  await waitUntil("the keys", async () => (await status("mx")) === 200, { timeoutMs: 5_000 });
  // One worker has them now, by its own fetch; the background's gives them to all, a second after its last attempt.
  await sleep(2_000);
  await edge.keycloak.close();
  const answers = await Promise.all(Array.from({ length: 20 }, () => status("mx")));
  expect(new Set(answers)).toEqual(new Set([200]));
});

it("starts again over what the last process left behind", async () => {
  edge = await Edge.start([MX]);
  process.kill(edge.running.pid, "SIGKILL");
  await waitUntil("its end", () => !edge.running.running());
  await edge.start();
  expect(await status("mx")).toBe(200);
  expect((await edge.health("/ready")).status).toBe(200);
});

it("takes a thousand tenants", async () => {
  const many = Array.from({ length: 1_000 }, (_, index) =>
    tenant(`t${index}`, {
      agents: ["a", "b"].map((name) => ({
        id: `agent-t${index}${name === "a" ? "" : `-${name}`}` as ClientId,
      })),
    }),
  );
  edge = await Edge.start([MX]);
  change([MX, ...many]);
  await live("the last of them", async () => (await status("t999")) === 200);
  expect([await status("t0"), await status("mx"), await status("t1000")]).toEqual([200, 200, 403]);
  const crossed = await edge.write(LOGS, await edge.bearer({ azp: "agent-t1", tenant_id: "tenant-t2" }));
  expect(crossed.status).toBe(403);
  for (const list of ["bindings", "tenant_limits"])
    expect(
      await edge.counter(`envoy_extension_config_discovery_http_filter_atalaya_${list}_update_rejected`),
    ).toBe(0);
});

it("holds a source back before any check, whatever it says it is", async () => {
  const { capacity } = ENVIRONMENT;
  edge = await Edge.start([MX], { capacity: { ...capacity, requests: rate("2/s") } });
  const ask = (index: number) => edge.write(LOGS, { "x-forwarded-for": `203.0.113.${index}` });
  const answers = await Promise.all(Array.from({ length: 12 }, (_, index) => ask(index)));
  expect(answers.filter((answer) => answer.status === 429).length).toBeGreaterThanOrEqual(6);
  expect(answers.filter((answer) => answer.status === 401).length).toBeGreaterThanOrEqual(4);
  expect(await edge.counter("envoy_http_local_rate_limit_rate_limited")).toBeGreaterThanOrEqual(6);
});

it("refuses before it runs out of memory, and still says how it is", async () => {
  const sizes = { ...ENVIRONMENT.sizes, envoy: { memory: size("8MiB"), cpus: 1 } };
  edge = await Edge.start([MX], { sizes });
  await waitUntil("the refusal", async () => (await status("mx").catch(() => 0)) !== 200, {
    timeoutMs: 5_000,
  });
  edge.reached();
  expect(await status("mx").catch(() => 0)).not.toBe(200);
  expect(edge.reached()).toEqual([]);
  expect(await edge.health("/ready")).toMatchObject({ status: 200, body: "LIVE\n" });
});
