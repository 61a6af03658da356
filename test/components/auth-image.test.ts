import {
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readSettings } from "../../src/auth/config";
import { IMAGES } from "../../src/model/images";
import { buildableAuthImage, plannedAuthImage, prepareAuthImage } from "../../src/stack/auth-image";
import { MX, only, recordEnvironment } from "./environment";

const ROOT = join(__dirname, "..", "..");

describe("the auth service's image", () => {
  it("is the same for the same sources, in the project's root", () => {
    const [first, second] = [prepareAuthImage(ROOT), prepareAuthImage(ROOT)];
    expect(second).toEqual(first);
    expect(first.context).toBe(join(ROOT, ".cache", "auth-image"));
    expect(first.tag).toMatch(/^[0-9a-f]{12}$/);
    expect(plannedAuthImage(ROOT)).toEqual({ context: ".cache/auth-image", tag: first.tag });
  });

  it("is not written again when it is there", () => {
    const { context } = prepareAuthImage(ROOT);
    const files = ["Dockerfile", "main.cjs"].map((name) => join(context, name));
    const long = new Date("2001-01-01");
    for (const file of files) utimesSync(file, long, long);
    prepareAuthImage(ROOT);
    expect(files.map((file) => statSync(file).mtime)).toEqual([long, long]);
  });

  it("holds one file that needs nothing beside it", () => {
    const { context } = prepareAuthImage(ROOT);
    const bundled = readFileSync(join(context, "main.cjs"), "utf8");
    const required = [...bundled.matchAll(/\brequire\("([^"]+)"\)/g)].map(([, name]) => name ?? "");
    expect(required.filter((name) => !isBuiltin(name))).toEqual([]);
    expect(bundled).not.toContain(ROOT);
  });

  it("is made from the pinned image and does not run as root", () => {
    const dockerfile = readFileSync(join(ROOT, "src", "auth", "Dockerfile"), "utf8");
    expect(dockerfile).toContain(`ARG BASE=${IMAGES.node}\n`);
    expect(dockerfile).toMatch(/^USER 1000:1000$/m);
  });
});

describe("the image's directory", () => {
  const before = process.cwd();
  let project = "";
  beforeEach(() => {
    project = realpathSync(mkdtempSync(join(tmpdir(), "checkout-")));
    for (const name of ["src", "node_modules"]) symlinkSync(join(ROOT, name), join(project, name));
  });
  afterEach(() => {
    process.chdir(before);
    rmSync(project, { recursive: true });
  });

  it("is planned under one name, wherever the command was typed, and not written", () => {
    for (const directory of [before, project, join(ROOT, "src"), tmpdir()]) {
      process.chdir(directory);
      expect(plannedAuthImage(project).context).toBe(".cache/auth-image");
    }
    expect(existsSync(join(project, ".cache"))).toBe(false);
  });

  it("is where an engine's providers find it, from the directory that Pulumi runs the program in", () => {
    process.chdir(project);
    expect(buildableAuthImage(project).context).toBe(".cache/auth-image");
    process.chdir(join(ROOT, "src"));
    expect(buildableAuthImage(ROOT).context).toBe("../.cache/auth-image");
    expect(readFileSync(join(buildableAuthImage(ROOT).context, "Dockerfile"), "utf8")).toContain("main.cjs");
  });

  it("is a temporary one, named by its content, when the project cannot be written", () => {
    // Also for root, whom permissions do not stop.
    writeFileSync(join(project, ".cache"), "");
    const { context, tag } = prepareAuthImage(project);
    try {
      expect(context).toBe(join(tmpdir(), `atalaya-auth-image-${process.getuid?.() ?? "user"}-${tag}`));
      expect(statSync(context).mode & 0o777).toBe(0o700);
      expect(existsSync(join(context, "main.cjs")) && existsSync(join(context, "Dockerfile"))).toBe(true);
      expect(buildableAuthImage(project)).toEqual({ context, tag });
      expect(plannedAuthImage(project)).toEqual({ context: ".cache/auth-image", tag });
    } finally {
      rmSync(context, { recursive: true });
    }
  });
});

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
