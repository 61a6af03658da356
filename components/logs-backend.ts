import * as pulumi from "@pulumi/pulumi";
import { duration } from "../src/model/units";
import type { RunningService } from "./host";
import { dataVolume, sharedSpec, targetOf, type ServiceArgs } from "./service";

/** Loki: every tenant's logs, each under its organisation id. */
export class LogsBackend extends pulumi.ComponentResource {
  readonly service: RunningService;

  constructor(name: string, args: ServiceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("atalaya:data:LogsBackend", name, { service: "loki" }, opts);
    const place = args.topology.services.loki;
    const spec = sharedSpec("loki", args, {
      image: "loki",
      command: [`-config.file=${targetOf(args, "loki", "loki.yaml")}`],
      environment: {},
      volumes: [dataVolume(place)],
      scratch: ["/tmp"],
      // Its ring needs to settle: about 15 s on an idle machine.
      readiness: { kind: "http", port: place.ports.http, path: "/ready", timeout: duration("2m") },
      user: "10001:10001",
      grace: duration("1m"),
    });
    this.service = args.host.run(name, { spec }, { parent: this });
    this.registerOutputs({});
  }
}
