import { toError } from "./problems";
import type { Resolver, Sdk } from "./sdk";

/**
 * What makes recording thousands of resources cheap. For every property of every resource, given or not (a container has 78), the
 * SDK makes an `Output` of some 25 promises, four of which format a stack trace to debug leaks; nearly all are never looked
 * at. Here a property's `Output` is made when the program asks for it. What is recorded is the same, and a test holds it
 * against the unchanged SDK. Measured with 300 tenants, 4,800 resources: 11 s and 0.8 GB without, 1 s and 0.3 GB with.
 */
export const LEAN_SDK_VERSION = "3.270.0";

interface Settled {
  readonly value: unknown;
  readonly isKnown: boolean;
  readonly isSecret: boolean;
  readonly dependencies: unknown;
}
interface Waiting {
  readonly resolve: (settled: Settled) => void;
  readonly reject: (error: Error) => void;
}

/** What most properties come to, in one object for all of them: not given, and not known before an `up`. */
const UNKNOWN: Settled = { value: undefined, isKnown: false, isSecret: false, dependencies: [] };

/** Without a prototype, so that a property may be called `constructor`. */
const empty = <T>(): Partial<Record<string, T>> => Object.create(null) as Partial<Record<string, T>>;

/** A resource's properties: settled by the engine's answer and read by the program, in either order. */
class Properties {
  readonly #answers = empty<Settled | Error>();
  readonly #outputs = empty<unknown>();
  #waiting: Partial<Record<string, Waiting>> | undefined;

  constructor(
    readonly sdk: Sdk,
    readonly owner: object,
  ) {}

  resolver(key: string): Resolver {
    return (value, isKnown, isSecret, dependencies = [], error) => {
      if (error !== undefined && isGrpcError(error)) return;
      const nothing = value === undefined && !isKnown && !isSecret;
      const settled = nothing ? UNKNOWN : { value, isKnown, isSecret, dependencies };
      const answer = error === undefined ? settled : toError(error);
      this.#answers[key] ??= answer;
      const waiting = this.#waiting?.[key];
      if (answer instanceof Error) waiting?.reject(answer);
      else waiting?.resolve(answer);
    };
  }

  read(key: string): unknown {
    return (this.#outputs[key] ??= this.#make(key));
  }

  #make(key: string): unknown {
    const answer = this.#answerTo(key);
    return new this.sdk.output.Output(
      this.owner,
      answer.then(({ value }) => value),
      answer.then(({ isKnown }) => isKnown),
      answer.then(({ isSecret }) => isSecret),
      answer.then(({ dependencies }) => dependencies),
    );
  }

  /** Rejects only for those who ask: an unread property's rejection would be reported as unhandled. */
  #answerTo(key: string): Promise<Settled> {
    const answer = this.#answers[key];
    if (answer instanceof Error) return Promise.reject(answer);
    if (answer !== undefined) return Promise.resolve(answer);
    return new Promise((resolve, reject) => {
      (this.#waiting ??= empty<Waiting>())[key] = { resolve, reject };
    });
  }
}

function isGrpcError(error: unknown): boolean {
  const { code } = Object(error) as { code?: unknown };
  return code === 14 || code === 1; // UNAVAILABLE, CANCELLED: the SDK leaves such properties unresolved
}

const PROPERTIES = Symbol("properties");
type Owner = { [PROPERTIES]?: Properties } & object;

/** `transferProperties` of the SDK's `runtime/rpc.ts`, made on demand. One accessor per name serves all resources. */
function transferProperties(sdk: Sdk) {
  const accessors = new Map<string, PropertyDescriptor>();
  const accessor = (key: string): PropertyDescriptor => ({
    configurable: true,
    enumerable: true,
    get(this: Owner) {
      return this[PROPERTIES]?.read(key);
    },
    set(this: Owner, value: unknown) {
      Object.defineProperty(this, key, { value, configurable: true, enumerable: true, writable: true });
    },
  });
  return (onto: Owner, label: string, props: object): Record<string, Resolver> => {
    const properties = new Properties(sdk, onto);
    Object.defineProperty(onto, PROPERTIES, { value: properties });
    const resolvers: Record<string, Resolver> = {};
    for (const key of Object.keys(props)) {
      if (key === "id" || key === "urn") continue;
      if (Object.hasOwn(onto, key)) {
        throw new Error(`Property '${key}' is already initialized on target '${label}`);
      }
      let descriptor = accessors.get(key);
      if (descriptor === undefined) accessors.set(key, (descriptor = accessor(key)));
      Object.defineProperty(onto, key, descriptor);
      resolvers[key] = properties.resolver(key);
    }
    return resolvers;
  };
}

/** Makes the SDK lean and returns how to undo it. Does nothing for another version of it, which is slower and as right. */
export function makeLean(sdk: Sdk): () => void {
  if (sdk.version.version !== LEAN_SDK_VERSION) return () => undefined;
  const { debuggable, rpc, resource } = sdk;
  const { debuggablePromise } = debuggable;
  const original = rpc.transferProperties;
  const { stackTrace } = resource.Resource;
  debuggable.debuggablePromise = (promise) => promise;
  rpc.transferProperties = transferProperties(sdk);
  // Source positions are for the engine; taking them costs more than the rest of a registration.
  resource.Resource.stackTrace = () => [];
  return () => {
    debuggable.debuggablePromise = debuggablePromise;
    rpc.transferProperties = original;
    resource.Resource.stackTrace = stackTrace;
  };
}
