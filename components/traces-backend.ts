import * as pulumi from "@pulumi/pulumi";
import { duration } from "../src/model/units";
import type { RunningService } from "./host";
import { dataVolume, sharedSpec, targetOf, type ServiceArgs } from "./service";

/** Tempo: every tenant's traces, each under its organisation id. */
export class TracesBackend extends pulumi.ComponentResource {
  readonly service: RunningService;

  constructor(name: string, args: ServiceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("atalaya:data:TracesBackend", name, { service: "tempo" }, opts);
    const place = args.topology.services.tempo;
    const spec = sharedSpec("tempo", args, {
      image: "tempo",
      command: [`-config.file=${targetOf(args, "tempo", "tempo.yaml")}`],
      environment: {},
      volumes: [dataVolume(place)],
      scratch: ["/tmp"],
      readiness: { kind: "http", port: place.ports.http, path: "/ready", timeout: duration("2m") },
      user: "10001:10001",
      // It takes half a minute or more to stop.
      grace: duration("2m"),
    });
    this.service = args.host.run(name, { spec }, { parent: this });
    this.registerOutputs({});
  }
}
