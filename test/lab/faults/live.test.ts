import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Lab } from "../../../src/lab/lab";
import { BINDING_HEADER } from "../../../src/model/headers";
import { delivered } from "../../../src/render/envoy/live";
import { FILTERS } from "../../../src/render/envoy/names";
import { toYaml } from "../../../src/render/yaml";
import { waitUntil } from "../../servers";
import { sharedLab } from "../shared";
import { bindings, changeUnderLoad, directory } from "./live-change";
import { abandonLoads, FLAWLESS, Load } from "./load";
import { agents, agentHeaders, read, write } from "./people";

const COUNTERS = ["update_rejected", "update_failure"].map(
  (name) => `envoy_extension_config_discovery_http_filter_atalaya_bindings_${name}`,
);

/** Nobody in it: what a mistake in the renderer could make, and Envoy does not load. */
const EMPTY = {
  "@type": "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC",
  matcher: {
    matcher_tree: {
      input: {
        name: "binding",
        typed_config: {
          "@type": "type.googleapis.com/envoy.type.matcher.v3.HttpRequestHeaderMatchInput",
          header_name: BINDING_HEADER,
        },
      },
      exact_match_map: { map: {} },
    },
  },
};

describe("the live files", () => {
  let lab: Lab;
  let good: ReadonlyMap<string, string>;
  beforeAll(async () => {
    lab = await sharedLab();
    good = new Map([bindings(lab), directory(lab)].map((file) => [file, readFileSync(file, "utf8")]));
  }, 180_000);
  afterEach(() => {
    abandonLoads();
    for (const [file, content] of good) replace(file, content);
  });

  function replace(file: string, content: string): void {
    writeFileSync(`${file}.new`, content);
    renameSync(`${file}.new`, file);
  }
  const refusals = async (): Promise<number> => {
    const counts = await Promise.all(COUNTERS.map((name) => lab.edge.counter(name)));
    return counts.reduce((sum, count) => sum + count, 0);
  };
  const half = (text: string): string => text.slice(0, text.length / 2);

  it("change one tenant while others work: at once, and nobody else notices", async () => {
    await changeUnderLoad(lab, 3);
    // Its files are those of the tenants before; it knows none.
    await lab.processes.collector.stop();
    await lab.processes.collector.start();
  }, 150_000);

  it.each([
    ["half of it", half],
    ["nothing", () => ""],
    ["no list at all", () => "resources: []\n"],
    ["an empty list", () => toYaml(delivered(FILTERS.bindings, EMPTY))],
    ["another file's content", () => readFileSync(directory(lab), "utf8")],
  ])(
    "of Envoy's that hold %s are refused and counted, and the last good list stays",
    async (what, broken) => {
      const [mx, load] = [await agentHeaders(lab, "agent-mx")(), new Load(lab, agents(lab))];
      const before = await refusals();
      replace(bindings(lab), broken(good.get(bindings(lab)) ?? ""));
      if (what !== "no list at all")
        await waitUntil("Envoy to refuse it", async () => (await refusals()) > before, { timeoutMs: 5_000 });
      expect((await write(lab, "otlp-http-logs", mx)).stored).toEqual(["tenant-mx"]);
      expect(await load.stop()).toMatchObject(FLAWLESS);
    },
  );

  it.each([
    ["half of it", half],
    ["nothing", () => ""],
    ["something else", () => '{"tenants":"all"}'],
  ])(
    "of the auth service that hold %s are refused and said, and the last good list stays",
    async (_what, broken) => {
      const said = (): number =>
        readFileSync(lab.processes.auth.log, "utf8").split("is refused, the last good").length;
      const before = said();
      replace(directory(lab), broken(good.get(directory(lab)) ?? ""));
      await waitUntil("the auth service to refuse it", () => said() > before, { timeoutMs: 5_000 });
      expect((await read(lab)).status).toBe(200);
      expect((await read(lab, { ...lab.grafana("mx"), "x-scope-orgid": "tenant-pe" })).status).toBe(403);
    },
  );
});
