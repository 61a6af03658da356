import { without } from "../environment";
import { resource } from "../builder";
import { AGENTS } from "./agents";
import { EDGE } from "./edge";
import { HOSTS } from "./hosts";
import { LIMITS_AND_STORES } from "./limits";
import type { Mutation, Mutations } from "./mutation";
import { PROMISES } from "./promises";
import { SERVICES } from "./services";
import { TENANTS } from "./tenants";
import { TRUST } from "./trust";

/** At least one for each rule. */
export const MUTATIONS: Mutations = {
  ...AGENTS,
  ...EDGE,
  ...HOSTS,
  ...LIMITS_AND_STORES,
  ...PROMISES,
  ...SERVICES,
  ...TENANTS,
  ...TRUST,
};

/** Takes away what rules read, so that there is nothing left to find wrong; `passed` are the rules that need nothing of it. */
export const EMPTIED: readonly (Pick<Mutation, "what" | "apply"> & { readonly passed: readonly string[] })[] =
  [
    {
      what: "no container",
      apply: without(({ type }) => type.endsWith(":Container")),
      passed: [
        "clients-carry-one-tenant",
        "grafana-stays-in-its-organisation",
        "images-are-pinned",
        "names-are-unique",
        "no-shared-credential",
        "no-shared-data-source",
        "people-enter-their-own-organisation",
        "people-log-in-by-closed-clients",
        "secrets-stay-secret",
      ],
    },
    {
      what: "nothing but a resource that nobody knows",
      apply: (recording) => ({
        ...recording,
        outputs: {},
        resources: [resource("aws:s3/bucket:Bucket", "data", {})],
      }),
      passed: [],
    },
  ];
