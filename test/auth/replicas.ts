import { mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import { openLog, type Log } from "../../src/auth/log";
import { createAuthService, type AuthService } from "../../src/auth/service";
import { PASSWORD, RealRedis } from "./redis/real";
import { audience, directoryText, FakeKeycloak, issuer, jwksText, keysText, pepper, signer } from "./world";

/** Two replicas of the service on one real Redis, and nobody where Loki would be. */
export class Replicas implements AsyncDisposable {
  readonly directory = mkdtempSync(join(tmpdir(), "atalaya-"));
  readonly log: Log = openLog(openSync(join(this.directory, "log"), "a"));
  readonly #services: AuthService[] = [];
  #urls: readonly string[] = [];

  private constructor(
    readonly redis: RealRedis,
    readonly keycloak: FakeKeycloak,
  ) {}

  static async start(): Promise<Replicas> {
    const replicas = new Replicas(await RealRedis.start(), await FakeKeycloak.listen(jwksText(signer)));
    await replicas.#start();
    return replicas;
  }

  async #start(): Promise<void> {
    const { directory, log, redis, keycloak } = this;
    const files = { tenants: directoryText, keys: keysText, pepper, password: `${PASSWORD}\n` };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
    const at = (name: string): string => join(directory, name);
    const settings = {
      ...{ host: "127.0.0.1", port: 0, issuer, audience, jwksUrl: keycloak.url },
      ...{ tokenUrl: keycloak.url, passwordGrant: false, upstreams: [] },
      ...{ directoryFile: at("tenants"), keysFile: at("keys"), pepperFile: at("pepper") },
      stores: {
        redis: { ...redis.settings, passwordFile: at("password") },
        lokiUrl: new URL("http://127.0.0.1:1"),
      },
    };
    this.#services.push(createAuthService(settings, log), createAuthService(settings, log));
    const started = await Promise.all(this.#services.map((service) => service.start()));
    this.#urls = started.map(({ port }) => `http://127.0.0.1:${port}`);
    const up = () => Promise.all([0, 1].map((replica) => this.metric(replica, "redis_up")));
    await vi.waitFor(async () => {
      if ((await up()).some((one) => one !== 1)) throw new Error("Redis is not there");
    }, 5_000);
  }

  url = (replica: number): string => this.#urls[replica] ?? "";

  /** A metric of ours by its line: `redis_up`, `refusal_records_total{result="kept"}`. */
  async metric(replica: number, line: string): Promise<number> {
    const text = await (await fetch(`${this.url(replica)}/metrics`)).text();
    const found = text.split("\n").find((one) => one.startsWith(`atalaya_auth_${line} `));
    return Number(found?.slice(found.lastIndexOf(" ")));
  }

  service = (replica: number): AuthService => {
    const found = this.#services[replica];
    if (found === undefined) throw new Error(`there is no replica ${replica}`);
    return found;
  };

  async [Symbol.asyncDispose](): Promise<void> {
    for (const service of this.#services) await service.drain(100);
    await this.log.close();
    await this.keycloak[Symbol.asyncDispose]();
    await this.redis[Symbol.asyncDispose]();
    rmSync(this.directory, { recursive: true });
  }
}
