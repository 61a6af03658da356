import { Command, CommanderError, Option } from "commander";
import { SHIPPER_NAMES } from "../onboard/model";
import { EXIT, report } from "./errors";
import { checkTenants, type CheckTenantsOptions } from "./check-tenants";
import { health, type HealthOptions } from "./health";
import { lab, type LabOptions } from "./lab";
import { logs, type LogsOptions } from "./logs";
import { onboard, type OnboardOptions } from "./onboard";
import { preview, type PreviewOptions } from "./preview";
import { render, type RenderOptions } from "./render";
import { destroy, type DestroyOptions } from "./destroy";
import { env, type EnvOptions } from "./env";
import { recover, type RecoverOptions } from "./recover";
import { refresh, type RefreshOptions } from "./refresh";
import { restart, type RestartOptions } from "./restart";
import { rotateKeys, type RotateKeysOptions } from "./rotate-keys";
import { checkKeptByNpm, type StackCommandOptions } from "./stack-command";
import { status, type StatusOptions } from "./status";
import { token, type TokenOptions } from "./token";
import { up } from "./up";
import { users, type UsersOptions } from "./users";

/** Options of every command that reads a stack. */
const forStack = (command: Command): Command =>
  command
    .option("-s, --stack <name>", "the environment: Pulumi.<name>.yaml", "dev")
    .option("-t, --tenants <file>", "another tenant list than the stack's own");

/** Options of every command that speaks to a running environment. */
const forRunning = (command: Command): Command =>
  command
    .option("-s, --stack <name>", "the stack that runs; its outputs come from the Pulumi CLI", "dev")
    .addOption(
      new Option(
        "--outputs <file>",
        "a file of the stack's outputs in place of the CLI; - is standard input",
      ).conflicts(["stack", "lab"]),
    )
    .addOption(new Option("--lab", "the lab that runs on this machine").conflicts("stack"))
    .option("--json", "for a program", false);

/** Options of every command that changes a stack. */
const forChange = (command: Command): Command =>
  command
    .argument("[options...]", "after --: options of the Pulumi CLI's own command")
    .option("-s, --stack <name>", "the environment: Pulumi.<name>.yaml", "dev")
    .option("-y, --yes", "without asking", false);

function changing(program: Command, finish: (code: number) => void): void {
  forChange(program.command("up"))
    .description(
      "bring a stack up on this machine's Docker engine: says first what is missing, and last where to go",
    )
    .action(async (passed: string[], options: StackCommandOptions) => {
      finish(await up(passed, options));
    });
  forChange(program.command("destroy"))
    .description("stop a stack and keep all its data, so that the next up finds it")
    .option("--with-data", "remove everything it has, for ever", false)
    .action(async (passed: string[], options: DestroyOptions) => {
      finish(await destroy(passed, options));
    });
  forChange(program.command("refresh"))
    .description("look for what was changed by hand since the last update")
    .option("--preview-only", "do not even write it down", false)
    .action(async (passed: string[], options: RefreshOptions) => {
      finish(await refresh(passed, options));
    });
  program
    .command("recover")
    .description("put in order what a killed update left: its lock, and what it was making")
    .option("-s, --stack <name>", "the environment: Pulumi.<name>.yaml", "dev")
    .option("-y, --yes", "nobody else works on the stack", false)
    .option("--dry-run", "only say what it would do", false)
    .action(async (options: RecoverOptions) => {
      finish(await recover(options));
    });
  program
    .command("env")
    .description('print what makes plain pulumi find the same stack: eval "$(npx atalaya env)"')
    .option("-s, --stack <name>", "the environment: Pulumi.<name>.yaml", "dev")
    .action(async (options: EnvOptions) => {
      finish(await env(options));
    });
}

/** Options of every command that asks this machine's Docker engine alone. */
const forEngine = (command: Command): Command =>
  command.option("-s, --stack <name>", "the environment: Pulumi.<name>.yaml", "dev");

function onEngine(program: Command, finish: (code: number) => void): void {
  forEngine(program.command("status"))
    .description("what runs of an environment; exit code 1 when something that should does not")
    .option("--json", "for a program", false)
    .action(async (options: StatusOptions) => {
      finish(await status(options));
    });
  forEngine(program.command("logs"))
    .description("the log of a process; envoy.files is that of what delivers its files")
    .argument("<service>", "a process, as status names it")
    .option("-f, --follow", "go on as it goes on", false)
    .option("--timestamps", "with the time of each line", false)
    .option("--since <time>", "from then on: 10m, or 2026-05-31T12:00:00")
    .option("--tail <lines>", "only the last ones")
    .action(async (service: string, options: LogsOptions) => {
      finish(await logs(service, options));
    });
  forEngine(program.command("restart"))
    .description("restart processes in place and wait until they are ready; exit code 1 when one is not")
    .argument("<service...>", "processes, as status names them")
    .action(async (services: string[], options: RestartOptions) => {
      finish(await restart(services, options));
    });
}

function running(program: Command, finish: (code: number) => void): void {
  forRunning(program.command("token"))
    .description("print an access token: of a tenant's agent, or with --person of whoever logs in")
    .argument("<tenant>", "whose")
    .option("--client <name>", "another of the tenant's clients than its usual agent")
    .addOption(
      new Option("--person", "log in by a code in a browser, to read with")
        .default(false)
        .conflicts("client"),
    )
    .addOption(new Option("--header", "as a whole header, for curl -H").default(false).conflicts("json"))
    .action(async (tenant: string, options: TokenOptions) => {
      finish(await token(tenant, options));
    });
  forRunning(program.command("onboard"))
    .description(
      "print or write a shipper's ready configuration for a tenant: credentials are named, not held",
    )
    .argument("<tenant>", "whose")
    .requiredOption("--shipper <name>", SHIPPER_NAMES.join(" | "))
    .option("--client <name>", "another of the tenant's agents than its usual one")
    .option("--signals <list>", "of logs,metrics,traces; all that the shipper can send, unless given")
    .option("-o, --out <directory>", "write all files there; it must be empty")
    .option("--at <directory>", "where they will lie on the machine that sends, if elsewhere")
    .option("--log-files <glob>", "which files are read, by shippers that read files", "/var/log/*.log")
    .option("--with-secret", "write the agent's secret as well, for its owner alone", false)
    .option(
      "--force",
      "alloy: also where no other host reaches the environment, or beside an agent of its own host",
      false,
    )
    .action(async (tenant: string, options: OnboardOptions) => {
      finish(await onboard(tenant, options));
    });
  forRunning(program.command("users"))
    .description("print who can log in where, with passwords: demonstration users and administrators")
    .argument("[tenant]", "of this tenant alone")
    .action(async (tenant: string | undefined, options: UsersOptions) => {
      finish(await users(tenant, options));
    });
  forRunning(program.command("health"))
    .description(
      "ask every component that can be asked from here how it is; exit code 1 when one is not well",
    )
    .action(async (options: HealthOptions) => {
      finish(await health(options));
    });
  forRunning(program.command("check-tenants"))
    .description(
      "prove that tenants are apart: each writes a marked item, and others try to get at it; exit code 1 when not",
    )
    .option("--tenant <id...>", "only pairs with these tenants")
    .option("--all", "write by every signal and transport, not by OTLP over HTTP alone", false)
    .option("--full", "try every pair, however many tenants there are", false)
    .option("--wait <seconds>", "how long an item may take until its own tenant finds it", "30")
    .option("--html <file>", "also write the result there, as a page that needs nothing else")
    .action(async (options: CheckTenantsOptions) => {
      finish(await checkTenants(options));
    });
  forRunning(program.command("rotate-keys"))
    .description("exchange the keys that tokens are signed with, while everything runs")
    .option("--retire", "only the second half: remove keys that no living token was signed with", false)
    .option("--wait-all", "wait as long as tokens live, and then do the second half", false)
    .option("--dry-run", "only say what it would do", false)
    .action(async (options: RotateKeysOptions) => {
      finish(await rotateKeys(options));
    });
}

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
        .choices(["text", "json", "markdown", "html"])
        .default("text"),
    )
    .option("-a, --against <ref|file>", "say what changes for whom since a git ref, or since a saved plan")
    .option(
      "-o, --out <directory>",
      "also write plan.json, preview.md, preview.html and all rendered files there",
    )
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
    .description("run a stack on this machine, with real servers")
    .argument("[command...]", "with --once: the command to run in the lab, with its arguments")
    .option("--once", "run one command in it, on free ports, and end with its exit code", false)
    .option("--free-ports", "not the environment's own ports", false)
    .option("--keep", "leave its directory behind: logs and all files", false)
    .option(
      "--recorders",
      "backends that only record: no Loki, Cortex and Jaeger to bring and to start",
      false,
    )
    // What follows the command's name is the command's own.
    .passThroughOptions()
    .action(async (command: string[], options: LabOptions) => {
      finish(await lab(command, options));
    });
  changing(program, finish);
  onEngine(program, finish);
  running(program, finish);
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
    checkKeptByNpm();
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
