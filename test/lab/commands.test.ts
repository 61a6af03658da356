import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { deviceLogin } from "../../src/client/device-login";
import { EdgeClient } from "../../src/client/edge";
import { parseOutputs } from "../../src/client/outputs";
import type { World } from "../../src/client/probe-session";
import { kinds, probe } from "../../src/client/probes";
import { matrixOf, planPairs } from "../../src/client/tenant-matrix";
import { usualAnswer } from "../../src/lab/backends/answers";
import type { Lab } from "../../src/lab/lab";
import { ROUTES } from "../../src/model/routes";
import type { Tenant } from "../../src/model/tenant";
import { sharedLab } from "./shared";
import { claimsOf } from "./login";

const ROOT = join(__dirname, "..", "..");

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

describe("commands against a running environment", () => {
  let lab: Lab;
  let shipped: readonly Tenant[];
  beforeAll(async () => {
    lab = await sharedLab();
    shipped = lab.tenants;
  }, 180_000);
  afterEach(async () => {
    for (const backend of Object.values(lab.backends)) backend.answer = undefined;
    if (lab.tenants !== shipped) await lab.applyTenants(shipped);
  });

  /** As a user runs it; not in this process, which is the lab's. */
  const atalaya = (...args: readonly string[]): Promise<Ended> =>
    new Promise((resolve) => {
      const child = spawn(
        process.execPath,
        [join(ROOT, "scripts", "atalaya.mjs"), ...args, "--outputs", lab.outputsFile],
        { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] },
      );
      const texts = { stdout: "", stderr: "" };
      for (const name of ["stdout", "stderr"] as const)
        child[name].setEncoding("utf8").on("data", (text: string) => (texts[name] += text));
      child.once("close", (status) => {
        resolve({ status, ...texts });
      });
    });

  describe("token", () => {
    it("prints a token that the edge takes, and nothing else", async () => {
      const { status, stdout, stderr } = await atalaya("token", "mx");
      expect([status, stderr]).toEqual([0, ""]);
      expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
      const logs = ROUTES.find(({ id }) => id === "otlp-http-logs");
      if (logs === undefined) throw new Error("no route");
      const mark = `commands_${Date.now()}`;
      const answer = await new EdgeClient(lab).write(logs, mark, {
        authorization: `Bearer ${stdout.trim()}`,
      });
      expect([answer.status, lab.stored({ contains: mark }).map(({ tenant }) => tenant)]).toEqual([
        200,
        ["tenant-mx"],
      ]);
    });

    it("prints another client's as JSON, or as a header", async () => {
      const { stdout } = await atalaya("token", "mx", "--client", "agent-mx-plant", "--json");
      const { token, expires, ...rest } = JSON.parse(stdout) as Record<string, string>;
      expect(rest).toEqual({ tenant: "mx", organisation: "tenant-mx", holder: "agent-mx-plant" });
      expect(claimsOf(token ?? "")).toMatchObject({
        azp: "agent-mx-plant",
        exp: Date.parse(expires ?? "") / 1_000,
      });
      expect((await atalaya("token", "pe", "--header")).stdout).toMatch(
        /^Authorization: Bearer ey[\w.-]+\n$/,
      );
    });

    it("says what there is when there is no such tenant or client", async () => {
      expect(await atalaya("token", "mz")).toEqual({
        status: 2,
        stdout: "",
        stderr: "There is no tenant mz in the lab. Did you mean mx? There are the tenants co, mx, pe.\n",
      });
      expect((await atalaya("token", "mx", "--client", "agent-mx-plan")).stderr).toBe(
        "There is no client agent-mx-plan in tenant mx of the lab. Did you mean agent-mx-plant? There are the clients agent-mx, agent-mx-plant, service-mx-checkout.\n",
      );
    });

    it("of a person comes by a code that is typed into a browser", async () => {
      const { password = "" } =
        parseOutputs(readFileSync(lab.outputsFile, "utf8")).tenants["mx"]?.users["mx-viewer"] ?? {};
      let approved: Promise<void> | undefined;
      const token = await deviceLogin(lab.urls.keycloak, {
        show: ({ verificationUri, verificationUriComplete = "", userCode }) => {
          expect(verificationUri).toBe(`${lab.urls.keycloak}/realms/observability/device`);
          expect(userCode).toMatch(/^[A-Z]{4}-[A-Z]{4}$/);
          approved = approve(verificationUriComplete, "mx-viewer", password);
        },
        wait: () => approved ?? Promise.resolve(),
      });
      expect(claimsOf(token)).toMatchObject({ azp: "atalaya-cli", groups: ["/tenants/mx/viewer"] });
    });
  });

  describe("health", () => {
    it("is all well", async () => {
      const { status, stdout, stderr } = await atalaya("health");
      expect([status, stderr]).toEqual([0, ""]);
      const lines = stdout.trimEnd().split("\n");
      expect(lines.at(-1)).toBe("The lab is well.");
      expect(
        lines.filter((line) => line.includes(" ✓ ")).map((line) => line.split(" ✓ ")[0]?.trim()),
      ).toEqual([
        ...[
          "Envoy, certificate",
          "Envoy, OTLP over HTTP",
          "Envoy, OTLP over gRPC",
          "Keycloak, realm",
          "Keycloak, keys",
          "Keycloak, a token",
        ],
        ...["Collector, by a token", "Auth service", "Redis", "Mimir", "Loki", "Tempo"],
      ]);
      expect(stdout).toMatch(/^Grafana +- +not in the lab$/m);
    });

    it("says what is wrong without the auth service, and that what it does not decide is well", async () => {
      await lab.processes.auth.stop();
      try {
        const { status, stdout } = await atalaya("health", "--json");
        const { good, components } = JSON.parse(stdout) as {
          good: boolean;
          components: readonly { component: string; state: string; seen: string; remedy?: string }[];
        };
        expect([status, good]).toEqual([1, false]);
        const bad = components.filter(({ state }) => state === "bad");
        expect(bad.map(({ component }) => component)).toEqual([
          "Auth service",
          "Redis",
          "Mimir",
          "Loki",
          "Tempo",
        ]);
        expect(bad[0]?.seen).toBe(
          "answers 503 authorization_unavailable to an unknown key, not 401 key_invalid",
        );
        expect(bad[0]?.remedy).toBe("Does the process auth run? Look at its log.");
        expect(bad[1]).toMatchObject({
          seen: "not reached: 503 authorization_unavailable",
          remedy: "Mend the auth service first.",
        });
      } finally {
        await lab.processes.auth.start();
      }
    });

    it("says that Redis does not answer, and that what does not need it is well", async () => {
      await lab.processes.redis.stop();
      try {
        const { status, stdout } = await atalaya("health");
        expect(status).toBe(1);
        expect(stdout).toMatch(
          /^Redis +✗ +\d+ ms {2}answers 503 store_unavailable\n +Does the process redis run\?/m,
        );
        expect(stdout).toMatch(/^1 of 13 not well in the lab: Redis\.\n$/m);
      } finally {
        await lab.processes.redis.start();
      }
      await expect.poll(async () => (await atalaya("health")).status, { timeout: 20_000 }).toBe(0);
    }, 60_000);

    it("does not blame the collector where Keycloak gives no token", async () => {
      lab.processes.keycloak.pause();
      try {
        const { status, stdout } = await atalaya("health");
        expect(status).toBe(1);
        expect(stdout).toMatch(
          /^Keycloak, a token +✗ .* did not answer in time\.\n +Do keycloak and postgres run\?/m,
        );
        expect(stdout).toMatch(
          /^Collector, by a token +✗ .*not reached: there is no token to ask with\n +Mend Keycloak's tokens first\.$/m,
        );
      } finally {
        lab.processes.keycloak.resume();
      }
    });

    it("blames nothing behind an Envoy that does not answer", async () => {
      lab.processes.envoy.pause();
      try {
        const { stdout } = await atalaya("health", "--json");
        const { components } = JSON.parse(stdout) as {
          components: readonly { component: string; remedy?: string }[];
        };
        const behind = components.filter(({ remedy }) => remedy === "Mend Envoy first.");
        expect(behind.map(({ component }) => component)).toEqual([
          ...["Collector, by a token", "Auth service", "Redis", "Mimir", "Loki", "Tempo"],
        ]);
      } finally {
        lab.processes.envoy.resume();
      }
    });

    it("asks another agent where the first is suspended", async () => {
      const [first] = shipped;
      if (first === undefined) throw new Error("no tenant");
      const agents = first.agents.map((agent) => ({ ...agent, state: "suspended" as const }));
      await lab.applyTenants([{ ...first, agents }, ...shipped.slice(1)]);
      const { status, stdout } = await atalaya("health");
      expect(stdout).toMatch(/^Keycloak, a token +✓ +\d+ ms {2}issues one to agent-/m);
      expect(stdout).not.toContain(`issues one to agent-${first.id}\n`);
      expect(status).toBe(0);
    }, 60_000);

    it("says which backend does not answer", async () => {
      lab.backends.tempo.answer = () => "hang";
      const { status, stdout } = await atalaya("health");
      expect(status).toBe(1);
      expect(stdout).toMatch(/^Tempo +✗ +\d+ ms {2}no answer within 5 s\n +Does the process tempo run\?/m);
      expect(stdout).toMatch(/^1 of 13 not well in the lab: Tempo\.\n$/m);
    });
  });

  describe("check-tenants", () => {
    it("prints the matrix of tenants that are apart", async () => {
      const { status, stdout, stderr } = await atalaya("check-tenants");
      expect([status, stderr]).toEqual([0, expect.stringMatching(/^$|\.\.\.\n$/)]);
      expect(
        stdout
          .split("\n")
          .slice(0, 4)
          .map((line) => line.trim().split(/ {2,}/)),
      ).toEqual([
        ["tries \\ whose", "co", "mx", "pe"],
        ["co", "own ✓", "✓", "✓"],
        ["mx", "✓", "own ✓", "✓"],
        ["pe", "✓", "✓", "own ✓"],
      ]);
      expect(stdout).toMatch(
        /\nThe lab: 3 tenants write and read their own data, and in 6 pairs nobody reached another's\.\n$/,
      );
    });

    it("tries every signal and transport", async () => {
      lab.store.clear();
      expect((await atalaya("check-tenants", "--all", "--tenant", "mx")).status).toBe(0);
      const writes = lab.stored({ tenant: "tenant-mx" }).map(({ backend, path }) => `${backend} ${path}`);
      expect([...new Set(writes)].sort()).toEqual([
        "loki /loki/api/v1/push",
        "loki /otlp/v1/logs",
        "mimir /api/v1/push",
        "mimir /otlp/v1/metrics",
        "tempo /v1/traces",
      ]);
    });

    it("shows that a suspended tenant can do nothing", async () => {
      await lab.applyTenants(shipped.map((one) => (one.id === "pe" ? { ...one, state: "suspended" } : one)));
      const { status, stdout } = await atalaya("check-tenants");
      expect(stdout).toMatch(/^pe \(suspended\) +✓ +✓ +✓$/m);
      expect(stdout).toMatch(
        /2 tenants write and read their own data.*1 suspended tenant can do nothing\.\n$/,
      );
      expect(status).toBe(0);
      expect((await atalaya("token", "pe")).stderr).toMatch(/^Tenant pe is suspended: /);
    }, 60_000);

    it("finds a backend that mixes up whose data it reads", async () => {
      lab.backends.loki.answer = (asked) =>
        asked.kind === "read" && asked.tenant === "tenant-pe"
          ? usualAnswer({ ...asked, tenant: "tenant-mx" }, lab.store)
          : undefined;
      const { status, stdout } = await atalaya("check-tenants", "--wait", "3");
      expect(status).toBe(1);
      expect(stdout).toMatch(/^pe .* LEAK /m);
      expect(stdout).toContain(" LEAK  pe reads mx's data with its own credential (otlp-http-logs)\n");
      expect(stdout).toMatch(/The lab: tenants are not apart: /);
    }, 90_000);

    it("finds writes that go to another's data", async () => {
      lab.backends.mimir.answer = (asked) => {
        const mixed = asked.kind === "write" && asked.tenant === "tenant-co" && asked.body.includes("_for_");
        if (mixed) Object.assign(asked, { tenant: "tenant-mx" });
        return undefined;
      };
      const { status, stdout } = await atalaya("check-tenants", "--wait", "3");
      expect(status).toBe(1);
      expect(stdout).toContain(
        " LEAK  co writes with mx's X-Scope-OrgID, and mx finds it (otlp-http-metrics)\n",
      );
    }, 90_000);

    it("finds an edge that believes a header", async () => {
      const edge = new EdgeClient(lab);
      const credulous: World["edge"] = {
        write: edge.write.bind(edge),
        ask: (listener, path, asked) => {
          const believes = asked?.headers?.["x-scope-orgid"]?.toString().startsWith("tenant-co|") === true;
          return edge.ask(listener, path, believes ? { ...asked, headers: lab.grafana("co") } : asked);
        },
      };
      const tenants = Object.entries(parseOutputs(readFileSync(lab.outputsFile, "utf8")).tenants).map(
        ([id, own]) => ({ id, ...own, clients: Object.values(own.clients) }),
      );
      const { pairs } = planPairs(["co", "mx"]);
      const world = { edge: credulous, token: ({ clientId }: { clientId: string }) => lab.token(clientId) };
      const all = await probe(world, { tenants, pairs, kinds: kinds(false), waitMs: 3_000 });
      const leaks = matrixOf(tenants, all).findings.filter(({ verdict }) => verdict === "leak");
      expect(leaks.map(({ who, words, by }) => `${who} ${words}: ${by}`)).toEqual(
        ["traces", "metrics", "logs"].map(
          (signal) => `mx reads co's data by asking with X-Scope-OrgID: otlp-http-${signal}, theirs|own`,
        ),
      );
    });

    it("says which tenant cannot write, and proves nothing by silence", async () => {
      await lab.backends.tempo.stop();
      try {
        const { status, stdout } = await atalaya("check-tenants");
        expect(status).toBe(1);
        expect(stdout).toContain("✗ co, mx, pe cannot write its own data (otlp-http-traces): 503");
        expect(stdout).toContain("The lab: no leak was seen, and not all is as it must be: see above.");
      } finally {
        await lab.backends.tempo.start();
      }
    }, 60_000);
  });
});

/** What a person does: opens the page, logs in, says yes. */
async function approve(page: string, username: string, password: string): Promise<void> {
  const cookies = new Map<string, string>();
  const open = async (url: string, form?: Readonly<Record<string, string>>): Promise<[string, string]> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const body = form === undefined ? {} : { method: "POST", body: new URLSearchParams(form) };
    const response = await fetch(url, { redirect: "manual", headers: { cookie }, ...body });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    const location = response.headers.get("location");
    return location === null ? [url, await response.text()] : open(new URL(location, url).toString());
  };
  const submit = ([url, html]: readonly [string, string], form: Readonly<Record<string, string>>) => {
    const action = /<form[^>]* action="([^"]+)"/.exec(html)?.[1]?.replaceAll("&amp;", "&") ?? "";
    return open(new URL(action, url).toString(), form);
  };
  const asked = await submit(await open(page), { username, password, credentialId: "" });
  const code = /name="code" value="([^"]+)"/.exec(asked[1])?.[1];
  await submit(asked, { ...(code !== undefined && { code }), accept: "Yes" });
}
