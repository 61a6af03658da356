import { LocalWorkspace, PulumiCommand } from "@pulumi/pulumi/automation";
import main from "../../src/index";

/** An up of its own process, to be killed: `<project folder> <stack> <folder with bin/pulumi>`, the rest by the environment. */
async function up(): Promise<void> {
  const [workDir = "", stackName = "", root = ""] = process.argv.slice(2);
  const stack = await LocalWorkspace.selectStack(
    { stackName, projectName: "atalaya", program: () => main() },
    { workDir, pulumiCommand: await PulumiCommand.get({ root }) },
  );
  await stack.up();
}

void up();
