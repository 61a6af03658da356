import { toJson } from "../render/yaml";
import { EXIT } from "./errors";
import { pick } from "./pick";
import { target, type Target, type TargetOptions } from "./target";
import { aligned, colors } from "./terminal";

export interface UsersOptions extends TargetOptions {
  readonly json: boolean;
}

/** Somebody who can log in. */
export interface Person {
  /** A tenant's id, `operators` or `administrators`. */
  readonly of: string;
  readonly user: string;
  readonly password: string;
  readonly url: string;
}

/** Prints who can log in where, with passwords, and returns the exit code. */
export async function users(tenant: string | undefined, options: UsersOptions): Promise<number> {
  const found = await target(options);
  if (tenant !== undefined) pick("tenant", found.name, tenant, found.outputs.tenants);
  const people = peopleOf(found).filter((person) => tenant === undefined || person.of === tenant);
  process.stdout.write(options.json ? toJson(people) : `${formatPeople(people, found.name)}\n`);
  return EXIT.good;
}

/** Tenants' people first, by tenant. */
export function peopleOf({ outputs, isLab }: Pick<Target, "outputs" | "isLab">): readonly Person[] {
  const { tenants, operators, administrators, keycloakUrl, grafanaUrl } = outputs;
  const url = isLab ? keycloakUrl : grafanaUrl;
  const demonstration = [
    ...Object.entries(tenants)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([id, own]) => [id, own.users] as const),
    ["operators", operators] as const,
  ].flatMap(([of, own]) => Object.entries(own).map(([user, { password }]) => ({ of, user, password, url })));
  const of = "administrators";
  return [
    ...demonstration,
    { of, ...administrators.keycloak, url: keycloakUrl },
    ...(administrators.grafana === undefined || isLab
      ? []
      : [{ of, ...administrators.grafana, url: grafanaUrl }]),
  ];
}

function formatPeople(people: readonly Person[], name: string): string {
  const { bold, dim } = colors();
  if (people.length === 0)
    return `Nobody there has a password of ${name}'s making: atalaya:demonstrationUsers is off.`;
  const head = ["of", "user", "password", "where"].map((text) => ({ text, shown: dim(text) }));
  return aligned([
    head,
    ...people.map(({ of, user, password, url }) => [
      { text: of },
      { text: user, shown: bold(user) },
      { text: password },
      { text: url },
    ]),
  ]);
}
