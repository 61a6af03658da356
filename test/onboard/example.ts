import { endpointsOf, listenFor } from "../../src/onboard/endpoints";
import { SHIPPER_NAMES, type Onboarding, type Shipper, type ShipperName } from "../../src/onboard/model";

/** All but the tenant's own agent, whose kit has tests of its own. */
export type Name = Exclude<ShipperName, "alloy">;
export const NAMES = SHIPPER_NAMES.filter((name): name is Name => name !== "alloy");

const endpoints = endpointsOf({
  endpoints: { otlpGrpc: "edge.example.com:4317", otlpHttp: "https://edge.example.com:4318" },
  keycloakUrl: "https://login.example.com:8090",
});

/** A tenant of an environment that others reach. */
export const onboardingOf = ({ signals }: Shipper, changes: Partial<Onboarding> = {}): Onboarding => ({
  environment: "stack prod",
  option: " --stack prod",
  tenant: "mx",
  organisation: "tenant-mx",
  clientId: "agent-mx",
  signals,
  endpoints,
  listen: listenFor(endpoints),
  authority: "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n",
  directory: "/etc/atalaya",
  logFiles: "/var/log/*.log",
  ...changes,
});
