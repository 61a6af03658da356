import { createRequire } from "node:module";
import type * as pulumi from "@pulumi/pulumi";

/**
 * The parts of the SDK that are not in its types. Everything that depends on how `@pulumi/pulumi` is made inside is in this
 * file and in `lean.ts`; the package is pinned, and `test/preview` says when an upgrade moves them.
 */

/** A registration that has not been answered yet, as the SDK keeps it for its own message about leaks. */
export interface Pending {
  readonly label: string;
  readonly type?: string;
  readonly name?: string;
  readonly phase: "dependencies" | "inputs" | "parent" | "provider" | "dependency-urns";
  readonly inputProperty?: string;
}

/** The SDK's global state, of which every run has its own. */
export interface Store {
  readonly pendingResourceRegistrations: ReadonlyMap<pulumi.Resource, Pending>;
  readonly settings: { readonly options: { rootDirectory?: string }; readonly rpcDone: Promise<unknown> };
}

type Log = (message: string, resource?: pulumi.Resource) => Promise<void>;

export interface Sdk {
  readonly version: { readonly version: string };
  readonly log: { debug: Log; info: Log; warn: Log; error: Log };
  readonly utils: { errorOutputString: boolean };
  readonly debuggable: { debuggablePromise: <T>(promise: Promise<T>, context?: string) => Promise<T> };
  readonly resource: { readonly Resource: { stackTrace: (skip: number) => unknown[] } };
  readonly output: { readonly Output: new (...parts: unknown[]) => unknown };
  readonly rpc: {
    transferProperties: (onto: object, label: string, props: object) => Record<string, Resolver>;
  };
  readonly settings: { readonly awaitFeatureSupport: () => Promise<void> };
  readonly state: {
    readonly withLocalStorage: <T>(run: () => T) => T;
    readonly getStore: () => Store;
    /** Sets a global, too. */
    readonly setStackResource: (stack: undefined) => void;
  };
}

/** How the SDK hands a property its value once the engine has answered. */
export type Resolver = (
  value: unknown,
  isKnown: boolean,
  isSecret: boolean,
  dependencies?: unknown,
  error?: unknown,
) => void;

/**
 * The modules themselves: an `import` would make a copy of their exports, and what is exchanged there is not seen by the SDK.
 */
export function loadSdk(): Sdk {
  const load = createRequire(__filename);
  const part = (path: string): unknown => load(`@pulumi/pulumi/${path}`);
  return {
    version: part("version"),
    log: part("log"),
    utils: part("utils"),
    debuggable: part("runtime/debuggable"),
    resource: part("resource"),
    output: part("output"),
    rpc: part("runtime/rpc"),
    settings: part("runtime/settings"),
    state: part("runtime/state"),
  } as Sdk;
}
