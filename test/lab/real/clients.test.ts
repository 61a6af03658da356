import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { EdgeClient } from "../../../src/client/edge";
import type { Lab } from "../../../src/lab/lab";
import { freePort, loopback, run, server, start, waitUntil } from "../../servers";
import { sendItems } from "./items";
import { realLab } from "./shared";

const TENANTS = ["mx", "pe"] as const;
type Name = (typeof TENANTS)[number];

/** Programs that people ask with, as their own documentation says; each with a tenant's read key, by its own way to give it. */
describe("Prometheus' own clients", () => {
  let lab: Lab;
  const words: Record<Name, string> = { mx: "", pe: "" };
  beforeAll(async () => {
    lab = await realLab("mimir", "tempo");
    for (const tenant of TENANTS) {
      words[tenant] = `client_${tenant}_${process.pid}`;
      await sendItems(new EdgeClient(lab), await lab.token(`agent-${tenant}`), words[tenant]);
    }
  }, 240_000);

  const keyOf = (tenant: Name): string => lab.grafana(tenant).authorization.replace(/^Bearer /, "");

  /** A key is also the password of basic authentication, whoever the user is. */
  const promtool = async (tenant: Name, query: string) => {
    const address = new URL("/prometheus", lab.urls.otlpHttp);
    address.username = "key";
    address.password = keyOf(tenant);
    return run(server("prometheus").promtool, ["query", ...query.split(" "), address.href, '{own=~".+"}'], {
      env: { SSL_CERT_FILE: lab.caFile },
    });
  };

  it.each(TENANTS)(
    "promtool shows %s its own series and no other",
    async (tenant) => {
      const other = tenant === "mx" ? "pe" : "mx";
      await waitUntil(
        "its series",
        async () => (await promtool(tenant, "instant")).stdout.includes(words[tenant]),
        {
          timeoutMs: 30_000,
          everyMs: 500,
        },
      );
      for (const query of ["instant", "range"]) {
        const { code, stdout, stderr } = await promtool(tenant, query);
        expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
        expect(stdout).toContain(words[tenant]);
        expect(stdout).not.toContain(words[other]);
      }
    },
    60_000,
  );

  it("a Prometheus reads mx's series by remote read, and no other's", async () => {
    const [port, directory] = [await freePort(), lab.directory];
    const key = join(directory, "prometheus.key");
    const config = join(directory, "prometheus.yml");
    writeFileSync(key, keyOf("mx"), { mode: 0o600 });
    writeFileSync(
      config,
      stringify({
        remote_read: [
          {
            url: new URL("/prometheus/api/v1/read", lab.urls.otlpHttp).href,
            authorization: { credentials_file: key },
            tls_config: { ca_file: lab.caFile },
            read_recent: true,
          },
        ],
      }),
    );
    const own = `http://${loopback}:${port}`;
    const args = [`--config.file=${config}`, `--web.listen-address=${loopback}:${port}`];
    const prometheus = await start(
      server("prometheus").bin,
      [...args, `--storage.tsdb.path=${join(directory, "prometheus")}`],
      { ready: { url: `${own}/-/ready` }, timeoutMs: 60_000 },
    );
    try {
      const query = encodeURIComponent('{own=~".+"}');
      const answer = await (await fetch(`${own}/api/v1/query?query=${query}`)).text();
      expect(parse(answer)).toMatchObject({ status: "success" });
      expect(answer).toContain(words.mx);
      expect(answer).not.toContain(words.pe);
    } finally {
      await prometheus.stop();
    }
  }, 90_000);
});
