import { spawn } from "node:child_process";
import { beforeAll, describe, expect, it } from "vitest";
import { EdgeClient } from "../../../../src/client/edge";
import type { Lab } from "../../../../src/lab/lab";
import { run, server, waitUntil } from "../../../servers";
import { sendItems } from "../items";
import { realLab } from "../shared";

const TENANTS = ["mx", "pe"] as const;
type Name = (typeof TENANTS)[number];

/** Loki's own client, with a tenant's read key. */
describe("logcli", () => {
  let lab: Lab;
  let words: Readonly<Record<Name, string>>;
  const send = async (word: string): Promise<void> => {
    for (const tenant of TENANTS)
      await sendItems(new EdgeClient(lab), await lab.token(`agent-${tenant}`), `${word}_${tenant}`);
  };
  beforeAll(async () => {
    lab = await realLab("loki", "mimir", "tempo");
    const word = `logcli_${process.pid}`;
    words = { mx: `${word}_mx`, pe: `${word}_pe` };
    await send(word);
  }, 240_000);

  const of = (tenant: Name): readonly string[] => [
    `--addr=${lab.urls.otlpHttp}`,
    `--ca-cert=${lab.caFile}`,
    `--bearer-token=${lab.grafana(tenant).authorization.replace(/^Bearer /, "")}`,
    "--quiet",
  ];

  it.each(TENANTS)(
    "shows %s its own lines, labels and streams, and no other's",
    async (tenant) => {
      const other = tenant === "mx" ? "pe" : "mx";
      const asked = [
        ["query", "--output=raw", "--limit=5000", '{service_name=~".+"}'],
        ["series", '{service_name=~".+"}'],
        ["labels", "own"],
      ];
      for (const args of asked) {
        let said = "";
        await waitUntil(
          args.join(" "),
          async () => {
            const { code, stdout, stderr } = await run(server("logcli").bin, [...of(tenant), ...args]);
            said = `${stdout}${stderr}`;
            return code === 0 && stdout.includes(words[tenant]);
          },
          { timeoutMs: 30_000, everyMs: 500 },
        ).catch((error: unknown) => {
          throw new Error(`${(error as Error).message}: ${said.slice(0, 500)}`);
        });
        expect(said).not.toContain(words[other]);
      }
    },
    90_000,
  );

  it("refuses what another tenant is asked for with mx's key", async () => {
    const args = [...of("mx"), "--org-id=tenant-pe", "query", '{service_name=~".+"}'];
    const { code, stdout, stderr } = await run(server("logcli").bin, args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("tenant_denied");
  }, 60_000);

  it("follows mx's lines as they come, and none of pe's", async () => {
    const args = [...of("mx"), "query", "--tail", "--output=raw", '{own=~".+"}'];
    const tail = spawn(server("logcli").bin, args, { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [tail.stdout, tail.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => (said += text));
    try {
      await waitUntil("the tail", () => lab.backends.loki.streams.size > 0, { timeoutMs: 20_000 });
      const word = `tail_${process.pid}`;
      await send(word);
      await waitUntil("its line", () => said.includes(`${word}_mx`), { timeoutMs: 30_000 });
      expect(said).not.toContain(`${word}_pe`);
    } finally {
      tail.kill("SIGKILL");
    }
  }, 90_000);
});
