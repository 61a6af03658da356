import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { inspectContainers } from "../../../src/operate/docker/containers";
import type { Fields } from "../../../src/operate/recovery/deployment";
import { dockerServer } from "../../../src/operate/recovery/docker";
import { grafanaServer } from "../../../src/operate/recovery/grafana";
import { keycloakServer } from "../../../src/operate/recovery/keycloak";
import { ruleOf } from "../../../src/operate/recovery/rules";
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

/** An engine that answers. */
const ENGINE = {
  "version --format {{json .}}": {
    out: JSON.stringify({ Server: { Version: "28.2.2", ApiVersion: "1.50", Os: "linux" } }),
  },
  "info --format {{json .}}": { out: "{}" },
};

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
    process.env["DOCKER_ANSWERS"] = JSON.stringify({ ...ENGINE, ...Object.fromEntries(said) });
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
    const server = dockerServer();
    expect(await Promise.all(places.map((one) => server.find(one)))).toEqual([
      { id: "c1", ours: true },
      undefined,
      { id: "c2", ours: false },
      { id: "v", ours: true },
      { id: "n1", ours: false },
      undefined,
      undefined,
    ]);
    expect((await asked()).filter((line) => line.startsWith("version"))).toHaveLength(1);
  });

  it("says when it was made, and whether it works", async () => {
    const Created = "2026-11-21T09:13:04.123456789Z";
    const of = (Status: string, health?: string) => ({
      out: [
        {
          ...{ Id: "c1", Name: "/a", Created, Config: { Labels } },
          State: { Status, ...(health !== undefined && { Health: { Status: health } }) },
        },
      ],
    });
    const found = async (answer: ReturnType<typeof of>) => {
      answers({ "container inspect a": answer });
      return (await dockerServer().find(place("container", "a")))?.inUse ?? false;
    };
    expect([
      await found(of("running")),
      await found(of("running", "healthy")),
      await found(of("running", "none")),
      await found(of("running", "starting")),
      await found(of("exited", "healthy")),
      await found(of("created")),
    ]).toEqual([true, true, true, false, false, false]);
    expect(await dockerServer().find(place("container", "a"))).toEqual({
      id: "c1",
      ours: true,
      made: new Date("2026-11-21T09:13:04.123Z"),
    });
  });

  const UNREACHABLE = [
    'Failed to initialize: unable to resolve docker endpoint: context "gone": context not found: open /home/ana/.docker/contexts/meta/1f/meta.json: no such file or directory',
    'error during connect: Get "http://nosuch.invalid:2375/v1.50/networks/n": dial tcp: lookup nosuch.invalid: no such host',
    "unable to resolve docker endpoint: open /home/ana/.docker/ca.pem: no such file or directory",
    "failed to connect to the docker API at unix:///var/run/docker.sock; check if the path is correct and if the daemon is running: dial unix /var/run/docker.sock: connect: no such file or directory",
  ];

  it.each(UNREACHABLE)("is not asked for things while it is not there itself: %s", async (err) => {
    // As an engine that has nothing.
    const nothing = { err: "Error: No such container: a\n", code: 1 };
    answers({ "version --format {{json .}}": { err, code: 1 }, "container inspect a": nothing });
    const server = dockerServer();
    const find = () => server.find(place("container", "a"));
    await expect(find()).rejects.toThrow(`does not answer: ${err}`);
    await expect(find()).rejects.toThrow(`does not answer: ${err}`);
    expect((await asked()).filter((line) => line.includes("inspect a"))).toEqual([]);
  });

  it.each(UNREACHABLE)("that goes away has nothing to say of what it has: %s", async (err) => {
    const [gone, id] = [{ err, code: 1 }, "c1"];
    answers({ "network inspect n": gone, "stop c1": gone, "container inspect a": gone });
    await expect(dockerServer().find(place("network", "n"))).rejects.toThrow(err);
    await expect(dockerServer().remove(place("container", "a"), id)).rejects.toThrow(
      `\`docker stop a\` failed: ${err}`,
    );
    await expect(inspectContainers(["a"])).rejects.toThrow(err);
  });

  it("stops a container before it removes it, and never a volume", async () => {
    answers({});
    await dockerServer().remove(place("container", "a"), "c1");
    await dockerServer().remove(place("network", "n"), "n1");
    await expect(dockerServer().remove(place("volume", "v"), "v")).rejects.toThrow(
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
    await expect(dockerServer().remove(place("network", "n"), "n1")).rejects.toThrow(
      "`docker network rm n` failed: Error response from daemon: network n has active endpoints",
    );
    await dockerServer().remove(place("container", "a"), "c1");
    await expect(dockerServer().find(place("volume", "v"))).rejects.toThrow(
      "`docker volume inspect v` failed: Cannot connect to the Docker daemon",
    );
  });
});

describe("Keycloak", () => {
  it("says who is in a group, and since when a user is there", async () => {
    const answers: Readonly<Record<string, unknown>> = {
      "/realms/master/protocol/openid-connect/token": { access_token: "t", expires_in: 60 },
      "/admin/realms/r/groups?search=empty&exact=true&max=1000": [{ id: "g1", name: "empty" }],
      "/admin/realms/r/groups?search=full&exact=true&max=1000": [{ id: "g2", name: "full" }],
      "/admin/realms/r/groups/g0/children?search=above&exact=true&max=1000": [{ id: "g3", name: "above" }],
      "/admin/realms/r/groups/g1/members?max=1": [],
      "/admin/realms/r/groups/g1/children?max=1": [],
      "/admin/realms/r/groups/g2/members?max=1": [{ id: "u1" }],
      "/admin/realms/r/groups/g3/members?max=1": [],
      "/admin/realms/r/groups/g3/children?max=1": [{ id: "g4" }],
      "/admin/realms/r/users?username=ana&exact=true&max=1000": [
        { id: "u1", username: "ana", createdTimestamp: 1_795_252_384_000 },
      ],
    };
    const http = createServer((request, response) => {
      const answer = answers[request.url ?? ""];
      response.writeHead(answer === undefined ? 404 : 200, { "content-type": "application/json" });
      response.end(JSON.stringify(answer ?? {}));
    });
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    const server = keycloakServer({ url, username: "admin", password: "right" });
    const find = (type: string, inputs: Fields) => {
      const rule = ruleOf(`keycloak:index/${type}`);
      const place =
        rule !== undefined && "place" in rule ? rule.place({ realmId: "r", ...inputs }) : undefined;
      return place?.server === "keycloak" ? server.find(place) : undefined;
    };
    expect([
      await find("group:Group", { name: "empty" }),
      await find("group:Group", { name: "full" }),
      await find("group:Group", { name: "above", parentId: "g0" }),
      await find("user:User", { username: "ana" }),
    ]).toEqual([
      { id: "g1", ours: true },
      { id: "g2", ours: true, holds: "members" },
      { id: "g3", ours: true, holds: "groups below it" },
      { id: "u1", ours: true, made: new Date(1_795_252_384_000), inUse: true },
    ]);
    http.close();
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
