import { CREDENTIAL_HEADERS } from "../../src/model/headers";
import { CREDENTIALS } from "./demands";
import { eachManager, leadsInside } from "./edge";
import { pb, pbAt, typeName } from "./envoy";
import type { Rule } from "./rule";
import { fields, leaves, list, text, type Fields } from "./values";

const REMEDY =
  "Mend it in src/render/envoy/access-log.ts: each listener has one log of every request, without a filter and without credentials.";
/** Where a log may go; what else there is could drop lines, or send them elsewhere. */
const LOGS: readonly string[] = ["StdoutAccessLog", "StderrAccessLog", "FileAccessLog"];
/** What a record must say: whose it was, which request, and why it was answered as it was. */
const TOLD: readonly string[] = [
  "%REQ(x-scope-orgid)%",
  "%REQ(x-request-id)%",
  "%RESPONSE_CODE%",
  "%RESPONSE_CODE_DETAILS%",
];
const SECRET = [...new Set([...CREDENTIALS, ...CREDENTIAL_HEADERS])];

export const everyRequestIsOnRecord: Rule = {
  name: "every-request-is-on-record",
  description:
    "Every listener that leads somewhere logs every request, denied ones above all, with its tenant and its reason, and no log shows a credential.",
  check: (context) =>
    eachManager(context, REMEDY, (manager) => {
      const logs = list(pb(manager.config, "access_log"));
      return [
        ...(leadsInside(context, manager) ? silence(logs) : []),
        ...logs.flatMap(shown).map((operator) => `logs ${operator}, which may hold a credential`),
      ];
    }),
};

/** One complete log is enough; more of them may be for less. */
function silence(logs: readonly unknown[]): readonly string[] {
  const whole = logs.filter(
    (log) => LOGS.includes(typeName(pb(log, "typed_config"))) && pb(log, "filter") === undefined,
  );
  if (whole.length === 0) return ["does not log every request (access_log)"];
  const lacks = whole.map((log) => {
    const said = operators(log);
    return TOLD.filter((operator) => !said.includes(operator));
  });
  const [first = []] = lacks.sort((a, b) => a.length - b.length);
  return first.map((operator) => `does not log ${operator}`);
}

/** Commands of a log's format, `%REQ(x-request-id)%`; header names in lower case. */
const operators = (log: unknown): readonly string[] =>
  [...leaves(formatOf(log))].flatMap(({ value }) =>
    [...(text(value) ?? "").matchAll(/%([A-Z_]+)(?:\(([^)]*)\))?(?::\d+)?%/g)].map(
      ([, name = "", argument]) => `%${name}${argument === undefined ? "" : `(${argument.toLowerCase()})`}%`,
    ),
  );

const formatOf = (log: unknown): Fields => fields(pbAt(log, "typed_config", "log_format"));

/** A path with its query may have a token in it. */
const shown = (log: unknown): readonly string[] =>
  operators(log).filter((operator) => {
    const [, command = "", argument = ""] = /^%([A-Z_]+)\((.*)\)%$/.exec(operator) ?? [];
    if (command === "PATH") return !argument.startsWith("nq");
    if (!command.startsWith("REQ")) return false;
    const headers = argument.split("?");
    return headers.some((header) => SECRET.includes(header) || header === ":path" || header === "cookie");
  });
