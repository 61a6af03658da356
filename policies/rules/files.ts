import { parse } from "yaml";
import type { RenderedFile } from "../../src/model/files";
import type { ResourceRecord } from "../../src/model/recording";
import type { Container } from "./containers";
import { fields, list, once, text, UNKNOWN } from "./values";

/** A file that a resource puts in place for a process. */
export interface PlacedFile {
  readonly resource: ResourceRecord;
  readonly container: Container;
  /** Where the process reads it. */
  readonly path: string;
  readonly kind: RenderedFile["kind"] | "secret";
  /** Undefined where only a real engine knows it. */
  readonly content: string | undefined;
  /** The YAML or JSON document in it, parsed once. Throws an Error that names the file. */
  readonly parse: () => unknown;
}

/** The files that a container brings: its own, or, for a writer, those of the process it writes for. */
export const uploadsOf = (container: Container): readonly PlacedFile[] =>
  list(container.resource.inputs["uploads"]).map((upload) => {
    const { resource } = container;
    const path = text(fields(upload)["file"]) ?? "";
    const content = contentOf(upload);
    return {
      resource,
      container,
      path,
      kind: kindOf(path),
      content,
      parse: once(() => document(path, content)),
    };
  });

/** By the directory it lies in (model/topology.ts). */
function kindOf(path: string): PlacedFile["kind"] {
  const directories = path.split("/").slice(0, -1);
  if (directories.includes("secrets")) return "secret";
  return directories.includes("live") ? "live" : "static";
}

function contentOf(upload: unknown): string | undefined {
  const { content, contentBase64 } = fields(upload);
  const written = text(content) ?? text(contentBase64);
  if (written === undefined || written.includes(UNKNOWN)) return undefined;
  return content === undefined ? Buffer.from(written, "base64").toString("utf8") : written;
}

function document(path: string, content: string | undefined): unknown {
  if (content === undefined) throw new Error(`${path} is not known before the update`);
  try {
    // The lists that grow with the tenants: JSON.parse is some fifty times as fast.
    return path.endsWith(".json") ? (JSON.parse(content) as unknown) : (parse(content) as unknown);
  } catch (error) {
    throw new Error(`${path} cannot be read: ${(error as Error).message.split("\n")[0] ?? ""}`, {
      cause: error,
    });
  }
}
