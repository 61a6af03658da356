import { traceId } from "../../../src/client/telemetry";
import type { Received } from "../../../src/lab/backends/received";
import type { Incoming } from "../isolation/wire";
import { ruleFor, type Answer } from "./table";
import { itemOf, signalOf, verbOf, type Try } from "./try";

/** What is not as the table says about one try; nothing when all of it is. */
export function judge(one: Try, answer: Incoming, arrivals: readonly Received[]): readonly string[] {
  const { who, whose, route, credential, named } = one;
  const rule = ruleFor(credential, verbOf(route), named);
  const expected = who.id === whose.id ? rule.own : rule.foreign;
  const right = expected === "as himself" ? [who.organisation] : [];
  const tenants = arrivals.map(({ tenant }) => tenant ?? "nobody");
  const said = one.listener === "otlpGrpc" ? spokenByGrpc(answer, expected) : spoken(answer);
  return [
    ...(JSON.stringify(tenants) === JSON.stringify(right)
      ? []
      : [`arrived for [${tenants.join(", ")}], not for [${right.join(", ")}]`]),
    ...(said === expected ? [] : [`answered ${said}, not ${expected}`]),
    ...foundProblems(one, answer, expected === "as himself"),
  ];
}

/** The answer in the table's words. A trace that is not there is no refusal. */
function spoken({ status, body, error }: Incoming): string {
  if ((status >= 200 && status < 300) || status === 101 || body === "trace not found\n") return "as himself";
  const [, code = error ?? body.slice(0, 60)] = /"code":"([a-z_]+)"/.exec(body) ?? [];
  return `${status} ${code}`;
}

const PERMISSION_DENIED = 7;

/** gRPC has no code of ours: its status is all there is to see. */
function spokenByGrpc({ grpcStatus, error = "" }: Incoming, expected: Answer): string {
  const wanted = expected === "as himself" ? 0 : PERMISSION_DENIED;
  return grpcStatus === wanted ? expected : `grpc ${String(grpcStatus)} ${error}`;
}

/** Whoever asks for his own item finds it by every read; nobody finds another's. */
function foundProblems(
  { who, whose, route }: Try,
  { status, body }: Incoming,
  accepted: boolean,
): readonly string[] {
  // A tail is only opened.
  if (verbOf(route) === "writes" || status === 101) return [];
  const item = itemOf(whose, signalOf(route));
  const found = body.includes(item) || body.includes(traceId(item));
  if (found === (accepted && who.id === whose.id)) return [];
  return [found ? "finds the other's data" : "does not find its own data"];
}
