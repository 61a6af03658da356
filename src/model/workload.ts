import type { RenderedFile } from "./files";
import type { Zone } from "./services";
import type { Directories } from "./topology";
import type { Bytes, Seconds } from "./units";

/** What runs: the host (Docker, Kubernetes) decides how. Secrets come beside it, as inputs (components/host.ts). */
export interface ServiceSpec {
  /** Unique in the environment; the name by which others reach it. */
  readonly name: string;
  /** Networks it joins, its own first. */
  readonly zones: readonly Zone[];
  /** It is declared and does not run: whose agent is suspended. Its volumes stay. */
  readonly stopped?: true;
  /** Of internal zones and published nonetheless: on a network of its own, on which it is alone with the host. */
  readonly publishedAlone?: true;
  /** A tenant's agent also has a network of its own, shared with that tenant's programs only. */
  readonly ownNetwork?: true;
  readonly image: string;
  readonly entrypoint?: readonly string[];
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** This process's rendered files, static and live. */
  readonly files: readonly RenderedFile[];
  readonly directories: Directories;
  readonly ports: readonly ServicePort[];
  /** Named volumes that hold data: protected. */
  readonly volumes: readonly DataVolume[];
  /** Directories in memory that it may write to: lost with the process. */
  readonly scratch: readonly string[];
  /** Its image writes beside its own program at start; all others have a root file system that nobody can change. */
  readonly writableRoot?: true;
  readonly readiness: Readiness;
  readonly memory: Bytes;
  readonly cpus: number;
  /** uid:gid; no process of ours runs as root. */
  readonly user: string;
  /** Time to finish what is in flight after SIGTERM. */
  readonly grace: Seconds;
}

export interface ServicePort {
  readonly name: string;
  readonly port: number;
  /** On the container host: only in the edge zone, except for debugging on loopback. */
  readonly published?: { readonly address: string; readonly port: number };
}

export interface DataVolume {
  readonly name: string;
  readonly path: string;
}

/** Asked from outside over HTTP, because several images have no shell; or by a command of the image's own. */
export type Readiness =
  | { readonly kind: "http"; readonly port: number; readonly path: string; readonly timeout: Seconds }
  | { readonly kind: "command"; readonly command: readonly string[]; readonly timeout: Seconds };
