import { Server, ServerCredentials, type UntypedServiceImplementation } from "@grpc/grpc-js";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import * as automation from "@pulumi/pulumi/automation/server";
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb";
import { spawn } from "node:child_process";
import main from "../../src/index";
import { careless } from "./policy-pack";

/**
 * The Pulumi CLI as its user has it, but for its Node language host, which the tests do not have: the program is served to it as
 * the Automation API does. Environment: REAL_PULUMI (the CLI), CARELESS (a program that the policies refuse).
 */
function pulumi(args: readonly string[]): void {
  const child = spawn(process.env["REAL_PULUMI"] ?? "", args, { stdio: "inherit" });
  // Whoever asks this process to end asks that one.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
  child.once("close", (code) => process.exit(code ?? 1));
}

/** The SDK's own, which its types leave out. */
const { LanguageServer } = automation as unknown as {
  readonly LanguageServer: new (program: PulumiFn) => UntypedServiceImplementation;
};

const server = new Server();
const program = process.env["CARELESS"] === undefined ? () => main() : careless;
server.addService(LanguageRuntimeService, new LanguageServer(program));
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  pulumi([...process.argv.slice(2), `--client=127.0.0.1:${port}`]);
});
