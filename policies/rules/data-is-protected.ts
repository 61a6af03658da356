import type { ResourceRecord } from "../../src/model/recording";
import { CLIENT } from "./clients-carry-one-tenant";
import { VOLUME, type Container } from "./containers";
import type { Context } from "./context";
import { nothing, type Rule, type Violation } from "./rule";
import { sends } from "./tenants";
import { entry, text } from "./values";

const REALM = "keycloak:index/realm:Realm";
const GENERATOR = /^(random|tls):/;

export const dataIsProtected: Rule = {
  name: "data-is-protected",
  description:
    "What holds data, the passwords that open it and the anchors of active tenants are protected together: one mistaken line must not delete them.",
  check: (context) => {
    const holders = dataVolumes(context);
    if (holders.length === 0) return [nothing("data volume")];
    return [
      ...holders.flatMap(({ volume, container }) => unprotectedVolume(context, volume, container)),
      ...unprotectedPasswords(context, new Set(holders.map(({ container }) => container.service))),
      ...unprotectedAnchors(context),
      ...unprotectedRealms(context),
    ];
  },
};

/** Volumes that a process itself may write to; its files and secrets it only reads. */
function dataVolumes({
  graph,
  containers,
}: Context): readonly { volume: ResourceRecord; container: Container }[] {
  const volumes = new Map(
    graph.ofType(VOLUME).map((volume) => [text(volume.inputs["name"]) ?? volume.name, volume]),
  );
  return containers
    .filter(({ helper }) => helper === undefined)
    .flatMap((container) =>
      container.mounts.flatMap(({ source, readOnly }) => {
        const volume = readOnly ? undefined : volumes.get(source ?? "");
        // A volume of another process's is no data of this one: that it is mounted at all, another rule judges.
        return volume === undefined || volume.parent !== container.resource.parent
          ? []
          : [{ volume, container }];
      }),
    );
}

/** The queue of an agent that is suspended, or whose tenant is, may go with it: that is how they are removed. */
function unprotectedVolume(
  context: Context,
  volume: ResourceRecord,
  { service, tenant }: Container,
): readonly Violation[] {
  const { directory } = context;
  if (volume.protect || (tenant !== undefined && directory !== undefined && !sends(directory, service)))
    return [];
  return [
    {
      resource: volume,
      ...(tenant !== undefined && { tenant: tenant.id }),
      message: `The volume ${volume.name} holds data of ${service} and is not protected.`,
      remedy: "Declare it with `protect: true`.",
    },
  ];
}

/**
 * Generated values that a shared process with data of its own is given: new ones would not open the old data. A client's
 * secret is none of them: both sides are told the new one.
 */
function unprotectedPasswords(
  { graph, containers }: Context,
  services: ReadonlySet<string>,
): readonly Violation[] {
  const clientSecrets = new Set(graph.ofType(CLIENT).flatMap(({ dependsOn }) => dependsOn));
  const users = new Map<ResourceRecord, string>();
  for (const { resource, service, tenant } of containers) {
    if (tenant !== undefined || !services.has(service)) continue;
    for (const urn of resource.dependsOn) {
      const source = graph.resource(urn);
      if (source !== undefined && GENERATOR.test(source.type) && !clientSecrets.has(urn))
        entry(users, source, () => service);
    }
  }
  return [...users]
    .filter(([source]) => !source.protect)
    .map(([source, service]) => ({
      resource: source,
      message: `${source.name} opens data of ${service} and is not protected.`,
      remedy:
        "Declare it with `protect: true`, as the volume is: without it the data that is kept cannot be opened.",
    }));
}

function unprotectedAnchors(context: Context): readonly Violation[] {
  return context.tenants.all
    .filter(({ id }) => isActive(context, id))
    .flatMap((tenant) => {
      const below = context.graph.descendants(tenant.resource.urn);
      const anchor = below.find(
        ({ name, parent }) => name === `${tenant.id}-anchor` && parent === tenant.resource.urn,
      );
      return anchor?.protect === true
        ? []
        : [
            {
              resource: anchor ?? tenant.resource,
              tenant: tenant.id,
              message: `Tenant ${tenant.id} is active and ${anchor === undefined ? "has no anchor" : "its anchor is not protected"}.`,
              remedy:
                "Protect its anchor while it is active: who takes a tenant out of the list must suspend it first.",
            },
          ];
    });
}

/** Its accounts are not in the program: another realm of that name would be empty. */
const unprotectedRealms = ({ graph }: Context): readonly Violation[] =>
  graph
    .ofType(REALM)
    .filter(({ protect }) => !protect)
    .map((resource) => ({
      resource,
      message: `The realm ${resource.name} holds everybody's accounts and is not protected.`,
      remedy: "Declare it with `protect: true`.",
    }));

/** Unknown is active: what is not known to be suspended must be kept. */
const isActive = ({ directory }: Context, id: string): boolean =>
  directory?.tenants.find((tenant) => tenant.id === id)?.state !== "suspended";
