import { PolicyPack, type StackValidationPolicy } from "@pulumi/policy";
import { recordingOf, type EngineResource } from "./engine";
import { findings, RULES } from "./rules";
import { prepare, type Context } from "./rules/context";
import type { Rule } from "./rules/rule";

/** Every rule is asked about the same resources: they are read once. */
let last: { readonly text: string; readonly context: Context } | undefined;

function contextOf(resources: readonly EngineResource[]): Context {
  const recording = recordingOf(resources);
  const text = JSON.stringify(recording);
  if (last?.text !== text) last = { text, context: prepare(recording) };
  return last.context;
}

const policy = (rule: Rule): StackValidationPolicy => ({
  name: rule.name,
  description: rule.description,
  enforcementLevel: "mandatory",
  validateStack: ({ resources }, report) => {
    for (const { urn, message, remedy } of findings(rule, contextOf(resources)))
      report(`${message} ${remedy}`, urn);
  },
});

new PolicyPack("atalaya", { enforcementLevel: "mandatory", policies: RULES.map(policy) });
