import type * as docker from "@pulumi/docker";
import type * as keycloak from "@pulumi/keycloak";
import type { CustomResource } from "@pulumi/pulumi";
import type * as random from "@pulumi/random";
import type * as tls from "@pulumi/tls";
import type * as grafana from "@pulumiverse/grafana";
import type { Recording } from "../model/recording";
import { Labels, marker, secretMarker } from "./markers";
import { wrapSecret, type WireObject } from "./wire";

/** A resource at the moment it is registered: its inputs are plain, secrets unwrapped. */
export interface Registered {
  readonly type: string;
  /** The resource's name, made unique among resources of its type (`db~2`) where two share it. */
  readonly label: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** A number of this resource's own that does not depend on what else is registered. */
  readonly number: () => number;
  /** Real values in place of made-up ones. */
  readonly values?: Values;
}

/** What an output of a resource is, where whoever records knows better than a marker; undefined leaves the marker. */
export type Values = (resource: Registered, output: string) => unknown;

/** How a provider's output is made up: a marker, a secret marker, or from what is known of the resource. */
type Computed = "text" | "secret" | ((resource: Registered) => unknown);
type Outputs<R> = Partial<Record<Exclude<keyof R, keyof CustomResource>, Computed>>;
interface Kind {
  readonly outputs: Readonly<Record<string, Computed>>;
  /** Where the provider's ids are not opaque. */
  readonly id?: (resource: Registered) => string;
}

/** Holds the names of outputs against the provider's own class. */
const outputsOf = <R>(outputs: Outputs<R>, id?: Kind["id"]): Kind =>
  ({ outputs, ...(id && { id }) }) as unknown as Kind;

const text = ({ type, label }: Registered, property: string): string => marker(type, label, property);
const own = ({ label }: Registered): string => label;
function input(resource: Registered, key: string): string | undefined {
  const value = resource.inputs[key];
  return typeof value === "string" && value !== "" ? value : undefined;
}
const numeric = ({ number }: Registered): number => number();
/** What a provider defaults: what the program gave, or else what is computed. */
const output = (resource: Registered, key: string): unknown =>
  resource.inputs[key] ?? compute(resource, key, KINDS[resource.type]?.outputs[key]);
/** Grafana's ids of what lives in an organisation: `<orgId>:<uid>`. */
const inOrganization = (resource: Registered): string =>
  `${input(resource, "orgId") ?? "1"}:${String(output(resource, "uid"))}`;

/** `grafana/grafana:12@sha256:...` is `grafana/grafana@sha256:...` once pulled. */
function digestOf(resource: Registered): string {
  const [name = "", digest] = (input(resource, "name") ?? "").split("@");
  return digest === undefined ? text(resource, "repoDigest") : `${name.replace(/:[^/:]*$/, "")}@${digest}`;
}

function dashboardUid(resource: Registered): string {
  try {
    const { uid } = JSON.parse(input(resource, "configJson") ?? "{}") as { uid?: unknown };
    if (typeof uid === "string" && uid !== "") return uid;
  } catch {
    // Grafana's to refuse: a preview only needs an id.
  }
  return text(resource, "uid");
}

const KINDS: Readonly<Record<string, Kind>> = {
  "random:index/randomPassword:RandomPassword": outputsOf<random.RandomPassword>({
    result: "secret",
    bcryptHash: "secret",
  }),
  "random:index/randomBytes:RandomBytes": outputsOf<random.RandomBytes>({ base64: "secret", hex: "secret" }),
  "random:index/randomString:RandomString": outputsOf<random.RandomString>({ result: "text" }),
  "random:index/randomUuid:RandomUuid": outputsOf<random.RandomUuid>({ result: "text" }),
  "random:index/randomPet:RandomPet": outputsOf<random.RandomPet>({}),
  "random:index/randomInteger:RandomInteger": outputsOf<random.RandomInteger>({
    result: ({ inputs }) => inputs["min"],
  }),
  "random:index/randomId:RandomId": outputsOf<random.RandomId>({
    hex: "text",
    b64Std: "text",
    b64Url: "text",
    dec: "text",
  }),

  "tls:index/privateKey:PrivateKey": outputsOf<tls.PrivateKey>({
    privateKeyPem: "secret",
    privateKeyPemPkcs8: "secret",
    privateKeyOpenssh: "secret",
    publicKeyPem: "text",
    publicKeyOpenssh: "text",
    publicKeyFingerprintMd5: "text",
    publicKeyFingerprintSha256: "text",
  }),
  "tls:index/certRequest:CertRequest": outputsOf<tls.CertRequest>({
    certRequestPem: "text",
    keyAlgorithm: "text",
  }),
  "tls:index/selfSignedCert:SelfSignedCert": outputsOf<tls.SelfSignedCert>({
    certPem: "text",
    keyAlgorithm: "text",
    readyForRenewal: () => false,
    validityStartTime: "text",
    validityEndTime: "text",
  }),
  "tls:index/locallySignedCert:LocallySignedCert": outputsOf<tls.LocallySignedCert>({
    certPem: "text",
    caKeyAlgorithm: "text",
    readyForRenewal: () => false,
    validityStartTime: "text",
    validityEndTime: "text",
  }),

  "docker:index/container:Container": outputsOf<docker.Container>({ name: own }),
  "docker:index/network:Network": outputsOf<docker.Network>({ name: own, scope: () => "local" }),
  "docker:index/volume:Volume": outputsOf<docker.Volume>({ name: own, mountpoint: "text" }, (volume) =>
    String(output(volume, "name")),
  ),
  "docker:index/remoteImage:RemoteImage": outputsOf<docker.RemoteImage>({
    imageId: "text",
    repoDigest: digestOf,
  }),
  "docker:index/image:Image": outputsOf<docker.Image>({
    repoDigest: "text",
    baseImageName: (image) => image.inputs["imageName"],
  }),

  "keycloak:index/realm:Realm": outputsOf<keycloak.Realm>(
    { internalId: "text" },
    (realm) => input(realm, "realm") ?? text(realm, "id"),
  ),
  "keycloak:index/group:Group": outputsOf<keycloak.Group>({ name: own, path: "text" }),
  "keycloak:index/role:Role": outputsOf<keycloak.Role>({ name: own }),
  "keycloak:openid/client:Client": outputsOf<keycloak.openid.Client>({
    clientSecret: "secret",
    serviceAccountUserId: "text",
    resourceServerId: "text",
  }),
  "keycloak:openid/clientScope:ClientScope": outputsOf<keycloak.openid.ClientScope>({ name: own }),

  "grafana:oss/organization:Organization": outputsOf<grafana.oss.Organization>(
    { name: own, orgId: numeric },
    (organization) => String(organization.number()),
  ),
  "grafana:oss/dataSource:DataSource": outputsOf<grafana.oss.DataSource>(
    { name: own, uid: "text" },
    inOrganization,
  ),
  "grafana:oss/folder:Folder": outputsOf<grafana.oss.Folder>({ uid: "text", url: "text" }, inOrganization),
  "grafana:oss/dashboard:Dashboard": outputsOf<grafana.oss.Dashboard>(
    { uid: dashboardUid, url: "text", dashboardId: numeric, version: () => 1 },
    inOrganization,
  ),
  "grafana:oss/serviceAccount:ServiceAccount": outputsOf<grafana.oss.ServiceAccount>(
    { name: own },
    (account) => `${input(account, "orgId") ?? "1"}:${account.number()}`,
  ),
  "grafana:oss/serviceAccountToken:ServiceAccountToken": outputsOf<grafana.oss.ServiceAccountToken>({
    key: "secret",
    expiration: "text",
    hasExpired: () => false,
  }),
  "grafana:oss/serviceAccountRotatingToken:ServiceAccountRotatingToken":
    outputsOf<grafana.oss.ServiceAccountRotatingToken>({
      key: "secret",
      name: own,
      expiration: "text",
      hasExpired: () => false,
      readyForRotation: () => false,
    }),
  "grafana:oss/team:Team": outputsOf<grafana.oss.Team>({ teamId: numeric, teamUid: "text" }),
  "grafana:oss/user:User": outputsOf<grafana.oss.User>({ userId: numeric }),
};

function compute(resource: Registered, key: string, how: Computed | undefined): unknown {
  if (how === undefined) return undefined;
  const real = resource.values?.(resource, key);
  if (real !== undefined) return real;
  if (how === "text") return text(resource, key);
  if (how === "secret") return secretMarker(resource.type, resource.label, key);
  return how(resource);
}

/** A Kubernetes object is named `metadata.name`, which Pulumi makes up where it is not given. */
function kubernetesName(resource: Registered): { name: string; namespace?: string } {
  const metadata = (resource.inputs["metadata"] ?? {}) as { name?: string; namespace?: string };
  const namespace = metadata.namespace ?? input(resource, "namespace");
  return {
    name: metadata.name ?? input(resource, "name") ?? resource.label,
    ...(namespace !== undefined && { namespace }),
  };
}
const isKubernetes = ({ type }: Registered): boolean => type.startsWith("kubernetes:");

export function idOf(resource: Registered): string {
  if (isKubernetes(resource)) {
    const { name, namespace } = kubernetesName(resource);
    return namespace === undefined ? name : `${namespace}/${name}`;
  }
  return KINDS[resource.type]?.id?.(resource) ?? text(resource, "id");
}

/**
 * The outputs of a resource, in the SDK's wire form: its inputs as they came, and what its provider would add. `secretOutputs`
 * are the properties that the resource's options declare secret. An output that is in neither stays unknown to the program.
 */
export function outputsFor(
  resource: Registered,
  wire: WireObject,
  secretOutputs: readonly string[],
): Record<string, unknown> {
  const result: Record<string, unknown> = { ...wire };
  for (const [key, how] of Object.entries(KINDS[resource.type]?.outputs ?? {})) {
    if (result[key] !== undefined) continue;
    const value = compute(resource, key, how);
    result[key] = how === "secret" ? wrapSecret(value) : value;
  }
  if (isKubernetes(resource) && resource.inputs["metadata"] !== undefined) {
    result["metadata"] = { ...(resource.inputs["metadata"] as object), ...kubernetesName(resource) };
  }
  for (const key of secretOutputs) {
    if (result[key] !== undefined) result[key] = wrapSecret(result[key]);
  }
  return result;
}

/** Every secret marker that the resources of a recording were given: none of them may turn up in an input that is not secret. */
export function secretMarkers(recording: Recording): readonly string[] {
  const labels = new Labels();
  return recording.resources.flatMap(({ type, name, inputs }) => {
    const label = labels.next(type, name);
    return Object.entries(KINDS[type]?.outputs ?? {})
      .filter(([key, how]) => how === "secret" && inputs[key] === undefined)
      .map(([key]) => secretMarker(type, label, key));
  });
}
