import type {
  ReadResourceRequest,
  RegisterResourceOutputsRequest,
  RegisterResourceRequest,
  ResourceCallRequest,
  ResourceInvokeRequest,
  SupportsFeatureRequest,
} from "@pulumi/pulumi/proto/resource_pb";
import type { ResourceRecord } from "../model/recording";
import { idOf, outputsFor, type Registered, type Values } from "./computed";
import { callFunction } from "./functions";
import { Labels, numberFor } from "./markers";
import { unwrap, type WireObject } from "./wire";

type Callback = (error: Error | null, response?: object) => void;

/** Numbers of `ResourceMonitorFeature` in Pulumi's protocol. */
const FEATURES = {
  secrets: 0,
  aliasSpecs: 3,
  replacementTrigger: 4,
  deletedWith: 5,
  replaceWith: 6,
  // These two so that using one is refused by us, with a reason, and not by the SDK, which says "update the CLI".
  transforms: 7,
  invokeTransforms: 8,
  parameterization: 9,
  resourceHooks: 10,
  errorHooks: 11,
};

const STACK = "pulumi:pulumi:Stack";

/** As the engine forms it: the types of all parents but the stack, then the type, then the name. */
function urnOf(stack: string, project: string, parent: string, type: string, name: string): string {
  const parentType = parent === "" ? STACK : (parent.split("::")[2] ?? STACK);
  const qualified = parentType === STACK ? type : `${parentType}$${type}`;
  return `urn:pulumi:${stack}::${project}::${qualified}::${name}`;
}

/** A response that reads like a message and costs no conversion. */
const struct = (values: WireObject) => ({ toJavaScript: () => values });

const wireOf = (message: { toJavaScript(): unknown } | undefined): WireObject =>
  (message?.toJavaScript() ?? {}) as WireObject;

/**
 * Answers the SDK in place of the engine and keeps what it was asked to register. The SDK's own `MockMonitor` drops protection,
 * order and providers and lets a second resource of the same URN replace the first.
 */
export class RecordingMonitor {
  readonly records = new Map<string, ResourceRecord>();
  readonly duplicates = new Set<string>();
  readonly failures: Error[] = [];
  /** Grows with every request; standing still means that the program waits for something else. */
  requests = 0;
  stackOutputs: WireObject = {};

  readonly #labels = new Labels();
  readonly #numbers = new Set<number>();

  constructor(
    readonly stack: string,
    readonly project: string,
    private readonly values?: Values,
  ) {}

  registerResource(request: RegisterResourceRequest, callback: Callback): void {
    this.#answer(callback, () => {
      const common = this.#common(request);
      const described = `"${common.name}" (${common.type})`;
      if (request.getTransformsList().length > 0)
        throw unsupported(`the option \`transforms\` of ${described}`);
      if (request.getRemote()) throw unsupported(`the remote component ${described}`);
      const inherited = this.records.get(request.getParent());
      // Like the engine, a child takes these two from its parent.
      const deletedWith = request.getDeletedwith() || inherited?.deletedWith;
      const isProtected = request.hasProtect() ? request.getProtect() === true : inherited?.protect === true;
      return this.#register(request.getObject(), request.getAdditionalsecretoutputsList(), {
        ...common,
        custom: request.getCustom(),
        protect: isProtected,
        ...(deletedWith !== undefined && { deletedWith }),
      });
    });
  }

  readResource(request: ReadResourceRequest, callback: Callback): void {
    this.#answer(callback, () =>
      this.#register(request.getProperties(), request.getAdditionalsecretoutputsList(), {
        ...this.#common(request),
        custom: true,
        protect: false,
      }),
    );
  }

  registerResourceOutputs(request: RegisterResourceOutputsRequest, callback: Callback): void {
    this.#answer(callback, () => {
      if (this.records.get(request.getUrn())?.type === STACK)
        this.stackOutputs = wireOf(request.getOutputs());
      return {};
    });
  }

  invoke(request: ResourceInvokeRequest, callback: Callback): void {
    this.#answer(callback, () => {
      const token = request.getTok();
      const result = callFunction(token, unwrap(wireOf(request.getArgs())).values);
      if (result === undefined) throw unsupported(`the provider function ${token}`);
      return { getReturn: () => struct(result), getFailuresList: () => [] };
    });
  }

  call(request: ResourceCallRequest, callback: Callback): void {
    this.#answer(callback, () => {
      throw unsupported(`the method ${request.getTok()}`);
    });
  }

  existsResource(request: { getType(): string }, callback: Callback): void {
    this.#answer(callback, () => {
      throw unsupported(`asking whether a ${request.getType()} exists`);
    });
  }

  registerStackTransform(_request: object, callback: Callback): void {
    this.#answer(callback, () => {
      throw unsupported("a transform");
    });
  }

  registerStackInvokeTransform(request: object, callback: Callback): void {
    this.registerStackTransform(request, callback);
  }

  /** Hooks run when something is created or deleted: never here. */
  registerResourceHook(_request: object, callback: Callback): void {
    callback(null, {});
  }

  registerErrorHook(_request: object, callback: Callback): void {
    callback(null, {});
  }

  registerPackage(_request: object, callback: Callback): void {
    callback(null, { getRef: () => "preview" });
  }

  signalAndWaitForShutdown(_request: object, callback: Callback): void {
    callback(null, {});
  }

  supportsFeature(request: SupportsFeatureRequest, callback: Callback): void {
    callback(null, { getHassupport: () => request.getId() in FEATURES });
  }

  getDeploymentInfo(_request: object, callback: Callback): void {
    callback(null, { getSupportedfeaturesList: () => Object.values(FEATURES) });
  }

  #common(request: RegisterResourceRequest | ReadResourceRequest) {
    const [type, name, parent] = [request.getType(), request.getName(), request.getParent()];
    const provider = request.getProvider();
    return {
      urn: urnOf(this.stack, this.project, parent, type, name),
      type,
      name,
      ...(parent !== "" && { parent }),
      dependsOn: request.getDependenciesList().sort(),
      // What the SDK sends is `<urn>::<id>`.
      ...(provider !== "" && { provider: provider.slice(0, provider.lastIndexOf("::")) }),
    };
  }

  #register(
    properties: { toJavaScript(): unknown } | undefined,
    secretOutputs: readonly string[],
    options: Omit<ResourceRecord, "inputs" | "secrets">,
  ): object {
    const wire = wireOf(properties);
    const { values, secrets } = unwrap(wire);
    const { urn, type, name, custom } = options;
    if (this.records.has(urn)) this.duplicates.add(urn);
    else this.records.set(urn, { ...options, inputs: values, secrets });
    // A component sets its outputs itself.
    if (!custom) return response(urn, "", {});
    const label = this.#labels.next(type, name);
    let number: number | undefined;
    const resource: Registered = {
      type,
      label,
      inputs: values,
      number: () => (number ??= numberFor(type, label, this.#numbers)),
      ...(this.values !== undefined && { values: this.values }),
    };
    return response(urn, idOf(resource), outputsFor(resource, wire, secretOutputs));
  }

  #answer(callback: Callback, make: () => object): void {
    this.requests++;
    try {
      callback(null, make());
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error));
      this.failures.push(failure);
      // The SDK shows `message` for resources and `details`, as gRPC has it, for functions.
      callback(Object.assign(failure, { details: failure.message }));
    }
  }
}

const unsupported = (what: string): Error =>
  new Error(`${what} needs a running engine, so it cannot be previewed offline: use \`pulumi preview\``);

const response = (urn: string, id: string, outputs: WireObject): object => ({
  getUrn: () => urn,
  getId: () => id,
  getObject: () => struct(outputs),
  getProperties: () => struct(outputs),
  getPropertydependenciesMap: () => undefined,
  getResult: () => 0,
  getUnknown: () => false,
});
