import { createHmac, X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { clientOf, grafanaHeaders } from "../../src/lab/credentials";
import { declare, declaredProcess, deliveries, labInput, type Declared } from "../../src/lab/declare";
import { deliver } from "../../src/lab/deliver";
import { Secrets } from "../../src/lab/keycloak/secrets";
import { realValues } from "../../src/lab/values";
import type { KeyFile } from "../../src/model/directory";
import type { TenantId } from "../../src/model/names";
import { localTopology } from "../../src/model/topology";
import { tempDir } from "../servers";

const PLACES = { directory: "/lab", port: () => 1234 };

describe("an environment declared for this machine", () => {
  let declared: Declared;
  let content: (path: string) => string;
  beforeAll(async () => {
    declared = await declare(
      labInput("dev"),
      (...args) => localTopology(PLACES, ...args),
      realValues(new Secrets()),
    );
    const files = new Map(
      deliveries(declared).flatMap((one) => one.files.map((file) => [file.target, file.content])),
    );
    content = (path) => files.get(`/lab/${path}`) ?? `no file ${path}`;
  });

  it("has no made-up value in any file, variable or command", () => {
    expect(
      deliveries(declared)
        .flatMap(({ files }) => files)
        .filter((file) => file.content.includes("preview:")),
    ).toEqual([]);
    for (const service of ["auth", "envoy", "keycloak", "postgres", "redis"])
      expect(JSON.stringify(declaredProcess(declared, service))).not.toContain("preview:");
  });

  it("derives from its secrets what the program derives", () => {
    const { authorization } = grafanaHeaders(declared.recording, "mx" as TenantId);
    const key = authorization.replace("Bearer ", "");
    const hash = createHmac("sha256", content("auth/secrets/pepper")).update(key).digest("hex");
    const { keys } = JSON.parse(content("auth/secrets/keys.json")) as KeyFile;
    expect(keys.find((one) => one.hash === hash)?.orgId).toBe("tenant-mx");
    const settings = content("keycloak/secrets/keycloak.conf");
    expect(settings).toContain(`db-password=${content("postgres/secrets/password")}\n`);
    expect(content("agent-mx/secrets/client-secret")).toBe(
      clientOf(declared.recording, "agent-mx").clientSecret,
    );
    expect(content("redis/secrets/users.acl")).toMatch(/#[0-9a-f]{64} /);
  });

  it("has a certificate by its own authority, for the edge's names alone", () => {
    const certificate = new X509Certificate(content("envoy/secrets/tls.crt"));
    const authority = new X509Certificate(content("agent-mx/secrets/ca.crt"));
    expect([certificate.verify(authority.publicKey), authority.ca, certificate.ca]).toEqual([
      true,
      true,
      false,
    ]);
    expect(certificate.subjectAltName).toBe("DNS:localhost, IP Address:127.0.0.1");
    expect(certificate.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
  });

  it("writes for the edge after everything that decides or limits", () => {
    const names = deliveries(declared).map(({ name }) => name);
    const envoy = names.indexOf("envoy-files");
    for (const before of ["auth-files", "auth-secrets", "loki-files", "mimir-files", "tempo-files"])
      expect(names.indexOf(before)).toBeLessThan(envoy);
  });
});

describe("a delivery", () => {
  it("writes what changed and nothing else, and removes what is no longer there", () => {
    using dir = tempDir();
    const live = join(dir.path, "live");
    const [kept, gone, fresh] = ["kept", "gone", "fresh"].map((name) => join(live, name));
    if (kept === undefined || gone === undefined || fresh === undefined) throw new Error("no paths");
    mkdirSync(live);
    writeFileSync(kept, "same");
    writeFileSync(gone, "old");
    const { ino } = statSync(kept);
    const files = [
      { target: kept, content: "same" },
      { target: fresh, content: "new" },
    ];
    const delivery = { name: "x", directories: [live], mode: 0o400, files };
    expect(deliver(delivery)).toEqual([fresh, gone]);
    expect([readFileSync(fresh, "utf8"), statSync(fresh).mode & 0o777, existsSync(gone)]).toEqual([
      "new",
      0o400,
      false,
    ]);
    expect(statSync(kept).ino).toBe(ino);
    expect(deliver(delivery)).toEqual([]);
  });
});
