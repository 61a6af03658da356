import { mkdirSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { marked } from "../../../src/client/telemetry";
import type { Lab } from "../../../src/lab/lab";
import { tokenFile, type TokenFormat } from "../../../src/onboard/token-file/files";
import { Script } from "../../onboard/kit-host";
import { run, waitUntil } from "../../servers";
import { route } from "../faults/load";
import { sharedLab } from "../shared";
import { labHost, newMark, Placed, storedFor } from "./handed";

describe("the token file, of the real Keycloak", () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await sharedLab();
  }, 180_000);

  async function place(format: TokenFormat): Promise<Placed> {
    const placed = new Placed(lab, tokenFile(await labHost(lab), { format }));
    mkdirSync(placed.at("token"), { mode: 0o700 });
    return placed;
  }

  /** As a shipper would, by curl: with the token from the file, and trusting what the kit brings. */
  async function send(placed: Placed, header: string, mark: string): Promise<string> {
    const { contentType, body } = marked(route("loki-push"), mark);
    const { stdout } = await run("curl", [
      ...["-sS", "--cacert", placed.at("ca.crt"), "-o", "/dev/null", "-w", "%{http_code}", "-H", header],
      ...["-H", `content-type: ${contentType}`, "--data-binary", body.toString()],
      `${lab.urls.otlpHttp}/loki/api/v1/push`,
    ]);
    return stdout;
  }

  it("holds a token that the edge takes for its tenant", async () => {
    using placed = await place("raw");
    expect(await run("sh", [placed.at("refresh-token.sh"), "--once"])).toEqual({
      code: 0,
      stdout: "",
      stderr: "",
    });
    const token = readFileSync(placed.at("token/token"), "utf8");
    const mark = newMark();
    expect(await send(placed, `Authorization: Bearer ${token}`, mark)).toBe("204");
    expect(storedFor(lab, mark)).toEqual(["tenant-mx"]);
  }, 60_000);

  it("holds a header that curl reads, is kept until it is told to stop, and outlives a Keycloak that is away", async () => {
    using placed = await place("header");
    await using script = new Script(placed.at("refresh-token.sh"), ["--health-file", placed.at("refreshed")]);
    const read = (path: string): string => {
      try {
        return readFileSync(placed.at(path), "utf8");
      } catch {
        return "";
      }
    };
    await waitUntil("a token", () => read("refreshed") !== "", { timeoutMs: 60_000 });
    const first = read("token/token");
    await lab.processes.keycloak.stop();
    try {
      const away = await run("sh", [placed.at("refresh-token.sh"), "--once"], { timeoutMs: 60_000 });
      expect(away.code).toBe(1);
      expect(away.stderr).toMatch(/Keycloak cannot be asked/);
      expect(read("token/token")).toBe(first);
      const mark = newMark();
      expect(await send(placed, `@${placed.at("token/token")}`, mark)).toBe("204");
      expect(storedFor(lab, mark)).toEqual(["tenant-mx"]);
    } finally {
      await lab.processes.keycloak.start();
    }
    script.signal("SIGTERM");
    expect(await script.ended).toBe(0);
    expect(script.output).toBe("");
  }, 180_000);

  it("is refused to somebody with another's secret", async () => {
    using placed = new Placed(lab, tokenFile(await labHost(lab)), "nobody's");
    mkdirSync(placed.at("token"));
    const { code, stderr } = await run("sh", [placed.at("refresh-token.sh"), "--once"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^refresh-token: Keycloak gives agent-mx no token: 401 unauthorized_client\./);
  }, 60_000);
});
