import * as pulumi from "@pulumi/pulumi";
import { duration } from "../src/model/units";
import { alloyCommand } from "./alloy";
import type { RunningService } from "./host";
import { sharedSpec, targetOf, type ServiceArgs } from "./service";

/** The gateway's Alloy: knows no tenants and holds nothing back, so it keeps nothing either. */
export class Collector extends pulumi.ComponentResource {
  readonly service: RunningService;

  constructor(
    name: string,
    args: ServiceArgs & { readonly backends: readonly RunningService[] },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("atalaya:data:Collector", name, { service: "alloy-gateway" }, opts);
    const { bind, ports, directories } = args.topology.services["alloy-gateway"];
    const spec = sharedSpec("alloy-gateway", args, {
      image: "alloy",
      command: alloyCommand(
        targetOf(args, "alloy-gateway", "config.alloy"),
        directories.data,
        `${bind}:${ports.http}`,
      ),
      environment: {},
      scratch: [directories.data, "/tmp"],
      readiness: { kind: "http", port: ports.http, path: "/-/ready", timeout: duration("1m") },
      user: "473:473",
      grace: duration("30s"),
    });
    this.service = args.host.run(
      name,
      { spec },
      { parent: this, dependsOn: args.backends.map(({ ready }) => ready) },
    );
    this.registerOutputs({});
  }
}
