import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { SHIPPERS } from "../../src/onboard/shippers";
import { onboardingOf, type Name } from "./example";

/**
 * The programs that the tests cannot get, held as strictly as can be without them: every option that we write is one that its
 * documentation has, where it has it. Names taken from the documentation of the version that each file names.
 */
type Options = readonly string[];

/** Of every option down to a plain value: its path. */
function paths(node: unknown, at = ""): readonly string[] {
  if (Array.isArray(node)) return node.flatMap((item) => paths(item, at));
  if (node === null || typeof node !== "object") return [at];
  return Object.entries(node).flatMap(([key, value]) => paths(value, at === "" ? key : `${at}.${key}`));
}

const undocumented = (node: unknown, known: Options): readonly string[] =>
  paths(node).filter((path) => !known.includes(path));

const parsed = (name: Name): Readonly<Record<string, unknown>> => {
  const [main] = SHIPPERS[name].files(onboardingOf(SHIPPERS[name]));
  return parse(main?.content ?? "") as Readonly<Record<string, unknown>>;
};

describe("Fluent Bit 5.1", () => {
  /** Of all inputs, and of all outputs. */
  const INPUT: Options = ["name", "alias", "tag", "log_level", "mem_buf_limit", "threaded", "storage.type", "storage.pause_on_chunks_overlimit"]; // prettier-ignore
  const OUTPUT: Options = ["name", "alias", "match", "match_regex", "log_level", "host", "port", "retry_limit", "workers", "storage.total_limit_size", "tls", "tls.verify", "tls.verify_hostname", "tls.ca_file", "tls.ca_path", "tls.crt_file", "tls.key_file", "tls.vhost"]; // prettier-ignore
  const INPUTS: Readonly<Record<string, Options>> = {
    tail: ["path", "path_key", "exclude_path", "offset_key", "read_from_head", "refresh_interval", "rotate_wait", "ignore_older", "skip_long_lines", "skip_empty_lines", "buffer_chunk_size", "buffer_max_size", "db", "db.sync", "db.locking", "db.journal_mode", "parser", "key", "inotify_watcher", "multiline.parser"], // prettier-ignore
    node_exporter_metrics: ["scrape_interval", "path.procfs", "path.sysfs", "path.rootfs", "metrics"],
    opentelemetry: ["listen", "port", "host", "buffer_max_size", "buffer_chunk_size", "tag_key", "raw_traces", "profiles_support", "successful_response_code", "tag_from_uri", "http2"], // prettier-ignore
  };
  const OUTPUTS: Readonly<Record<string, Options>> = {
    loki: ["uri", "http_user", "http_passwd", "bearer_token", "header", "tenant_id", "tenant_id_key", "labels", "label_keys", "label_map_path", "structured_metadata", "structured_metadata_map_keys", "remove_keys", "drop_single_key", "line_format", "auto_kubernetes_labels", "buffer_size", "compress"], // prettier-ignore
    opentelemetry: ["http_user", "http_passwd", "header", "metrics_uri", "logs_uri", "traces_uri", "compress", "grpc", "http2", "batch_size", "add_label", "log_response_payload", "logs_body_key", "logs_body_key_attributes"], // prettier-ignore
  };
  const SERVICE: Options = ["flush", "grace", "daemon", "log_level", "log_file", "http_server", "http_listen", "http_port", "hot_reload", "storage.path", "storage.sync", "storage.checksum", "storage.max_chunks_up", "storage.backlog.mem_limit", "storage.metrics", "storage.inherit", "storage.type"]; // prettier-ignore

  it("has every option of ours", () => {
    const { service, pipeline, ...rest } = parsed("fluentbit") as {
      service: object;
      pipeline: Readonly<Record<"inputs" | "outputs", readonly { readonly name: string }[]>>;
    };
    expect([rest, Object.keys(pipeline), undocumented(service, SERVICE)]).toEqual([
      {},
      ["inputs", "outputs"],
      [],
    ]);
    for (const plugin of pipeline.inputs)
      expect(undocumented(plugin, [...INPUT, ...(INPUTS[plugin.name] ?? [])])).toEqual([]);
    for (const plugin of pipeline.outputs)
      expect(undocumented(plugin, [...OUTPUT, ...(OUTPUTS[plugin.name] ?? [])])).toEqual([]);
  });

  it("looks at the edge's name and authority, and never gives up", () => {
    const { pipeline } = parsed("fluentbit") as { pipeline: { outputs: readonly object[] } };
    const kept = { tls: "on", "tls.verify": "on", "tls.verify_hostname": "on", "tls.ca_file": "/etc/atalaya/ca.crt", retry_limit: "no_limits", http_passwd: "${ATALAYA_API_KEY}" }; // prettier-ignore
    expect(pipeline.outputs).toEqual(Array(3).fill(expect.objectContaining(kept)));
  });
});

describe("Vector 0.58", () => {
  const TLS: Options = ["tls.ca_file", "tls.crt_file", "tls.key_file", "tls.verify_certificate", "tls.verify_hostname", "tls.server_name"]; // prettier-ignore
  const AUTH: Options = ["auth.strategy", "auth.token", "auth.user", "auth.password"];
  const ACKNOWLEDGED: Options = ["acknowledgements.enabled"];
  const SINK: Options = ["type", "inputs", "buffer.type", "buffer.max_size", "buffer.max_events", "buffer.when_full", "healthcheck.enabled", "healthcheck.uri"]; // prettier-ignore
  const SINKS: Readonly<Record<string, Options>> = {
    loki: [...TLS, ...AUTH, ...ACKNOWLEDGED, "endpoint", "path", "encoding.codec", "labels.service_name", "out_of_order_action", "compression", "tenant_id", "remove_timestamp"], // prettier-ignore
    prometheus_remote_write: [...TLS, ...AUTH, ...ACKNOWLEDGED, "endpoint", "default_namespace", "compression", "tenant_id"], // prettier-ignore
    opentelemetry: [...TLS, ...AUTH, ...ACKNOWLEDGED, "type", "uri", "encoding.codec", "compression", "method"].map((option) => `protocol.${option}`), // prettier-ignore
  };
  const SOURCES: Readonly<Record<string, Options>> = {
    file: ["type", "include", "exclude", "read_from", "data_dir", "ignore_older_secs", "max_line_bytes", "file_key", "host_key"], // prettier-ignore
    host_metrics: ["type", "scrape_interval_secs", "namespace", "collectors"],
    opentelemetry: ["type", "grpc.address", "http.address", "use_otlp_decoding.traces", "use_otlp_decoding.logs", "use_otlp_decoding.metrics"], // prettier-ignore
  };
  const DIRECTORY: Options = ["type", "path", "remove_trailing_whitespace"];
  type Typed = Readonly<Record<string, { readonly type: string }>>;

  it("has every option of ours", () => {
    const { data_dir, secret, sources, sinks, ...rest } = parsed("vector") as {
      data_dir: string;
      secret: { atalaya: object };
      sources: Typed;
      sinks: Typed;
    };
    expect([rest, typeof data_dir, undocumented(secret.atalaya, DIRECTORY)]).toEqual([{}, "string", []]);
    for (const source of Object.values(sources))
      expect(undocumented(source, SOURCES[source.type] ?? [])).toEqual([]);
    for (const sink of Object.values(sinks))
      expect(undocumented(sink, [...SINK, ...(SINKS[sink.type] ?? [])])).toEqual([]);
  });

  it("keeps on disk, and no less than Vector allows", () => {
    const { sinks } = parsed("vector") as { sinks: Readonly<Record<string, { buffer: object }>> };
    for (const { buffer } of Object.values(sinks))
      expect(buffer).toEqual({ type: "disk", max_size: 512 * 1024 ** 2, when_full: "block" });
    // Its documentation: at least about 256 MiB.
    expect(512 * 1024 ** 2).toBeGreaterThan(268_435_488);
  });
});

describe("Fluentd, with its Loki plugin", () => {
  const KNOWN: Readonly<Record<string, Options>> = {
    source: ["@type", "tag", "path", "pos_file", "exclude_path", "refresh_interval", "read_from_head", "rotate_wait", "path_key", "follow_inodes", "limit_recently_modified"], // prettier-ignore
    parse: ["@type"],
    match: ["@type", "url", "username", "password", "bearer_token_file", "ca_cert", "cert", "key", "tenant", "extra_labels", "line_format", "remove_keys", "drop_single_key", "compress", "custom_headers", "insecure_tls"], // prettier-ignore
    buffer: ["@type", "path", "chunk_limit_size", "total_limit_size", "flush_mode", "flush_interval", "flush_thread_count", "flush_at_shutdown", "overflow_action", "retry_forever", "retry_timeout", "retry_max_times", "retry_wait", "retry_max_interval", "compress"], // prettier-ignore
  };

  it("has every parameter of ours, in its directive", () => {
    const [main] = SHIPPERS.fluentd.files(onboardingOf(SHIPPERS.fluentd));
    const open: string[] = [];
    for (const line of (main?.content ?? "").split("\n")) {
      const [, closes, name] = /^ *<(\/?)(\w+)[^>]*>$/.exec(line) ?? [];
      if (name !== undefined && closes === "/") expect(open.pop()).toBe(name);
      else if (name !== undefined) open.push(name);
      const parameter = /^ +(@?\w+) \S/.exec(line)?.[1];
      if (parameter !== undefined) expect(KNOWN[open.at(-1) ?? ""]).toContain(parameter);
    }
    expect(open).toEqual([]);
  });
});
