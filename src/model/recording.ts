/**
 * What the program registered, as plain data: the policies' and the preview's view of an environment, the same
 * whether it came from the offline recorder or from the real engine.
 */
export interface ResourceRecord {
  readonly urn: string;
  /** Pulumi type token, `docker:index/container:Container` or `atalaya:edge:Gateway`. */
  readonly type: string;
  readonly name: string;
  /** False for component resources. */
  readonly custom: boolean;
  readonly parent?: string;
  /** Input properties with secrets unwrapped; `secrets` tells which were secret. Properties that are undefined are absent. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /**
   * Paths of the inputs that are secret, `uploads[0].content`; a path covers what is below it.
   * Undefined where the source cannot tell (the engine hands plain values to a policy pack).
   */
  readonly secrets?: readonly string[];
  readonly protect: boolean;
  /** URNs, sorted. */
  readonly dependsOn: readonly string[];
  readonly deletedWith?: string;
  /** URN of the provider resource, when one was given explicitly. */
  readonly provider?: string;
}

/**
 * Everything one run of the program registered, sorted by URN, and its stack outputs; `secretOutputs` are paths in them, as in
 * {@link ResourceRecord.secrets}.
 */
export interface Recording {
  readonly project: string;
  readonly stack: string;
  readonly resources: readonly ResourceRecord[];
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly secretOutputs: readonly string[];
}

/** Resources in the order in which an engine may make them: each after everything that it depends on, else as they are. */
export function inOrder(resources: readonly ResourceRecord[]): readonly ResourceRecord[] {
  const byUrn = new Map(resources.map((resource) => [resource.urn, resource]));
  const visited = new Set<ResourceRecord>();
  const sorted: ResourceRecord[] = [];
  const visit = (resource: ResourceRecord): void => {
    if (visited.has(resource)) return;
    visited.add(resource);
    for (const urn of resource.dependsOn) {
      const before = byUrn.get(urn);
      if (before !== undefined) visit(before);
    }
    sorted.push(resource);
  };
  resources.forEach(visit);
  return sorted;
}
