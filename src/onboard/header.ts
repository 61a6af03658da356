import type { Onboarding } from "./model";

/** How a shipper's files were tried, for their first lines. */
export type Tried = { readonly run: string } | { readonly notRun: string };

/** What stands above every configuration: whose it is, and whether anybody has ever run it. */
export function header(onboarding: Onboarding, title: string, tried: Tried): readonly string[] {
  const { tenant, organisation, environment } = onboarding;
  return [
    `${title} for tenant ${tenant} (${organisation}) of ${environment}, by npx atalaya onboard.`,
    "run" in tried
      ? `Atalaya's tests run this file: ${tried.run}`
      : `Not run by Atalaya's tests, because they cannot get the program: ${tried.notRun}`,
    "No secret is in here, only the place where it lies. README.md says how it gets there.",
  ];
}
