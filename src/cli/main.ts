import { Command, CommanderError, Option } from "commander";
import { EXIT, report } from "./errors";
import { lab, type LabOptions } from "./lab";
import { preview, type PreviewOptions } from "./preview";
import { render, type RenderOptions } from "./render";

/** Options of every command that reads a stack. */
const forStack = (command: Command): Command =>
  command
    .option("-s, --stack <name>", "the environment: Pulumi.<name>.yaml", "dev")
    .option("-t, --tenants <file>", "another tenant list than the stack's own");

function commandLine(finish: (code: number) => void): Command {
  const program = new Command("atalaya")
    .description("A whole multi-tenant observability environment, declared from one tenant list.")
    .showHelpAfterError("(add --help for the options)")
    .enablePositionalOptions()
    .exitOverride();
  forStack(program.command("preview"))
    .description("show what a stack would be, and whether every policy passes; changes nothing")
    .addOption(
      new Option("-f, --format <format>", "how to print it")
        .choices(["text", "json", "markdown"])
        .default("text"),
    )
    .option("-o, --out <directory>", "also write plan.json, preview.md and all rendered files there")
    .option("--whole", "show every tenant with everything that is theirs", false)
    .action(async (options: PreviewOptions) => {
      finish(await preview(options));
    });
  forStack(program.command("render"))
    .description("write the configuration files of a stack")
    .requiredOption("-o, --out <directory>", "where to; replaced as a whole")
    .action((options: RenderOptions) => {
      finish(render(options));
    });
  forStack(program.command("lab"))
    .description("run a stack on this machine, with real servers and backends that record")
    .argument("[command...]", "with --once: the command to run in the lab, with its arguments")
    .option("--once", "run one command in it, on free ports, and end with its exit code", false)
    .option("--free-ports", "not the environment's own ports", false)
    .option("--keep", "leave its directory behind: logs and all files", false)
    // What follows the command's name is the command's own.
    .passThroughOptions()
    .action(async (command: string[], options: LabOptions) => {
      finish(await lab(command, options));
    });
  return program;
}

async function main(): Promise<void> {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    // Whoever reads our output may stop reading; the verdict stands.
    if (error.code === "EPIPE") return;
    process.stderr.write(`Standard output cannot be written: ${error.message}\n`);
    process.exitCode = EXIT.ourFault;
  });
  try {
    await commandLine((code) => {
      process.exitCode = code;
    }).parseAsync();
  } catch (error) {
    // Commander has printed its own message already; asking for help is not a mistake.
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.good : EXIT.badInput;
    else process.exitCode = report(error);
  }
}

void main();
