import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  mkdtempSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { run } from "../servers";
import { onboard } from "../../src/cli/onboard";
import type { OnboardOptions } from "../../src/cli/onboard-asked";

const client = (clientId: string) => ({ clientId, clientSecret: `secret of ${clientId}` });
const tenant = (state: string, ...clients: readonly string[]) => ({
  state,
  organisation: "tenant-x",
  clients: Object.fromEntries(clients.map((id) => [id, client(id)])),
  users: {},
  readKey: "atl_read",
});
const OUTPUTS = {
  endpoints: { otlpGrpc: "edge.example.com:4317", otlpHttp: "https://edge.example.com:4318" },
  grafanaUrl: "https://grafana.example.com",
  keycloakUrl: "https://login.example.com",
  caCertificate: "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n",
  administrators: { keycloak: { user: "admin", password: "secret of admin" } },
  operators: {},
  tenants: {
    mx: tenant("active", "agent-mx", "agent-mx-plant", "service-mx-checkout"),
    pe: tenant("active", "agent-pe-north", "agent-pe-south"),
    co: tenant("suspended", "agent-co"),
    cl: tenant("active", "service-cl-shop"),
    ec: tenant("active", "agent-only"),
  },
};

let directory: string;
let stdout: string;
let stderr: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "atalaya-"));
  writeFileSync(join(directory, "outputs.json"), JSON.stringify(OUTPUTS));
  [stdout, stderr] = ["", ""];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => ((stdout += String(text)), true));
  vi.spyOn(process.stderr, "write").mockImplementation((text) => ((stderr += String(text)), true));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(directory, { recursive: true });
});

const say = (whose: string, options: Partial<OnboardOptions> = {}): Promise<number> =>
  onboard(whose, {
    ...{ stack: "dev", outputs: join(directory, "outputs.json"), shipper: "otelcol" },
    ...{ logFiles: "/var/log/*.log", withSecret: false, json: false },
    ...options,
  });
const out = () => join(directory, "out");

describe("npx atalaya onboard", () => {
  it("prints the configuration alone, and on standard error what it is", async () => {
    expect(await say("mx")).toBe(0);
    expect(stdout).toMatch(/^# OpenTelemetry Collector.*\n/);
    expect(stdout).toContain("client_secret_file: /etc/atalaya/secrets/client-secret");
    expect(stderr).toBe(
      "Only otelcol.yaml is shown, as for /etc/atalaya. With the certificate, a README and all else: --out DIR\n",
    );
    expect(`${stdout}${stderr}`).not.toMatch(/secret of/);
  });

  it("writes a directory for its owner alone, without a secret unless it is asked for", async () => {
    expect(await say("mx", { out: out() })).toBe(0);
    expect(readdirSync(out()).sort()).toEqual(["README.md", "ca.crt", "data", "otelcol.yaml", "secrets"]);
    expect([statSync(out()).mode & 0o777, readdirSync(join(out(), "secrets"))]).toEqual([0o700, []]);
    expect(stderr).toContain("secrets/client-secret is missing still");
    expect(readFileSync(join(out(), "otelcol.yaml"), "utf8")).toContain(`ca_file: ${out()}/ca.crt`);

    const other = join(directory, "other");
    expect(
      await say("mx", { out: other, withSecret: true, client: "agent-mx-plant", at: "/srv/atalaya/" }),
    ).toBe(0);
    const secret = join(other, "secrets", "client-secret");
    expect([readFileSync(secret, "utf8"), statSync(secret).mode & 0o777]).toEqual([
      "secret of agent-mx-plant",
      0o600,
    ]);
    expect(readFileSync(join(other, "otelcol.yaml"), "utf8")).toContain("ca_file: /srv/atalaya/ca.crt");
    expect(`${stdout}${stderr}`).not.toMatch(/secret of/);
  });

  it("touches nothing of a directory that is not empty", async () => {
    mkdirSync(out());
    writeFileSync(join(out(), "mine"), "mine");
    await expect(say("mx", { out: out() })).rejects.toThrow(
      `--out: ${out()} is not empty, and nothing there is overwritten.`,
    );
    expect(readdirSync(out())).toEqual(["mine"]);
    await expect(say("mx", { out: join(directory, "outputs.json") })).rejects.toThrow(
      "cannot be used: ENOTDIR",
    );
  });

  it("prints all files for a program", async () => {
    expect(await say("mx", { json: true, shipper: "prometheus" })).toBe(0);
    const { files } = JSON.parse(stdout) as { files: readonly { path: string }[] };
    expect([files.map(({ path }) => path), stderr]).toEqual([
      ["prometheus.yml", "targets/prometheus.json", "ca.crt", "README.md"],
      "",
    ]);
  });

  it("takes the tenant's usual agent, its only one, or the one that is named", async () => {
    const agent = async (whose: string, options?: Partial<OnboardOptions>) => {
      stdout = "";
      await say(whose, options);
      return /client_id: (\S+)/.exec(stdout)?.[1];
    };
    expect([await agent("mx"), await agent("ec"), await agent("pe", { client: "agent-pe-south" })]).toEqual([
      "agent-mx",
      "agent-only",
      "agent-pe-south",
    ]);
  });

  it.each<[string, string, Partial<OnboardOptions>]>([
    ["There is no tenant mz in the environment of outputs.json. Did you mean mx?", "mz", {}],
    ["There is no shipper otelco in npx atalaya onboard. Did you mean otelcol?", "mx", { shipper: "otelco" }],
    ["There is no shipper constructor", "mx", { shipper: "constructor" }],
    ["There is no signal log in Atalaya. Did you mean logs?", "mx", { signals: "log" }],
    ["--shipper prometheus: Prometheus (2.42 or newer) sends metrics alone, not logs and traces. For those: --shipper", "mx", { shipper: "prometheus", signals: "logs,traces" }],
    ["Tenant co is suspended", "co", {}],
    ["Tenant cl has no agent to send as.", "cl", {}],
    ["Tenant pe has 2 agents. Say which one sends: --client agent-pe-north | agent-pe-south", "pe", {}],
    ["There is no agent service-mx-checkout in tenant mx", "mx", { client: "service-mx-checkout" }],
    ["--with-secret: a secret is written to a file, never printed.", "mx", { withSecret: true }],
    ["--with-secret: vector sends with an API key, which only a person of the tenant can make.", "mx", { withSecret: true, shipper: "vector", out: "/nowhere/x" }],
    ["--at: /a b cannot stand in every configuration.", "mx", { at: "/a b" }],
    ["--at: etc cannot stand in every configuration.", "mx", { at: "etc" }],
    ["--at: /opt/.atalaya cannot stand in a unit of systemd's.", "mx", { shipper: "token-file", at: "/opt/.atalaya" }],
    ["--at: /opt//atalaya cannot stand in a unit of systemd's.", "mx", { shipper: "local-envoy", at: "/opt//atalaya" }],
    ["--at: /a/../b cannot stand in a unit of systemd's.", "mx", { shipper: "alloy", at: "/a/../b" }],
    ["--log-files: logs/*.log is not an absolute path", "mx", { logFiles: "logs/*.log" }],
  ])("says %s", async (message, whose, options) => {
    const said: unknown = await say(whose, options).catch((error: unknown) => error);
    expect(said).toMatchObject({ name: "UsageError", message: expect.stringContaining(message) as string });
    expect([stdout, existsSync("/nowhere")]).toEqual(["", false]);
  }); // prettier-ignore

  it("may lie below a name with a dot where no unit names it", async () => {
    expect(await say("mx", { at: "/home/me/.atalaya" })).toBe(0);
    expect(stdout).toContain("client_secret_file: /home/me/.atalaya/secrets/client-secret");
  });

  it("works as it is installed, where all of it is compiled to one file", async () => {
    vi.restoreAllMocks();
    const args = [
      "onboard",
      "mx",
      "--shipper",
      "otel-sdk-python",
      "--outputs",
      join(directory, "outputs.json"),
    ];
    const root = join(__dirname, "..", "..");
    const ended = await run(process.execPath, [join(root, "scripts", "atalaya.mjs"), ...args], {
      timeoutMs: 120_000,
    });
    const asset = readFileSync(join(root, "src", "onboard", "assets", "atalaya_telemetry.py"), "utf8");
    expect([ended.code, ended.stdout]).toEqual([0, asset]);
  }, 150_000);

  it("sends the signals that were asked for, once each", async () => {
    await say("mx", { signals: "traces, logs,logs" });
    expect(stdout).toMatch(/pipelines:\n    logs:[^]*\n    traces:/);
    expect(stdout).not.toContain("host_metrics");
  });
});
