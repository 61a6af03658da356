import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { readSettings } from "../../src/auth/config";
import { IMAGES } from "../../src/model/images";
import { prepareAuthImage } from "../../src/stack/auth-image";
import { MX, only, recordEnvironment } from "./environment";

const ROOT = join(__dirname, "..", "..");

describe("the auth service's image", () => {
  it("is the same for the same sources, in a directory that is the same on every machine", () => {
    const [first, second] = [prepareAuthImage(ROOT), prepareAuthImage(ROOT)];
    expect(second).toEqual(first);
    expect(first.context.startsWith("/")).toBe(false);
    expect(first.tag).toMatch(/^[0-9a-f]{12}$/);
  });

  it("holds one file that needs nothing beside it", () => {
    const { context } = prepareAuthImage(ROOT);
    const bundled = readFileSync(join(resolve(context), "main.cjs"), "utf8");
    const required = [...bundled.matchAll(/\brequire\("([^"]+)"\)/g)].map(([, name]) => name ?? "");
    expect(required.filter((name) => !name.startsWith("node:") && !BUILT_IN.includes(name))).toEqual([]);
    expect(bundled).not.toContain(ROOT);
  });

  it("is made from the pinned image and does not run as root", () => {
    const dockerfile = readFileSync(join(ROOT, "src", "auth", "Dockerfile"), "utf8");
    expect(dockerfile).toContain(`ARG BASE=${IMAGES.node}\n`);
    expect(dockerfile).toMatch(/^USER 1000:1000$/m);
  });
});

const BUILT_IN: readonly string[] = [
  "crypto",
  "http",
  "https",
  "util",
  "events",
  "buffer",
  "fs",
  "path",
  "url",
];

describe("the auth service's environment", () => {
  it("is what the service understands", async () => {
    const { inputs } = only(await recordEnvironment([MX]), "docker:Container auth-container");
    const lines = inputs["envs"] as readonly string[];
    const variables = Object.fromEntries(lines.map((line) => line.split(/=(.*)/s, 2) as [string, string]));
    const directory = mkdtempSync(join(tmpdir(), "auth-"));
    const pepper = join(directory, "pepper");
    writeFileSync(pepper, "x".repeat(40));
    const settings = readSettings({ ...variables, ATALAYA_PEPPER_FILE: pepper });
    rmSync(directory, { recursive: true });
    expect(settings).toMatchObject({
      host: "0.0.0.0",
      port: 8000,
      issuer: "http://localhost:8090/realms/observability",
      audience: "atalaya-edge",
      directoryFile: "/var/lib/atalaya/auth/live/tenants.json",
      keysFile: "/var/lib/atalaya/auth/secrets/keys.json",
    });
    expect(settings.jwksUrl.href).toBe(
      "http://keycloak:8090/realms/observability/protocol/openid-connect/certs",
    );
    expect(Object.keys(variables).filter((name) => !name.startsWith("ATALAYA_"))).toEqual([]);
  });
});
