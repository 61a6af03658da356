// Runs the real Pulumi CLI with a program of our own instead of Pulumi.yaml's, as the Automation API does it: no language host is
// needed. Environment: REAL_PULUMI (the CLI), NAMES (the components that the program declares), BREAK (the program throws).
const { spawn } = require("node:child_process");
const grpc = require("@grpc/grpc-js");
const pulumi = require("@pulumi/pulumi");
const { LanguageServer } = require("@pulumi/pulumi/automation/server");
const { LanguageRuntimeService } = require("@pulumi/pulumi/proto/language_grpc_pb");

async function program() {
  for (const name of (process.env.NAMES ?? "").split(",")) {
    const component = new pulumi.ComponentResource("test:index:Thing", name);
    component.registerOutputs({});
  }
  if (process.env.BREAK) throw new Error("the program broke");
  return {
    grafana: "http://localhost:3000",
    tenants: pulumi.output({ co: { id: "co", password: pulumi.secret("hunter2") } }),
  };
}

const server = new grpc.Server();
server.addService(LanguageRuntimeService, new LanguageServer(program));
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  const args = process.argv.slice(2);
  // The pack would need a language host; what it refuses is tested in test/engine.
  const pack = args.indexOf("--policy-pack");
  if (pack !== -1) args.splice(pack, 2, `--client=127.0.0.1:${port}`);
  const child = spawn(process.env.REAL_PULUMI, args, { stdio: "inherit" });
  child.on("close", (code) => process.exit(code ?? 1));
});
