import type { Exported, Operation, StateResource } from "../../../src/operate/recovery/deployment";

const PROVIDER = "urn:pulumi:dev::atalaya::pulumi:providers:keycloak::keycloak-provider";
export const SECRET = "4dabf18193072939515e22adb298388d";

export const resource = (type: string, name: string, more: Partial<StateResource> = {}): StateResource => ({
  urn: `urn:pulumi:dev::atalaya::${type}::${name}`,
  type,
  ...more,
});

export const operation = (type: string, of: StateResource): Operation => ({ type, resource: of });

const labels = [{ label: "atalaya.environment", value: "dev" }];
export const volume = resource("docker:index/volume:Volume", "co-data", {
  inputs: {
    __defaults: ["driver"],
    name: "atalaya-dev-co.data",
    labels,
    driverOpts: { __defaults: [], o: "x" },
  },
});
export const container = resource("docker:index/container:Container", "co-container", {
  inputs: { name: "atalaya-dev-co", labels },
});
export const network = resource("docker:index/network:Network", "co-network", {
  inputs: { name: "atalaya-dev-co.network", labels },
});
export const client = resource("keycloak:openid/client:Client", "co-client", {
  inputs: { realmId: "observability", clientId: "agent-co" },
  provider: `${PROVIDER}::0b1c`,
});
export const group = resource("keycloak:index/group:Group", "co-group", {
  inputs: { realmId: "observability", name: "co" },
  provider: `${PROVIDER}::0b1c`,
});
export const password = resource("random:index/randomPassword:RandomPassword", "co-password");
export const image = resource("docker:index/remoteImage:RemoteImage", "alloy");

/** As `pulumi stack export` prints it; with `--show-secrets` the last one's. */
export const state = (
  pending: readonly Operation[],
  resources: readonly StateResource[] = [],
  secret: object = { ciphertext: "v1:x" },
): Exported => ({
  version: 3,
  deployment: {
    resources: [
      {
        ...resource("pulumi:providers:keycloak", "keycloak-provider"),
        id: "0b1c",
        urn: PROVIDER,
        inputs: {
          url: "http://localhost:8090",
          username: "admin",
          password: { [SECRET]: "1b47", ...secret },
        },
      },
      ...resources,
    ],
    pending_operations: pending,
  },
});
