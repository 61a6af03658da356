import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import type { Trail, TrailOptions } from "../../../src/auth/trail";
import { RealRedis } from "../redis/real";
import { FakeLoki } from "./loki";
import { recording, started } from "./world";

/** A real Redis for all tests of a file, emptied before each, and a stand-in of Loki for each. */
export class OneRedis {
  #redis: RealRedis | undefined;
  loki = new FakeLoki();

  constructor() {
    beforeAll(async () => {
      this.#redis = await RealRedis.start();
    });
    afterAll(() => this.#redis?.[Symbol.asyncDispose]());
    beforeEach(async () => {
      this.loki = await FakeLoki.listen();
      await this.redis.asTester((client) => client.flushall());
    });
    afterEach(() => this.loki.close());
  }

  get redis(): RealRedis {
    if (this.#redis === undefined) throw new Error("Redis is there in a test");
    return this.#redis;
  }

  /** A trail that takes records, and is closed after the test. */
  async trail(more: Partial<TrailOptions> = {}): Promise<Trail> {
    const trail = started(this.redis.settings, this.loki.url, more);
    await recording(trail);
    return trail;
  }
}
