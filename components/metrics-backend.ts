import * as pulumi from "@pulumi/pulumi";
import { duration } from "../src/model/units";
import type { RunningService } from "./host";
import { dataVolume, sharedSpec, targetOf, type ServiceArgs } from "./service";

/** Mimir: every tenant's metrics, each under its organisation id. */
export class MetricsBackend extends pulumi.ComponentResource {
  readonly service: RunningService;

  constructor(name: string, args: ServiceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("atalaya:data:MetricsBackend", name, { service: "mimir" }, opts);
    const place = args.topology.services.mimir;
    const spec = sharedSpec("mimir", args, {
      image: "mimir",
      command: [`-config.file=${targetOf(args, "mimir", "mimir.yaml")}`],
      environment: {},
      volumes: [dataVolume(place)],
      scratch: ["/tmp"],
      readiness: { kind: "http", port: place.ports.http, path: "/ready", timeout: duration("2m") },
      user: "10001:10001",
      // Hands its newest blocks over before it goes.
      grace: duration("1m"),
    });
    this.service = args.host.run(name, { spec }, { parent: this });
    this.registerOutputs({});
  }
}
