import { nameOf, type Fields, type Operation, type StateResource } from "./deployment";
import { ruleOf, type Place } from "./rules";

/** What a server has at a place. */
export interface Found {
  /** As the state would have it. */
  readonly id: string;
  /** It carries the environment's label. True where there are no labels. */
  readonly ours: boolean;
  /** By its server's clock; undefined where it does not say. */
  readonly made?: Date;
  /** It works, so that somebody may need it. */
  readonly inUse?: true;
  /** What others put into it, and would go with it: `members`. */
  readonly holds?: string;
  /** What a server says of it that others refer to. */
  readonly outputs?: Fields;
}

/** What becomes of one operation that was under way. */
export type Decision = {
  readonly operation: Operation;
  /** The end of a sentence that begins with the resource's name. */
  readonly because: string;
} & (
  | { readonly kind: "forget" }
  | { readonly kind: "adopt"; readonly place: Place; readonly found: Found }
  | { readonly kind: "remove"; readonly place: Place; readonly found: Found }
  /** Somebody has to do something first. */
  | { readonly kind: "blocked" }
);

/** What has to be asked of a server before an operation is decided. */
export interface Question {
  readonly kind: "ask";
  readonly operation: Operation;
  readonly place: Place;
  readonly treatment: "adopt" | "remove";
}

const forget = (operation: Operation, because: string): Decision => ({ kind: "forget", operation, because });
const blocked = (operation: Operation, because: string): Decision => ({
  kind: "blocked",
  operation,
  because,
});

/** What becomes of an operation as far as that is known without asking a server. */
export function questionOf(operation: Operation): Decision | Question {
  const { type, resource } = operation;
  if (type === "updating") return forget(operation, "was being changed: the next up does it again");
  if (type === "deleting") return forget(operation, "was being deleted: the next up does it again");
  if (type !== "creating") return forget(operation, `was being handled (${type}): nothing was changed`);
  const rule = ruleOf(resource.type);
  if (rule === undefined)
    return forget(
      operation,
      `was being made, and ${resource.type} is a type that recover does not know: if up says that it exists, remove it by hand`,
    );
  if (rule.treatment === "forget") return forget(operation, "was being made, on no server: up makes it anew");
  if (rule.treatment === "repeat") return forget(operation, "was being made: up makes it again, as it is");
  const place = rule.place(resource.inputs ?? {});
  if (place === undefined)
    return blocked(
      operation,
      `was being made, and the state does not say in plain text what its server calls it. Remove it by hand, then: pulumi stack export | pulumi stack import`,
    );
  return { kind: "ask", operation, place, treatment: rule.treatment };
}

/** When the interrupted update began, as its lock says, if there is one. */
export interface Time {
  readonly begun: Date | undefined;
  readonly now: Date;
}

/** What works for longer than any update lasts was not made by one that was interrupted just now. Milliseconds. */
const LONG_MS = 3_600_000;

/** Since when it has been there, if that is before the update; without a lock, if it has worked for long. */
function olderThan({ begun, now }: Time, { made, inUse }: Found): Date | undefined {
  if (made === undefined) return undefined;
  const older =
    begun === undefined ? inUse === true && now.getTime() - made.getTime() > LONG_MS : made < begun;
  return older ? made : undefined;
}

/** What becomes of it, now that its server has said what it has. */
export function decide(
  { operation, place, treatment }: Question,
  state: readonly StateResource[],
  found: Found | undefined,
  time: Time,
): Decision {
  const { type, urn } = operation.resource;
  if (found === undefined) return forget(operation, "was being made, and was not: up makes it");
  const known = state.some(
    (one) => one.type === type && one.id === found.id && one.pendingReplacement !== true,
  );
  if (known) return forget(operation, `was being made: the state knows it by now`);
  const what = called(place);
  if (!found.ours)
    return blocked(
      operation,
      `was being made, and there is a ${what} without the labels of this environment: whose is it? Remove or rename it by hand, and recover again`,
    );
  if (treatment === "remove" && found.holds === undefined) {
    const since = olderThan(time, found);
    return since === undefined
      ? {
          kind: "remove",
          operation,
          place,
          found,
          because: `was being made, and its ${what} is there, unfinished: removed, up makes it anew`,
        }
      : blocked(
          operation,
          `was being made, and there is a ${what} that is older, of ${since.toISOString()}, and may be in use: whose is it? Remove or rename it by hand, and recover again`,
        );
  }
  const live = state.find((one) => one.urn === urn && one.delete !== true);
  if (live === undefined)
    return {
      kind: "adopt",
      operation,
      place,
      found,
      because: `was being made, and its ${what} is there${found.holds === undefined ? "" : `, with ${found.holds}`}: kept, the state is told of it`,
    };
  return live.id === found.id
    ? forget(operation, `was being made anew, and its ${what} is there: up takes it`)
    : blocked(
        operation,
        `was being made anew: the state has ${live.id ?? "one without an id"}, its server ${found.id}. Which of them holds data? Remove the other one by hand, and recover again`,
      );
}

/** The server of an operation was asked, and did not answer. @param problem a sentence */
export const unanswered = ({ operation, place }: Question, problem: string): Decision =>
  blocked(
    operation,
    `was being made, and whether it was cannot be asked: ${problem}${
      place.server === "docker" ? "" : ` If it does not run: npx atalaya restart ${place.server}`
    }`,
  );

/** `container atalaya-dev-agent-co` */
export function called(place: Place): string {
  if (place.server === "keycloak") return place.called;
  if (place.server === "docker") return `${place.kind} ${place.name}`;
  return place.kind === "organisation"
    ? `organisation ${place.name}`
    : `data source ${place.uid} in organisation ${place.organisation}`;
}

/** `agent-co-container was being made, and ...` */
export const sentence = ({ operation, because }: Decision): string =>
  `${nameOf(operation.resource)} ${because}${/[.?!]$/.test(because) ? "" : "."}`;

/** What is in a server goes before the server, and a network after whoever is on it. */
const ORDER = ["keycloak", "grafana", "container", "network", "volume"];
const rank = ({ place }: { readonly place: Place }): number =>
  ORDER.indexOf(place.server === "docker" ? place.kind : place.server);

export type Removal = Extract<Decision, { readonly kind: "remove" }>;

export const removals = (decisions: readonly Decision[]): readonly Removal[] =>
  decisions.filter((decision) => decision.kind === "remove").sort((a, b) => rank(a) - rank(b));
