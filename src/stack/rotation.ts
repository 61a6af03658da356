import * as pulumi from "@pulumi/pulumi";
import { SecretRotationPolicy, type RotatingRealm } from "../../components/rotation";
import type { RealmContext } from "../../components/realm";
import type { ClientId } from "../model/names";
import {
  ATTRIBUTES,
  formatMoment,
  PREVIOUS_SINCE,
  rotate,
  type Held,
  type Moment,
  type Rotation,
} from "../model/rotation";
import { TOKEN_LIFE } from "../model/routes";
import type { Tenant } from "../model/tenant";
import type { EnvironmentInput } from "./shared";
import type { StateOutputs } from "./state";

type Secret = pulumi.Output<string>;

/** What decides about secrets besides the settings: read once, where the program begins. */
export interface Instant {
  readonly now: Moment;
  readonly held: ReadonlyMap<string, Held<Secret>>;
}

export type Rotations = ReadonlyMap<ClientId, Rotation<Secret>>;

/** A plan that was made without an engine: the same whenever it is made. */
const PLANNED: Instant = { now: 0 as Moment, held: new Map() };

const CLIENT = "keycloak:openid/client:Client";

/** The secrets that clients have since the last update, by client id. They are secrets again from here on. */
export function heldSecrets(state: StateOutputs): ReadonlyMap<string, Held<Secret>> {
  return new Map(
    Object.values(state).flatMap(({ type, outputs }): readonly (readonly [string, Held<Secret>])[] => {
      if (type !== CLIENT || outputs === undefined) return [];
      const [id, secret] = [plain(outputs["clientId"]), plain(outputs["clientSecret"])];
      if (typeof id !== "string" || typeof secret !== "string" || secret === "") return [];
      return [[id, { secret: pulumi.secret(secret), ...pastOf(plain(outputs["extraConfig"])) }]];
    }),
  );
}

function pastOf(extra: unknown): Pick<Held<Secret>, "since" | "previous"> {
  const text = (name: string): string | undefined => {
    const value = isRecord(extra) ? plain(extra[name]) : undefined;
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  // A text that is no number compares with nothing: it would never be due.
  const moment = (name: string): Moment | undefined => {
    const value = text(name) ?? "";
    return /^\d+$/.test(value) ? (Number(value) as Moment) : undefined;
  };
  const [previous, until] = [text(ATTRIBUTES.previous), moment(ATTRIBUTES.previousEnd)];
  return {
    since: moment(ATTRIBUTES.rotatedAt),
    previous:
      previous === undefined || until === undefined
        ? undefined
        : { secret: pulumi.secret(previous), since: moment(PREVIOUS_SINCE), until },
  };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

/** Without the wrapping in which some engines hand over what is secret. */
const plain = (value: unknown): unknown => (pulumi.runtime.isRpcSecret(value) ? unwrapped(value) : value);
const unwrapped = (value: unknown): unknown => pulumi.runtime.unwrapRpcSecret(value) as unknown;

/**
 * What becomes of every client's secret; undefined where they stay as they are. Throws RunError, before anything is declared,
 * when the settings name a client that is none or a moment that has not come.
 */
export function decideRotations(
  { environment, tenants, stopped }: EnvironmentInput,
  instant: Instant | undefined,
): Rotations | undefined {
  const { clientSecrets } = environment;
  if (clientSecrets === undefined) return undefined;
  const { now, held } = instant ?? PLANNED;
  const clients = clientsOf(tenants);
  const future = instant === undefined ? Number.POSITIVE_INFINITY : now;
  const problems = Object.entries(clientSecrets.leaked).flatMap(([id, moment]) =>
    leakProblems(id, moment, clients, future as Moment),
  );
  if (problems.length > 0) throw new pulumi.RunError(problems.join("\n"));
  const rotations = clients.flatMap((id): readonly (readonly [ClientId, Rotation<Secret>])[] => {
    const own = held.get(id);
    // Nothing runs that could be told of a new one.
    if (stopped === true)
      return own?.since === undefined
        ? []
        : [[id, { kind: "kept", since: own.since, previous: own.previous }]];
    return [[id, rotate(own, { ...clientSecrets, now, leaked: clientSecrets.leaked[id] })]];
  });
  return rotations.length === 0 ? undefined : new Map(rotations);
}

const clientsOf = (tenants: readonly Tenant[]): readonly ClientId[] =>
  tenants.flatMap(({ agents, services }) => [
    ...agents.map(({ id }) => id),
    ...services.map(({ clientId }) => clientId),
  ]);

function leakProblems(
  id: string,
  moment: Moment,
  clients: readonly ClientId[],
  now: Moment,
): readonly string[] {
  const where = `atalaya:clientSecrets.leaked.${id}`;
  if (!clients.some((client) => client === id))
    return [
      `${where} is no agent's and no service's client id, so that nothing would be renewed. Look it up: pulumi stack output tenants.`,
    ];
  if (moment > now)
    return [
      `${where} ${formatMoment(moment)} has not come yet, so that every update until then would renew it. Write when it was known, in UTC.`,
    ];
  return [];
}

/** The realm as clients with rotating secrets need it; as it is where secrets stay. */
export function rotatingRealm(realm: RealmContext, rotations: Rotations | undefined): RotatingRealm {
  if (rotations === undefined) return realm;
  const { policy } = new SecretRotationPolicy("client-secrets", realm);
  return { ...realm, rotation: { policy, of: (client) => rotations.get(client) } };
}

/** What people should know before they confirm, and find in the log afterwards: whose secret is renewed, by client id. */
export function rotationNews(rotations: Rotations | undefined): readonly string[] {
  const all = [...(rotations ?? [])];
  const until = new Map<string, ClientId[]>();
  for (const [id, { kind, previous }] of all) {
    if (kind !== "due" || previous === undefined) continue;
    const end = formatMoment(previous.until);
    until.set(end, [...(until.get(end) ?? []), id]);
  }
  const ofKind = (wanted: Rotation<Secret>["kind"]): readonly ClientId[] =>
    all.flatMap(([id, { kind }]) => (kind === wanted ? [id] : []));
  const [leaked, cut] = [ofKind("leaked"), ofKind("cut")];
  return [
    ...[...until].map(
      ([end, ids]) => `Client secret renewed: ${named(ids)}. The previous one works until ${end}.`,
    ),
    ...(leaked.length === 0
      ? []
      : [
          `Client secret renewed because it leaked: ${named(leaked)}. No earlier one works any more, and tokens by it end within ${TOKEN_LIFE / 60} minutes.`,
        ]),
    ...(cut.length === 0
      ? []
      : [
          `Previous client secret refused from now on because it leaked: ${named(cut)}. The current one is newer and stays, and tokens by the previous one end within ${TOKEN_LIFE / 60} minutes.`,
        ]),
  ];
}

/** A list that a log line can hold. */
const SHOWN = 20;
function named(ids: readonly ClientId[]): string {
  const sorted = [...ids].sort();
  const more = sorted.length - SHOWN;
  return more > 0 ? `${sorted.slice(0, SHOWN).join(", ")} and ${more} more` : sorted.join(", ");
}
