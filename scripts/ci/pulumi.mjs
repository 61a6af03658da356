// node scripts/ci/pulumi.mjs preview|up|drift: runs the Pulumi CLI on PATH for one stack, with the policy pack, and says what came
// of it in the job's summary. Environment: STACK, and what Pulumi itself needs. Exit codes: those of the CLI; drift that was
// found is 0.
//   preview  shows what an update would do; changes nothing
//   up       brings the stack to what is committed here
//   drift    asks what an update would do now, and leaves it in out/drift/{drift.json,report.md}; changes nothing
import { spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { codeBlock, cut, FORM, InputError, needed, root, step, summarize } from "./environment.mjs";

const LARGEST = 20_000;

/** A secret that the repository does not have arrives as an empty one, which Pulumi would take for the passphrase. */
const environment = () => ({
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name, value]) => !name.startsWith("PULUMI_") || value !== ""),
  ),
  PULUMI_SKIP_UPDATE_CHECK: "true",
  PULUMI_ERROR_OUTPUT_STRING: "true",
});

/** Runs `pulumi` to its end. Shows what it prints as it comes, unless it is for us. */
function pulumi(args, { quiet = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn("pulumi", ["--non-interactive", "--color=never", ...args], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      env: environment(),
    });
    const text = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"])
      child[name].setEncoding("utf8").on("data", (chunk) => {
        text[name] += chunk;
        if (!quiet || name === "stderr") process[name].write(chunk);
      });
    // An update that is cut off leaves operations open: it is asked to end, and ends when it has written its state.
    for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
    child.once("error", (error) => {
      reject(
        new InputError(
          `The Pulumi CLI cannot be started (${error.message}). Install it in a step before this one.`,
        ),
      );
    });
    child.once("close", (code) => {
      resolve({ code: code ?? 3, ...text });
    });
  });
}

const POLICIES = ["--policy-pack", "policies"];

const QUIET = ["--suppress-outputs", "--suppress-progress"];

async function preview(stack) {
  const { code, stdout, stderr } = await pulumi(["preview", "--stack", stack, ...QUIET, ...POLICIES]);
  const shown = codeBlock(tail(code === 0 ? stdout : `${stdout}\n${stderr}`));
  summarize(
    `## ${stack}: ${code === 0 ? "what an update would do" : "an update would be refused"}\n\n${shown}`,
  );
  return code;
}

async function up(stack) {
  // With its preview: there the policies see the whole stack before the first resource is touched.
  const { code, stdout, stderr } = await pulumi(["up", "--stack", stack, "--yes", ...QUIET, ...POLICIES]);
  if (code !== 0) {
    summarize(`## ${stack}: not applied\n\n${codeBlock(tail(`${stdout}\n${stderr}`))}`);
    return code;
  }
  const outputs = await outputsOf(stack);
  summarize(`## ${stack}: applied\n\n${codeBlock(tail(stdout))}\n\n### Outputs\n\n${outputs}`);
  return 0;
}

/** The outputs as a table. They are asked for without --show-secrets, so that a secret never reaches this process. */
async function outputsOf(stack) {
  const { code, stdout } = await pulumi(["stack", "output", "--stack", stack, "--json"], { quiet: true });
  if (code !== 0) return "They could not be read.";
  const rows = Object.entries(JSON.parse(stdout || "{}")).sort(([a], [b]) => (a < b ? -1 : 1));
  if (rows.length === 0) return "There are none.";
  return [
    "| Output | Value |",
    "| --- | --- |",
    ...rows.map(([name, value]) => `| ${cell(name)} | ${shown(value)} |`),
  ].join("\n");
}

function shown(value) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (text === "[secret]") return "secret: `pulumi stack output --show-secrets`";
  return `\`${cell(text.length > 500 ? `${text.slice(0, 500)}...` : text)}\``;
}

const cell = (text) => text.replaceAll("`", "'").replaceAll("|", "\\|").replaceAll(/\s+/g, " ");

/** The last of it: what was done is listed there. */
const tail = (text) => (text.trim().length > LARGEST ? `...\n${text.trim().slice(-LARGEST)}` : text.trim());

async function drift(stack) {
  const directory = join(root, "out", "drift");
  rmSync(directory, { recursive: true, force: true });
  const { code, stdout, stderr } = await pulumi(
    ["preview", "--stack", stack, "--refresh", "--expect-no-changes", "--json", ...POLICIES],
    { quiet: true },
  );
  const plan = parsed(stdout);
  const changes = (plan?.steps ?? []).filter(({ op }) => op !== "same" && op !== "read" && op !== "refresh");
  // The CLI exits alike for a change and for a failure; only the former has a plan with changes and no error in it.
  const failed = plan === undefined || (code !== 0 && changes.length === 0) || hasErrors(plan);
  if (failed) {
    summarize(
      `## ${stack}: drift could not be checked\n\n${codeBlock(tail(`${errorsOf(plan)}\n${stderr}`))}`,
    );
    process.stderr.write(`${errorsOf(plan)}\n`);
    return code === 0 ? 3 : code;
  }
  const found = changes.length > 0;
  const report = found ? reportOf(stack, changes) : `${stack} is what is committed here.`;
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "report.md"), `${report}\n`);
  writeFileSync(join(directory, "drift.json"), `${JSON.stringify({ drift: found })}\n`);
  summarize(`## ${stack}: ${found ? "drift" : "no drift"}\n\n${report}`);
  return 0;
}

/** With --json, the CLI prints one object, after lines of its own where it is older. */
function parsed(text) {
  try {
    return JSON.parse(text.slice(text.indexOf("{")));
  } catch {
    return undefined;
  }
}

const isError = ({ severity, message = "" }) =>
  severity === "error" && !/no changes were expected but changes were proposed/i.test(message);
const hasErrors = (plan) => (plan.diagnostics ?? []).some(isError);
const errorsOf = (plan) =>
  (plan?.diagnostics ?? [])
    .filter(isError)
    .map(({ message }) => message)
    .join("\n");

/** Names of resources and properties only: values may be nobody's business, and an issue is for everybody to read. */
function reportOf(stack, changes) {
  const lines = changes.map(({ op, urn = "", diffReasons = [] }) => {
    const [, , type = "", ...name] = urn.split("::");
    const what = diffReasons.length > 0 ? ` (${diffReasons.join(", ")})` : "";
    return `- ${op}: ${type.split("$").at(-1)} \`${name.join("::")}\`${what}`;
  });
  return cut(
    [
      `What runs as ${stack} is not what is committed: an update would change ${new Set(changes.map(({ urn }) => urn)).size} of its resources.`,
      "",
      ...lines,
      "",
      "Either somebody changed it by hand, or a change was merged and not applied. `pulumi up` makes it what is committed;",
      "what is to stay belongs into the list.",
    ].join("\n"),
    60_000,
  );
}

await step(async () => {
  const [command] = process.argv.slice(2);
  const commands = { preview, up, drift };
  if (!Object.hasOwn(commands, command ?? ""))
    throw new InputError("usage: node scripts/ci/pulumi.mjs preview|up|drift");
  return await commands[command](needed("STACK", FORM.stack));
});
