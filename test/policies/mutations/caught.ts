import { evaluate } from "../../../policies/rules";
import type { Rule } from "../../../policies/rules/rule";
import type { Recording } from "../../../src/model/recording";
import type { Mutation } from "./mutation";

/** What is wrong with how these rules take a broken environment: it must be claimed by the rule `name`, and by no other. */
export function problemsOf(
  name: string,
  { messages, tenant }: Mutation,
  broken: Recording,
  rules?: readonly Rule[],
): readonly string[] {
  const { violations } = evaluate(broken, rules);
  const own = violations.filter(({ policy }) => policy === name);
  if (own.length === 0) return [`not caught by ${name}`];
  const others = new Set(violations.map(({ policy }) => policy).filter((policy) => policy !== name));
  return [
    ...[...others].map((policy) => `claimed by ${policy} as well`),
    ...messages
      .filter((message, index) => own[index]?.message !== message)
      .map((message) => `does not say "${message}", but "${own.map((one) => one.message).join('", "')}"`),
    ...(tenant === undefined || own[0]?.tenant === tenant
      ? []
      : [`concerns ${own[0]?.tenant ?? "nobody"} instead of ${tenant}`]),
    ...own.flatMap(({ message, remedy }) => (remedy.length > 20 ? [] : [`has no remedy for "${message}"`])),
  ];
}
