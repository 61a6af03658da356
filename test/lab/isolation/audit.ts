import { closeSync, openSync, readSync, statSync } from "node:fs";
import type { Lab } from "../../../src/lab/lab";
import { waitUntil } from "../../../src/lab/servers/net";
import { connect } from "node:http2";
import { onSession, rawTls } from "./wire";

/** One line of Envoy's access log. */
export type AuditRecord = Readonly<Record<string, unknown>>;

/** Envoy writes its log when this much of it waits, or after ten seconds. */
const WRITTEN_AT = 64 * 1024;
/** Of a line about a path of the longest length that is logged. */
const LINE = 550;

/** The audit records since it was made, by the address that a request came from. */
export class Audit {
  #offset: number;
  #rest = "";
  readonly #records = new Map<string, { readonly record: AuditRecord; readonly line: string }[]>();

  constructor(
    private readonly lab: Lab,
    /** An address that nobody else uses. */
    private readonly source: () => string,
  ) {
    this.#offset = statSync(lab.processes.envoy.log).size;
  }

  /** All lines about this source, so far. */
  of(source: string): readonly { readonly record: AuditRecord; readonly line: string }[] {
    return this.#records.get(source) ?? [];
  }

  /** Until there is a record of each of them. Those that never come are missing afterwards. */
  async settle(sources: readonly string[]): Promise<void> {
    const whole = (): boolean => {
      this.#read();
      return sources.every((source) => this.#records.has(source));
    };
    if (whole()) return;
    await waitUntil(
      "audit records",
      async () => {
        await this.#pushOut();
        return whole();
      },
      { timeoutMs: 15_000 },
    ).catch(() => undefined);
  }

  /** Has Envoy write its log now, by more lines of it. */
  async #pushOut(): Promise<void> {
    const socket = await rawTls(this.lab, "otlpHttp", this.source(), "h2");
    const session = connect("https://localhost", { createConnection: () => socket });
    const path = `/${"x".repeat(255)}`;
    const one = () => onSession(session, { method: "GET", path, headers: [] });
    for (let batch = 0; batch < 2; batch++)
      await Promise.all(Array.from({ length: Math.ceil(WRITTEN_AT / LINE / 2) }, one));
    session.destroy();
  }

  #read(): void {
    const file = openSync(this.lab.processes.envoy.log, "r");
    const chunk = Buffer.alloc(statSync(this.lab.processes.envoy.log).size - this.#offset);
    this.#offset += readSync(file, chunk, 0, chunk.length, this.#offset);
    closeSync(file);
    const lines = (this.#rest + chunk.toString("latin1")).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      if (!line.startsWith("{")) continue;
      const record = JSON.parse(line) as AuditRecord;
      const source = String(record["source"]);
      this.#records.set(source, [...(this.#records.get(source) ?? []), { record, line }]);
    }
  }
}
