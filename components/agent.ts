import * as pulumi from "@pulumi/pulumi";
import type { Environment } from "../src/model/environment";
import type { RenderedFile } from "../src/model/files";
import { imageReference } from "../src/model/images";
import { SECRET_FILES } from "../src/model/secret-files";
import { PORTS } from "../src/model/services";
import { sends, type Agent as DeclaredAgent, type Tenant } from "../src/model/tenant";
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
  readonly declared: DeclaredAgent;
  /** What it sends with. Undefined for one that does not send: it stands still, and knows no secret. */
  readonly sending: Sending | undefined;
}

export interface Sending {
  readonly client: Client;
  /** What it trusts the edge by, PEM. */
  readonly authority: pulumi.Input<string>;
  readonly edge: RunningService;
}

/**
 * One tenant's Alloy: has its credentials and a queue on disk, and is reached by that tenant's programs alone. While it or its
 * tenant is suspended it is stopped: the edge's refusal is for good (403), and it would drop its whole queue at it.
 */
export class Agent extends pulumi.ComponentResource {
  readonly service: RunningService;

  constructor(name: string, args: AgentArgs, opts?: pulumi.ComponentResourceOptions) {
    const { host, environment, topology, files, tenant, declared, sending } = args;
    const clientId = declared.id;
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
          ...(sending === undefined && { stopped: true as const }),
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
        ...(sending !== undefined && {
          secretFiles: {
            [SECRET_FILES.agent.clientSecret]: sending.client.secret,
            [SECRET_FILES.agent.ca]: sending.authority,
          },
        }),
        // What waits in it goes with an agent that was suspended, or whose tenant was, before it was removed.
        protectData: sends(tenant, declared),
      },
      {
        parent: this,
        // Its client as a whole: the claim and the audience are resources of their own.
        dependsOn: sending === undefined ? [] : [sending.edge.ready, sending.client],
      },
    );
    // Read again by the next update, which refuses to remove an agent that sends (src/stack/removals.ts).
    this.registerOutputs({
      agent: clientId,
      tenant: tenant.id,
      state: sends(tenant, declared) ? "active" : "suspended",
    });
  }
}
