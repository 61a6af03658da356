import * as pulumi from "@pulumi/pulumi";
import { SECRET_FILES } from "../src/model/secret-files";
import { duration } from "../src/model/units";
import { Certificates } from "./certificates";
import type { RunningService } from "./host";
import { sharedSpec, targetOf, type ServiceArgs } from "./service";

export interface GatewayArgs extends ServiceArgs {
  /** What its routes lead to. Their limits for a tenant are in place before the edge lets that tenant in. */
  readonly upstreams: readonly RunningService[];
  /** Agents that stand still: they do before the edge refuses them, because they would drop what they hold at its refusal. */
  readonly stopped: readonly RunningService[];
}

/** Envoy: the only way in, and the only one that sees all zones. */
export class Gateway extends pulumi.ComponentResource {
  readonly service: RunningService;
  /** What agents and people trust, PEM. */
  readonly authority: pulumi.Output<string>;

  constructor(name: string, args: GatewayArgs, opts?: pulumi.ComponentResourceOptions) {
    super("atalaya:edge:Gateway", name, { service: "envoy" }, opts);
    const { environment, topology, upstreams, stopped } = args;
    const { host, ports, directories } = topology.services.envoy;
    const { address, ports: published } = environment.publish;
    const certificates = new Certificates(
      `${name}-tls`,
      [host, "localhost", environment.domain, "127.0.0.1", address],
      { parent: this },
    );
    this.authority = certificates.authority;
    const spec = sharedSpec("envoy", args, {
      image: "envoy",
      command: [
        ...["--config-path", targetOf(args, "envoy", "bootstrap.yaml")],
        ...["--log-level", "info"],
        "--disable-hot-restart",
        // Otherwise a worker, with its buffers, for every core of the machine.
        ...["--concurrency", String(Math.max(1, Math.ceil(environment.sizes.envoy.cpus)))],
      ],
      environment: {},
      // The socket of its admin interface, which is reached from inside alone.
      scratch: [directories.data, "/tmp"],
      readiness: { kind: "http", port: ports.health, path: "/ready", timeout: duration("1m") },
      published: { otlpGrpc: published.otlpGrpc, otlpHttp: published.otlpHttp },
      user: "65532:65532",
      grace: duration("30s"),
    });
    this.service = args.host.run(
      name,
      {
        spec,
        secretFiles: {
          [SECRET_FILES.envoy.certificate]: certificates.certificate,
          [SECRET_FILES.envoy.key]: certificates.key,
        },
        liveFilesAfter: [...upstreams.flatMap(({ live }) => live), ...stopped.map(({ started }) => started)],
      },
      { parent: this, dependsOn: upstreams.map(({ ready }) => ready) },
    );
    this.registerOutputs({});
  }
}
