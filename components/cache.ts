import * as pulumi from "@pulumi/pulumi";
import { createHash } from "node:crypto";
import { SECRET_FILES } from "../src/model/secret-files";
import { duration } from "../src/model/units";
import type { RunningService } from "./host";
import { dataPassword } from "./passwords";
import { dataVolume, sharedSpec, targetOf, type ServiceArgs } from "./service";

export interface CacheArgs extends ServiceArgs {
  /** The content of Redis' ACL file; takes the SHA-256 of the password, in hexadecimal. */
  readonly users: (passwordHash: string) => string;
  /** A user who may say PING without a password. */
  readonly probeUser: string;
}

/** Redis: API keys, data and audit of the tenant API. */
export class Cache extends pulumi.ComponentResource {
  readonly service: RunningService;
  readonly password: pulumi.Output<string>;

  constructor(name: string, args: CacheArgs, opts?: pulumi.ComponentResourceOptions) {
    super("atalaya:control:Cache", name, { service: "redis" }, opts);
    const place = args.topology.services.redis;
    this.password = dataPassword(`${name}-password`, this);
    const ping = [
      "redis-cli",
      "-p",
      `${place.ports.redis}`,
      "--user",
      args.probeUser,
      "--pass",
      "none",
      "-e",
      "ping",
    ];
    const spec = sharedSpec("redis", args, {
      image: "redis",
      command: ["redis-server", targetOf(args, "redis", "redis.conf")],
      environment: {},
      volumes: [dataVolume(place)],
      readiness: { kind: "command", command: ping, timeout: duration("1m") },
      user: "999:999",
      grace: duration("30s"),
    });
    const users = this.password.apply((text) => args.users(createHash("sha256").update(text).digest("hex")));
    this.service = args.host.run(
      name,
      { spec, secretFiles: { [SECRET_FILES.redis.users]: users } },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
