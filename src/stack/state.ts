import * as pulumi from "@pulumi/pulumi";
import { ResourceInvokeRequest } from "@pulumi/pulumi/proto/resource_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";

/** What the last update left, by URN. */
export interface StateOutputs {
  readonly [urn: string]: { readonly type?: unknown; readonly outputs?: Readonly<Record<string, unknown>> };
}

/**
 * What the state says of this stack's resources, its secrets included. Asked of the engine directly: `runtime.invoke` sends the
 * whole answer, every password in plain text, to the engine's log (seen with SDK 3.270).
 */
export async function readState(): Promise<StateOutputs> {
  const stackName = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
  const request = new ResourceInvokeRequest()
    .setTok("pulumi:pulumi:readStackResourceOutputs")
    .setArgs(Struct.fromJavaScript({ stackName }));
  const monitor = pulumi.runtime.getMonitor();
  if (monitor === undefined) throw new Error("There is no engine to ask for the stack's state.");
  return new Promise((resolve, reject) => {
    monitor.invoke(request, (error, response) => {
      if (error !== null) {
        reject(error);
        return;
      }
      const [failure] = response.getFailuresList();
      if (failure !== undefined) {
        reject(new Error(`The stack's state cannot be read: ${failure.getReason()}`));
        return;
      }
      const answer = (response.getReturn()?.toJavaScript() ?? {}) as { readonly outputs?: StateOutputs };
      resolve(answer.outputs ?? {});
    });
  });
}
