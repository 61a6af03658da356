import {
  Server,
  ServerCredentials,
  status,
  type sendUnaryData,
  type ServerUnaryCall,
  type UntypedHandleCall,
} from "@grpc/grpc-js";
import plugins from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import messages from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { loopback } from "../../servers";
import { Provider, type Strictness } from "./provider";
import type { World } from "./world";

export interface StandIns extends AsyncDisposable {
  /** For PULUMI_DEBUG_PROVIDERS: the engine attaches to it instead of starting plugins. */
  readonly attach: string;
}

/** Packages that the program uses; one server answers for all of them. */
const PACKAGES = ["docker", "grafana", "keycloak", "random", "tls"];

/** Serves the provider protocol of the engine on a free port of loopback. */
export async function serveStandIns(world: World, strictness?: Strictness): Promise<StandIns> {
  const server = new Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  server.addService(ResourceProviderService, handlers(new Provider(world, strictness)));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${loopback}:0`, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return {
    attach: PACKAGES.map((name) => `${name}:${port}`).join(","),
    [Symbol.asyncDispose]: () => {
      server.forceShutdown();
      return Promise.resolve();
    },
  };
}

type Answer<Request, Response> = (request: Request) => Response | Promise<Response>;

/** Makes a handler of a function: what it throws is the call's error, in its own words. */
const unary =
  <Request, Response>(answer: Answer<Request, Response>): UntypedHandleCall =>
  (call: ServerUnaryCall<Request, Response>, done: sendUnaryData<Response>) => {
    Promise.resolve()
      .then(() => answer(call.request))
      .then(
        (response) => {
          done(null, response);
        },
        (error: unknown) => {
          done({ code: status.UNKNOWN, details: error instanceof Error ? error.message : String(error) });
        },
      );
  };

function handlers(provider: Provider): Record<string, UntypedHandleCall> {
  const nothing = unary(() => new Empty());
  return {
    attach: nothing,
    cancel: nothing,
    signalCancellation: nothing,
    handshake: unary(() => new messages.ProviderHandshakeResponse()),
    getPluginInfo: unary(() => new plugins.PluginInfo().setVersion("999.0.0")),
    getSchema: unary(() => new messages.GetSchemaResponse().setSchema("{}")),
    checkConfig: unary((request: messages.CheckRequest) =>
      new messages.CheckResponse().setInputs(request.getNews()),
    ),
    diffConfig: unary(provider.diffConfig),
    configure: unary(() => new messages.ConfigureResponse().setSupportspreview(true)),
    check: unary(provider.check),
    diff: unary(provider.diff),
    create: unary(provider.create),
    read: unary(provider.read),
    update: unary(provider.update),
    delete: unary(async (request: messages.DeleteRequest) => {
      await provider.delete(request);
      return new Empty();
    }),
  };
}
