import * as pulumi from "@pulumi/pulumi";
import { evaluate } from "../../../policies/rules";
import { parseTenantList, tenantsOf } from "../../../src/config";
import type { RenderedFile } from "../../../src/model/files";
import type { Recording } from "../../../src/model/recording";
import { compare } from "../../../src/preview/changes/compare";
import { tell } from "../../../src/preview/changes/words/tell";
import { evidenceOf, type Evidence } from "../../../src/preview/isolation/evidence";
import { configSecretMarker } from "../../../src/preview/markers";
import { formatPage } from "../../../src/preview/page/page";
import type { PageInput } from "../../../src/preview/page/types";
import { makePlan, suspensionWarning, type Plan } from "../../../src/preview/plan";
import { record } from "../../../src/preview/recorder";
import { defineEnvironment } from "../../../src/stack/program";
import { renderStack } from "../../../src/stack/render";
import { environmentOf } from "../../components/environment";
import { BASE, SAMPLE, type Entry } from "../changes/plans";

export interface Drawn {
  readonly plan: Plan;
  readonly files: readonly RenderedFile[];
  readonly evidence: Evidence;
  readonly recording: Recording;
}

const LARGE = {
  limits: { logs: { ingest: "8MiB/s", burst: "12MiB" }, edge: { requests: "200/s", burst: 2000 } },
};

/** All that a page is made of, as the command makes it. */
export async function drawn(entries: readonly Entry[]): Promise<Drawn> {
  const environment = environmentOf();
  const list = parseTenantList(JSON.stringify({ plans: { large: LARGE }, tenants: entries }), "tenants.yaml");
  const { tenants } = tenantsOf(list, environment);
  const stack = renderStack(environment, tenants);
  const recording = await record(
    () =>
      defineEnvironment({
        ...stack,
        authImage: { context: ".cache/auth-image", tag: "0123456789ab" },
        secret: (key) => pulumi.secret(configSecretMarker(key)),
      }),
    { project: "atalaya", stack: "dev", config: new Map() },
  );
  const plan = makePlan({
    ...{ environment, tenants, recording, files: stack.files, policies: evaluate(recording) },
    warnings: tenants.filter(({ state }) => state === "suspended").map(({ id }) => suspensionWarning(id)),
  });
  return { plan, files: stack.files, evidence: evidenceOf(recording), recording };
}

/** `contents`: false is a saved plan's baseline, which has none. */
export const comparison = (
  before: Drawn,
  after: Drawn,
  contents = true,
): NonNullable<PageInput["comparison"]> => {
  const changes = compare(before.plan, after.plan);
  const label = "git ref main (0123456)";
  return { changes, label, story: tell(changes, label), ...(contents && { before: before.files }) };
};

let sample: Promise<{ readonly before: Drawn; readonly after: Drawn }> | undefined;

/** The sample change, made once a file. */
export const samples = () =>
  (sample ??= Promise.all([drawn(BASE), drawn(SAMPLE)]).then(([before, after]) => ({ before, after })));

export async function samplePage(contents = true): Promise<string> {
  const { before, after } = await samples();
  return formatPage({ ...after, comparison: comparison(before, after, contents) });
}

export const many = (number: number): readonly Entry[] =>
  Array.from({ length: number }, (_, index) => ({
    id: `t${String(index).padStart(4, "0")}`,
    name: `Tenant número ${index}`,
    ...(index % 37 === 5 && { state: "suspended" }),
  }));
