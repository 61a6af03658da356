import * as pulumi from "@pulumi/pulumi";
import type { Environment } from "../../src/model/environment";
import type { Host, RunningService, RunOptions, Workload } from "../host";
import { makeVolume } from "./volumes";

/**
 * The Docker host while nothing is to run: of every process it declares the data volumes alone, so that an update removes
 * containers, networks and delivered files. What is in the volumes stays, and with it what the state says of it: the accounts
 * in Keycloak, the organisations in Grafana.
 */
export class StoppedDockerHost extends pulumi.ComponentResource implements Host {
  readonly #environment: string;

  constructor(name: string, { name: environment, publish }: Environment) {
    super("atalaya:docker:Host", name, { environment, publishAddress: publish.address });
    this.#environment = environment;
    this.registerOutputs({});
  }

  run(name: string, { spec, protectData = true }: Workload, { parent }: RunOptions): RunningService {
    const volumes = spec.volumes.map((volume) =>
      makeVolume(name, volume.name, this.#environment, spec, { parent, protect: protectData }),
    );
    return { started: this, ready: this, live: [], store: volumes[0] ?? this };
  }
}
