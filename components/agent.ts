import * as pulumi from "@pulumi/pulumi";
import type { Environment } from "../src/model/environment";
import type { RenderedFile } from "../src/model/files";
import { imageReference } from "../src/model/images";
import { SECRET_FILES } from "../src/model/secret-files";
import { PORTS } from "../src/model/services";
import { isActive, type Tenant } from "../src/model/tenant";
import { httpUrl, type Topology } from "../src/model/topology";
import { duration } from "../src/model/units";
import { alloyCommand } from "./alloy";
import type { Client } from "./client";
import type { Host, RunningService } from "./host";

export interface AgentArgs {
  readonly host: Host;
  readonly environment: Environment;
  readonly topology: Topology;
  /** Its own files, and no other agent's. */
  readonly files: readonly RenderedFile[];
  readonly tenant: Tenant;
  readonly client: Client;
  /** What it trusts the edge by, PEM. */
  readonly authority: pulumi.Input<string>;
  readonly edge: RunningService;
}

/** One tenant's Alloy: has its credentials and a queue on disk, and is reached by that tenant's programs alone. */
export class Agent extends pulumi.ComponentResource {
  readonly service: RunningService;

  constructor(name: string, args: AgentArgs, opts?: pulumi.ComponentResourceOptions) {
    const { host, environment, topology, files, tenant, client, authority, edge } = args;
    const { clientId } = client;
    super("atalaya:tenant:Agent", name, { tenant: tenant.id, orgId: tenant.orgId, clientId }, opts);
    const place = topology.agents[clientId];
    const [configuration] = files;
    if (place === undefined || configuration === undefined)
      throw new Error(`The agent ${clientId} has no place or no rendered file.`);
    const { directories, ports } = place;
    this.service = host.run(
      name,
      {
        spec: {
          name: clientId,
          zones: ["edge"],
          ownNetwork: true,
          image: imageReference("alloy", environment.imageRegistry),
          command: alloyCommand(configuration.target, directories.data, new URL(httpUrl(place, "http")).host),
          environment: {},
          files,
          directories,
          ports: Object.entries(PORTS.agent).map(([port, number]) => ({ name: port, port: number })),
          volumes: [{ name: "data", path: directories.data }],
          scratch: ["/tmp"],
          readiness: { kind: "http", port: ports.http, path: "/-/ready", timeout: duration("2m") },
          ...environment.sizes.agent,
          user: "473:473",
          grace: duration("30s"),
        },
        secretFiles: {
          [SECRET_FILES.agent.clientSecret]: client.secret,
          [SECRET_FILES.agent.ca]: authority,
        },
        // What waits in it goes with a tenant that was suspended before it was removed.
        protectData: isActive(tenant),
      },
      // Its client as a whole: the claim and the audience are resources of their own.
      { parent: this, dependsOn: [edge.ready, client] },
    );
    this.registerOutputs({});
  }
}
