import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { dockerServer } from "../../../src/operate/recovery/docker";
import { grafanaServer } from "../../../src/operate/recovery/grafana";
import { keycloakServer } from "../../../src/operate/recovery/keycloak";
import { tempDir, type TempDir } from "../../servers";

/** Answers by what it is asked, and writes down all that it was. */
const DOCKER = `#!${process.execPath}
const fs = require("node:fs");
const args = process.argv.slice(2).join(" ");
fs.appendFileSync(process.env.DOCKER_LOG, args + "\\n");
const { out = "", err = "", code = 0 } = JSON.parse(process.env.DOCKER_ANSWERS)[args] ?? {};
process.stdout.write(out);
process.stderr.write(err);
process.exit(code);
`;

describe("Docker", () => {
  let directory: TempDir;
  const before = process.env["PATH"];
  beforeEach(() => {
    directory = tempDir();
    const bin = join(directory.path, "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "docker"), DOCKER);
    chmodSync(join(bin, "docker"), 0o755);
    process.env["PATH"] = `${bin}${delimiter}${before ?? ""}`;
    process.env["DOCKER_LOG"] = join(directory.path, "log");
  });
  afterEach(() => {
    process.env["PATH"] = before;
    directory.remove();
  });

  const answers = (
    given: Readonly<Record<string, { readonly out?: object; readonly err?: string; readonly code?: number }>>,
  ): void => {
    const said = Object.entries(given).map(([args, { out, ...rest }]) => [
      args,
      { ...rest, ...(out && { out: JSON.stringify(out) }) },
    ]);
    process.env["DOCKER_ANSWERS"] = JSON.stringify(Object.fromEntries(said));
  };
  const asked = async (): Promise<readonly string[]> => {
    const { readFile } = await import("node:fs/promises");
    return (await readFile(process.env["DOCKER_LOG"] ?? "", "utf8")).trimEnd().split("\n");
  };
  const place = (kind: "container" | "network" | "volume", name: string) =>
    ({ server: "docker", kind, name, environment: "dev" }) as const;
  const Labels = { "atalaya.environment": "dev" };

  it("finds by name, whole, and by our label", async () => {
    answers({
      "container inspect a": { out: [{ Id: "c1", Name: "/a", Config: { Labels } }] },
      "container inspect c1": { out: [{ Id: "c1", Name: "/a", Config: { Labels } }] },
      "container inspect other": { out: [{ Id: "c2", Name: "/other", Config: { Labels: null } }] },
      "volume inspect v": { out: [{ Name: "v", Labels }] },
      "network inspect n": { out: [{ Id: "n1", Name: "n", Labels: { "atalaya.environment": "prod" } }] },
      "network inspect gone": {
        out: [],
        err: "Error response from daemon: network gone not found\n",
        code: 1,
      },
      "container inspect gone": { out: [], err: "Error: No such container: gone\n", code: 1 },
    });
    const places = [
      place("container", "a"),
      place("container", "c1"),
      place("container", "other"),
      place("volume", "v"),
      place("network", "n"),
      place("network", "gone"),
      place("container", "gone"),
    ];
    expect(await Promise.all(places.map((one) => dockerServer.find(one)))).toEqual([
      { id: "c1", ours: true },
      undefined,
      { id: "c2", ours: false },
      { id: "v", ours: true },
      { id: "n1", ours: false },
      undefined,
      undefined,
    ]);
  });

  it("stops a container before it removes it, and never a volume", async () => {
    answers({});
    await dockerServer.remove(place("container", "a"), "c1");
    await dockerServer.remove(place("network", "n"), "n1");
    await expect(dockerServer.remove(place("volume", "v"), "v")).rejects.toThrow(
      "The volume v holds data: it is never removed.",
    );
    expect(await asked()).toEqual(["stop c1", "rm --force --volumes c1", "network rm n1"]);
  });

  it("says what the engine refuses, and takes what is gone for gone", async () => {
    answers({
      "network rm n1": { err: "Error response from daemon: network n has active endpoints\n", code: 1 },
      "stop c1": { err: "Error response from daemon: No such container: c1\n", code: 1 },
      "rm --force --volumes c1": { err: "Error response from daemon: No such container: c1\n", code: 1 },
      "volume inspect v": { err: "Cannot connect to the Docker daemon\n", code: 1 },
    });
    await expect(dockerServer.remove(place("network", "n"), "n1")).rejects.toThrow(
      "`docker network rm n1` failed: Error response from daemon: network n has active endpoints",
    );
    await dockerServer.remove(place("container", "a"), "c1");
    await expect(dockerServer.find(place("volume", "v"))).rejects.toThrow(
      "`docker volume inspect v` failed: Cannot connect to the Docker daemon",
    );
  });
});

describe("Grafana", () => {
  /** With one organisation, and in it one data source. */
  async function fake() {
    const calls: string[] = [];
    const server = createServer((request, response) => {
      const { method = "", url = "", headers } = request;
      calls.push(`${method} ${url} ${String(headers["x-grafana-org-id"] ?? "")}`.trim());
      const good = headers.authorization === `Basic ${Buffer.from("admin:right").toString("base64")}`;
      const known = url === "/api/orgs/name/Per%C3%BA" || url === "/api/datasources/uid/loki-pe";
      response.writeHead(good ? (known ? 200 : 404) : 401, { "content-type": "application/json" });
      response.end(JSON.stringify(known ? { id: 7, name: "Perú" } : { message: "not found" }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return { url, calls, [Symbol.dispose]: () => server.close() };
  }
  const organisation = (name: string) => ({ server: "grafana", kind: "organisation", name }) as const;
  const source = (uid: string) =>
    ({ server: "grafana", kind: "dataSource", organisation: "7", uid }) as const;

  it("finds an organisation by its name, and a data source in its organisation, which it removes", async () => {
    using grafana = await fake();
    const server = grafanaServer({ url: grafana.url, auth: "admin:right" });
    expect(await server.find(organisation("Perú"))).toEqual({ id: "7", ours: true, outputs: { orgId: 7 } });
    expect(await server.find(organisation("Colombia"))).toBeUndefined();
    expect(await server.find(source("loki-pe"))).toEqual({ id: "7:loki-pe", ours: true });
    await server.remove(source("loki-pe"), "7:loki-pe");
    await server.remove(source("gone"), "7:gone");
    await expect(server.remove(organisation("Perú"), "7")).rejects.toThrow("never removed");
    expect(grafana.calls).toEqual([
      "GET /api/orgs/name/Per%C3%BA",
      "GET /api/orgs/name/Colombia",
      "GET /api/datasources/uid/loki-pe 7",
      "DELETE /api/datasources/uid/loki-pe 7",
      "DELETE /api/datasources/uid/gone 7",
    ]);
  });

  it("says that the password is wrong, that nobody answers, and that the state says nothing", async () => {
    using grafana = await fake();
    await expect(
      grafanaServer({ url: grafana.url, auth: "admin:wrong" }).find(organisation("Perú")),
    ).rejects.toThrow(
      "Grafana refuses the administrator's user name or password that the stack's state holds.",
    );
    await expect(
      grafanaServer({ url: "http://127.0.0.1:1", auth: "admin:right" }).find(organisation("Perú")),
    ).rejects.toThrow("Grafana at http://127.0.0.1:1 cannot be reached");
    expect(() => grafanaServer({ url: grafana.url })).toThrow("the state does not say its server's auth.");
    expect(() => keycloakServer({ url: grafana.url })).toThrow(
      "the state does not say its server's username.",
    );
  });
});
