import { beforeAll, describe, expect, it } from "vitest";
import { RULES } from "../../../policies/rules";
import { formatChangesMarkdown } from "../../../src/preview/changes-markdown";
import { formatChangesText } from "../../../src/preview/changes-text";
import { compare } from "../../../src/preview/changes/compare";
import type { Changes } from "../../../src/preview/changes/types";
import type { Story } from "../../../src/preview/changes/words/story";
import { BASE, FOR_GOOD, planned, SAMPLE, storyOf } from "./plans";

let changes: Changes;
let story: Story;
beforeAll(async () => {
  const [before, after] = [await planned(BASE), await planned(SAMPLE)];
  changes = compare(before, after);
  story = storyOf(before, after);
}, 60_000);

const lines = (text: string): readonly string[] => text.trimEnd().split("\n");

describe("a sample pull request", () => {
  it("is told at a terminal", () => {
    const text = formatChangesText(story, { color: false, whole: false });
    expect(lines(text)).toEqual(TEXT);
  });

  it("is told in a comment", () => {
    expect(lines(formatChangesMarkdown(story))).toEqual(MARKDOWN);
  });

  it("is plain data for a program, in the model's units", () => {
    const [cl, mx, pe] = [
      { id: "cl", name: "Chile" },
      { id: "mx", name: "México" },
      { id: "pe", name: "Perú" },
    ];
    const access = { signal: "logs", logClass: "access", from: 15_552_000, to: 10_368_000 };
    expect(changes).toMatchObject({
      ...{ environment: "dev", empty: false, refusals: [], settings: [] },
      addresses: {
        otlpHttp: "https://localhost:4318",
        otlpGrpc: "localhost:4317",
        grafana: "http://localhost:3000",
      },
      counts: { tenantsBefore: 3, tenantsAfter: 4 },
      risks: [{ kind: "retention", tenant: mx, declared: "still", ...access }],
      tenants: [
        {
          ...cl,
          changes: [
            { kind: "added", tenant: { ...cl, orgId: "tenant-cl", plan: "default", state: "active" } },
          ],
        },
        {
          ...{ id: "co", name: "Colombia" },
          changes: [{ kind: "limit", group: "logs", field: "ingest", from: 8_388_608, to: 4_194_304 }],
        },
        { ...mx, changes: [{ kind: "retention", ...access }] },
        { ...pe, changes: [{ kind: "suspended", agents: ["agent-pe"] }] },
      ],
      processes: [
        { process: "agent-cl", tenant: cl, effect: "starts" },
        // The room of its queues follows its limits.
        { process: "agent-co", tenant: { id: "co", name: "Colombia" }, effect: "restarts" },
        { process: "agent-pe", tenant: pe, effect: "stops" },
      ],
      policies: { violated: [], passed: RULES.length },
    });
  });

  it("is no wider than the terminal", () => {
    for (const columns of [80, 120]) {
      const text = formatChangesText(story, { color: false, whole: false, columns });
      expect(Math.max(...lines(text).map(({ length }) => length))).toBeLessThanOrEqual(columns);
      expect(text.replaceAll(/\s+/g, " ")).toBe(TEXT.join(" ").replaceAll(/\s+/g, " "));
    }
  });

  it("is coloured only where it is asked for", () => {
    const text = (color: boolean): string => formatChangesText(story, { color, whole: false });
    expect(text(false)).not.toContain("\u001b");
    expect(text(true)).toContain("\u001b");
  });
});

/** What the new tenant's people do next. */
const BEGINS =
  "After the update Chile (cl) sends to https://localhost:4318 (OTLP over HTTP) or localhost:4317 (OTLP over gRPC), " +
  "reads at http://localhost:3000 and finds its credentials in: pulumi stack output tenants --show-secrets";

const TEXT: readonly string[] = [
  "dev compared with the plan before",
  "  1 change puts data at risk, named first.",
  "  4 tenants instead of 3: 1 new, 1 suspended, 2 changed.",
  "  Nothing shared restarts.",
  `  All ${RULES.length} policies pass.`,
  "",
  "Data at risk",
  "  México (mx): logs of class access are kept 120d instead of 180d: this deletes data older than 120d.",
  `  ${FOR_GOOD}`,
  "",
  "Tenants",
  "  Chile (cl) is new: plan default, 1 agent (agent-cl), keeps metrics 90d, logs 30d (access 90d, system 7d), traces 14d.",
  "    - may send 100/s requests, 10000/s samples, 150000 series, 4MiB/s logs and 5MiB/s traces",
  "    - people's groups /tenants/cl/{admin,editor,viewer}, a Grafana organisation of its own",
  "  Perú (pe) is suspended: every credential is refused at once, its agents stop, its people read nothing. Nothing is deleted by it, and what is stored ages out as before.",
  "  Colombia (co): limits.logs.ingest 8MiB/s -> 4MiB/s (-50%): more is answered 429, and agents send it later.",
  "  México (mx): retention.logs.access 180d -> 120d (-33%): data older than 120d is deleted.",
  `  ${BEGINS}`,
  "",
  "Processes",
  "  agent-cl of Chile (cl) starts.",
  "  agent-co of Colombia (co) restarts (alloy/agents/agent-co.alloy is different).",
  "    - What it has queued stays on disk.",
  "  agent-pe of Perú (pe) stops.",
  "    - What it has queued stays on disk.",
  "",
  "Warnings that are new or gone",
  "  tenants.yaml:1:117: tenants together have limits.edge.requests of 600/s, 120% of this environment's capacity 500/s (largest: co 200/s, mx 200/s, cl 100/s). Lower limits, or raise atalaya:capacity.requests in Pulumi.dev.yaml together with what carries it.",
  "",
  "Resources",
  "  3 deleted, 10 replaced, 2 updated and 27 created.",
  "  Replaced and harmless: agent-co-files, auth-files, auth-secrets, envoy-files, loki-files, mimir-files and tempo-files. They bring files to running processes and end; nothing restarts by it.",
  "  Replaced with what they serve: 1 helper container.",
  "  Replaced: process container agent-co-container (labels)",
  "  Replaced: process container agent-pe-container (labels and volumes)",
  "  Deleted: file writer agent-pe-secrets, helper container agent-pe-ready and volume of files agent-pe-secrets.",
  "  Updated: Client agent-pe-client and SsoSettings single-sign-on-settings.",
  "  Created: 1 AudienceProtocolMapper, 1 Client, 1 ClientDefaultScopes, 6 DataSource, 4 Group, 1 HardcodedClaimProtocolMapper, 1 Network, 1 Organization, 2 RandomPassword, 1 RandomUuid, 1 data volume, 2 file writer, 2 helper container, 1 process container, 2 volume of files.",
  "",
  "Files",
  "  alloy/agents/agent-cl.alloy: added; agent-cl starts",
  "  alloy/agents/agent-co.alloy: changed; agent-co restarts",
  "  auth/live/tenants.json: changed; the auth service reloads it while it runs",
  "  envoy/live/bindings.yaml: changed; Envoy reloads it while it runs",
  "  envoy/live/tenant-limits.yaml: changed; Envoy reloads it while it runs",
  "  loki/live/overrides.yaml: changed; Loki reloads it while it runs",
  "  mimir/live/overrides.yaml: changed; Mimir reloads it while it runs",
  "  tempo/live/overrides.yaml: changed; Tempo reloads it while it runs",
  "",
  "Outputs",
  "  tenants.cl: new",
  "  tenants.pe.state: active -> suspended",
];

const MARKDOWN: readonly string[] = [
  "## Atalaya: dev compared with the plan before",
  "",
  "- 🔴 1 change puts data at risk, named first.",
  "- 4 tenants instead of 3: 1 new, 1 suspended, 2 changed.",
  "- 🟢 Nothing shared restarts.",
  `- 🟢 All ${RULES.length} policies pass.`,
  "",
  "### Data at risk",
  "",
  "> [!CAUTION]",
  "> - México (mx): logs of class access are kept 120d instead of 180d: this deletes data older than 120d.",
  `> - ${FOR_GOOD}`,
  "",
  "### Tenants",
  "",
  "- Chile (cl) is new: plan default, 1 agent (agent-cl), keeps metrics 90d, logs 30d (access 90d, system 7d), traces 14d.",
  "  - may send 100/s requests, 10000/s samples, 150000 series, 4MiB/s logs and 5MiB/s traces",
  "  - people's groups /tenants/cl/{admin,editor,viewer}, a Grafana organisation of its own",
  "- Perú (pe) is suspended: every credential is refused at once, its agents stop, its people read nothing. Nothing is deleted by it, and what is stored ages out as before.",
  "- Colombia (co): limits.logs.ingest 8MiB/s -> 4MiB/s (-50%): more is answered 429, and agents send it later.",
  "- México (mx): retention.logs.access 180d -> 120d (-33%): data older than 120d is deleted.",
  `- ${BEGINS}`,
  "",
  "### Processes",
  "",
  "- agent-cl of Chile (cl) starts.",
  "- agent-co of Colombia (co) restarts (alloy/agents/agent-co.alloy is different).",
  "  - What it has queued stays on disk.",
  "- agent-pe of Perú (pe) stops.",
  "  - What it has queued stays on disk.",
  "",
  "### Warnings that are new or gone",
  "",
  "- tenants.yaml:1:117: tenants together have limits.edge.requests of 600/s, 120% of this environment's capacity 500/s (largest: co 200/s, mx 200/s, cl 100/s). Lower limits, or raise atalaya:capacity.requests in Pulumi.dev.yaml together with what carries it.",
  "",
  "<details><summary>Resources (42)</summary>",
  "",
  "- 3 deleted, 10 replaced, 2 updated and 27 created.",
  "- Replaced and harmless: agent-co-files, auth-files, auth-secrets, envoy-files, loki-files, mimir-files and tempo-files. They bring files to running processes and end; nothing restarts by it.",
  "- Replaced with what they serve: 1 helper container.",
  "- Replaced: process container agent-co-container (labels)",
  "- Replaced: process container agent-pe-container (labels and volumes)",
  "- Deleted: file writer agent-pe-secrets, helper container agent-pe-ready and volume of files agent-pe-secrets.",
  "- Updated: Client agent-pe-client and SsoSettings single-sign-on-settings.",
  "- Created: 1 AudienceProtocolMapper, 1 Client, 1 ClientDefaultScopes, 6 DataSource, 4 Group, 1 HardcodedClaimProtocolMapper, 1 Network, 1 Organization, 2 RandomPassword, 1 RandomUuid, 1 data volume, 2 file writer, 2 helper container, 1 process container, 2 volume of files.",
  "",
  "</details>",
  "",
  "<details><summary>Files (8)</summary>",
  "",
  "- alloy/agents/agent-cl.alloy: added; agent-cl starts",
  "- alloy/agents/agent-co.alloy: changed; agent-co restarts",
  "- auth/live/tenants.json: changed; the auth service reloads it while it runs",
  "- envoy/live/bindings.yaml: changed; Envoy reloads it while it runs",
  "- envoy/live/tenant-limits.yaml: changed; Envoy reloads it while it runs",
  "- loki/live/overrides.yaml: changed; Loki reloads it while it runs",
  "- mimir/live/overrides.yaml: changed; Mimir reloads it while it runs",
  "- tempo/live/overrides.yaml: changed; Tempo reloads it while it runs",
  "",
  "</details>",
  "",
  "<details><summary>Outputs (2)</summary>",
  "",
  "- tenants.cl: new",
  "- tenants.pe.state: active -> suspended",
  "",
  "</details>",
];
