import { traceId } from "../../../src/client/telemetry";
import type { Received } from "../../../src/lab/backends/received";
import type { Lab } from "../../../src/lab/lab";
import { TENANT_HEADER } from "../../../src/model/headers";
import type { Tenant } from "../../../src/model/tenant";
import { rate } from "../../../src/model/units";
import { isOurs } from "../isolation/ledger";
import type { Header, Incoming, Outgoing } from "../isolation/wire";
import { request } from "../isolation/world";
import { judge } from "./judge";
import { sendAll } from "./senders";
import { itemOf, MARK, newMark, run, signalOf, verbOf, type Try, type Wanted } from "./try";

/** In the header, as it is sent. */
function named({ who, whose, named: how }: Wanted): readonly Header[] {
  switch (how) {
    case "nobody":
      return [];
    case "the other":
      return [[TENANT_HEADER, whose.organisation]];
    case "both":
      return [[TENANT_HEADER, `${who.organisation}|${whose.organisation}`]];
    default:
      return how satisfies never;
  }
}

function credentialOf({ who, credential }: Wanted): Header {
  const found = who.credentials[credential];
  if (found === undefined) throw new Error(`${who.id} has no ${credential}`);
  return found;
}

/** A write of a new item, or a read that looks for the other's by every way a query can have. */
function outgoing(one: Try): Omit<Outgoing, "source"> {
  const { route, listener, whose, mark } = one;
  const made = request(route, listener, mark, [credentialOf(one), ...named(one)]);
  if (verbOf(route) === "writes") return made;
  const item = itemOf(whose, signalOf(route));
  const path = route.path.replace("{id}", traceId(item)).replace("{name}", "service_name");
  return { ...made, path: `${path}?query=${mark}%20${item}` };
}

/** So many tries as these, and what of them was not as the table says: one line each. */
export interface Tried {
  readonly tries: number;
  /** Those that reached a backend. */
  readonly arrived: number;
  readonly problems: readonly string[];
}

/** What was ever sent: the items that everybody looks for are there still, and so is what was tried before. */
const sent = new Set<string>();

/** Tries all of it at once and holds it against the table; whatever arrives and was not sent is a problem as well. */
export async function tryAll(lab: Lab, wanted: readonly Wanted[]): Promise<Tried> {
  const tries = wanted.map((one): Try => ({ ...one, mark: newMark() }));
  for (const { mark } of tries) sent.add(mark);
  const answers = new Map<string, Incoming>();
  await sendAll(lab, tries, outgoing, ({ mark }, answer) => answers.set(mark, answer));
  const { arrivals, strays } = arrived(lab);
  const unknown = [...arrivals.keys()].filter((mark) => !sent.has(mark));
  const problems = tries.flatMap((one) => {
    const answer = answers.get(one.mark) ?? { status: 0, headers: {}, body: "", error: "not sent" };
    return judge(one, answer, arrivals.get(one.mark) ?? []).map((problem) => `${inWords(one)}: ${problem}`);
  });
  for (const stream of lab.backends.loki.streams) stream.destroy();
  return {
    tries: tries.length,
    arrived: tries.reduce((sum, { mark }) => sum + (arrivals.get(mark)?.length ?? 0), 0),
    problems: [
      ...strays,
      ...unknown.map((mark) => `${mark} arrived and was not sent`),
      ...problems.filter(isLeak),
      ...problems.filter((problem) => !isLeak(problem)),
    ],
  };
}

/** What is told first: somebody got or left something where it is not his. */
const isLeak = (problem: string): boolean => /: (finds the other's|arrived for \[[^\]])/.test(problem);

function arrived(lab: Lab) {
  const arrivals = new Map<string, Received[]>();
  const strays: string[] = [];
  for (const received of lab.store.received()) {
    const text = `${received.path} ${received.query} ${received.body.toString("latin1")}`;
    const marks = new Set(text.match(MARK));
    for (const mark of marks) arrivals.set(mark, [...(arrivals.get(mark) ?? []), received]);
    if (marks.size === 0 && !isOurs(received) && !text.includes(`item_${run}_`))
      strays.push(`a stray: ${received.backend} ${received.method} ${received.path}`);
  }
  return { arrivals, strays };
}

const inWords = ({ who, whose, route, listener, credential, named: how }: Try): string =>
  `${who.id} with data of ${whose.id}, ${credential}, naming ${how}, ${listener} ${route.id}`;

/** As the tenants they are, whom no limit of the edge meets: limits are not what is tried here. */
export const roomy = (tenants: readonly Tenant[]): readonly Tenant[] =>
  tenants.map((one) => ({ ...one, limits: { ...one.limits, edge: ROOM } }));
const ROOM = { requests: rate("100000/s"), burst: 100_000 };
