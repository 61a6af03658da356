import { join } from "node:path";
import { PolicyPack, type ResourceValidationPolicy, type StackValidationPolicy } from "@pulumi/policy";
import type { ResourceRecord } from "../src/model/recording";
import { plainCopy, recordingOf, type EngineResource } from "./engine";
import { findings, RULES } from "./rules";
import { prepare, type Context } from "./rules/context";
import type { Rule } from "./rules/rule";
import { loadSettings } from "./rules/settings";

/** Those that `atalaya preview` reads: one file for both. A bad one ends the pack, and with it the update. */
const settings = loadSettings(join(__dirname, "settings.json"));

/** What resources were given, by URN: known earlier, and more often, than what became of them. */
const given = new Map<string, ResourceRecord["inputs"]>();

const remember: ResourceValidationPolicy = {
  name: "inputs-are-read",
  description: "Takes note of what each resource is given; the other policies judge it once all are there.",
  enforcementLevel: "mandatory",
  validateResource: ({ urn, props }) => {
    given.set(urn, plainCopy(props));
  },
};

/** Every rule is asked about the same resources: they are read once. */
let last: { readonly text: string; readonly context: Context } | undefined;

function contextOf(resources: readonly EngineResource[]): Context {
  const recording = recordingOf(resources, given);
  const text = JSON.stringify(recording);
  if (last?.text !== text) last = { text, context: prepare(recording, settings) };
  return last.context;
}

const policy = (rule: Rule): StackValidationPolicy => ({
  name: rule.name,
  description: rule.description,
  enforcementLevel: "mandatory",
  validateStack: ({ resources }, report) => {
    for (const { urn, tenant, message, remedy } of findings(rule, contextOf(resources)))
      report(`${tenant === undefined ? "" : `tenant ${tenant}: `}${message} ${remedy}`, urn);
  },
});

new PolicyPack("atalaya", { enforcementLevel: "mandatory", policies: [remember, ...RULES.map(policy)] });
