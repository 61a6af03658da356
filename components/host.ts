import type * as pulumi from "@pulumi/pulumi";
import type { ServiceSpec } from "../src/model/workload";

/** Where processes run: Docker or Kubernetes. Components say what runs and never ask which of them it is. */
export interface Host {
  /** Runs a process, its resources below `opts.parent` and named `${name}-...`. */
  run(name: string, workload: Workload, opts: RunOptions): RunningService;
}

export interface Workload {
  readonly spec: ServiceSpec;
  /** Builds the image instead of pulling `spec.image`, which is then what the result is called. */
  readonly build?: ImageBuild;
  /** By path in `spec.directories.secrets`: live files that only this process may read. */
  readonly secretFiles?: Readonly<Record<string, pulumi.Input<string>>>;
  /** Anybody who may inspect the process sees these: files are better wherever the program can read them. */
  readonly secretEnvironment?: Readonly<Record<string, pulumi.Input<string>>>;
  /** What must be in place before this process learns of a change in its live files. */
  readonly liveFilesAfter?: readonly pulumi.Resource[];
  /** Whether its data volumes are protected; true unless the data may go with its owner. */
  readonly protectData?: boolean;
}

export interface ImageBuild {
  /** Directory with the Dockerfile. */
  readonly context: string;
  /** Build arguments: the base image. */
  readonly arguments: Readonly<Record<string, string>>;
}

export interface RunOptions {
  readonly parent: pulumi.Resource;
  readonly dependsOn?: readonly pulumi.Resource[];
}

/** Resources to depend on. */
export interface RunningService {
  /** The process itself. */
  readonly started: pulumi.Resource;
  /** The process has answered that it is ready. */
  readonly ready: pulumi.Resource;
  /** The process's live files, secret ones included, are in place. */
  readonly live: readonly pulumi.Resource[];
  /** What keeps its data: whatever is stored in the process goes when this goes. The process itself where it keeps none. */
  readonly store: pulumi.Resource;
}
