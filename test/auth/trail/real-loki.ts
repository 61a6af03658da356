import { renderLoki } from "../../../src/render/loki";
import { localInput, place } from "../../files/local";
import { loopback, server, start, tempDir, type Running } from "../../servers";

/** The real Loki with the rendered files. It takes half a minute until it is ready. */
export class RealLoki implements AsyncDisposable {
  readonly #dir = tempDir();
  #running: Running | undefined;
  #conf = "";
  #port = 0;

  static async start(): Promise<RealLoki> {
    const loki = new RealLoki();
    const input = await localInput(loki.#dir.path);
    const files = renderLoki(input);
    place(files);
    loki.#port = input.topology.services.loki.ports.http;
    loki.#conf = files.find(({ target }) => target.endsWith("loki.yaml"))?.target ?? "";
    await loki.back();
    return loki;
  }

  get url(): URL {
    return new URL(`http://${loopback}:${this.#port}`);
  }

  async back(): Promise<void> {
    const ready = { url: `${this.url.origin}/ready` };
    this.#running = await start(server("loki").bin, [`-config.file=${this.#conf}`], {
      ready,
      timeoutMs: 60_000,
    });
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    process.kill(this.#running?.pid ?? 0, "SIGKILL");
    await this.#running?.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running?.stop();
    this.#dir.remove();
  }
}
