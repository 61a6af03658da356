import type { Body, FieldTable } from "./fields";
import type { EntryStep, ObjectStep, Path, SetStep } from "./steps";

/** A resource as it was declared. */
export interface DeclaredResource {
  readonly inputs: Readonly<Record<string, unknown>>;
  /** What its properties come to, on top of what the provider sends anyway. */
  readonly body: Body;
  /** A secret that the provider would make up for it. */
  readonly secret: (property: string) => string;
}

type Step<S> = Omit<S, "urn" | "protect" | "id">;

/** How resources of one type are declared to Keycloak. */
export interface Kind {
  readonly fields: FieldTable;
  /** What the provider sends where nothing is declared: its defaults, not Keycloak's. */
  readonly defaults?: Readonly<Record<string, unknown>>;
  readonly step: (declared: DeclaredResource) => Step<ObjectStep> | Step<SetStep> | Step<EntryStep>;
}

/** A property that is the address of something, or a part of it. */
export function text({ inputs }: DeclaredResource, property: string): string {
  const value = inputs[property];
  if (typeof value !== "string" || value === "") throw new Error(`${property} is missing`);
  return value;
}

export const texts = ({ inputs }: DeclaredResource, property: string): readonly string[] =>
  inputs[property] as readonly string[];

/** A path in the realm that `realmId` names. */
export const inRealm = (declared: DeclaredResource, ...path: readonly string[]): Path => [
  "realms",
  text(declared, "realmId"),
  ...path,
];
