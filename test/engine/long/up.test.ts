import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import type { Finished } from "../../servers";
import { machine, type Machine } from "../commands";
import { TENANTS } from "../first-up";
import { World } from "../provider/world";

const world = new World();
let on: Machine;
let first: Finished;
beforeAll(async () => {
  on = await machine(world, TENANTS);
  first = await on.atalaya(["up", "--yes"]);
}, 300_000);
afterAll(async () => {
  await on[Symbol.asyncDispose]();
});

/** A busy machine takes longer than two seconds for anything. */
const withoutProgress = (text: string): string => text.replaceAll(/^.* \.\.\.\n/gm, "");

/** What a person sees at the end, who has a browser and a terminal. */
const report = (): string => {
  const { ports, home } = on;
  const [edge, curl] = [
    `https://localhost:${ports.otlpHttp}`,
    `curl -i --cacert ${home}/certificates/dev.crt`,
  ];
  const hello = '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"hello"}}]}]}]}';
  return [
    "dev is up. Where to go:",
    `  Grafana         http://localhost:${ports.grafana}`,
    `  Keycloak        http://localhost:${ports.keycloak}`,
    `  OTLP over HTTP  ${edge}  also pushes and reads`,
    `  OTLP over gRPC  localhost:${ports.otlpGrpc}`,
    "",
    "Demonstration users, whose passwords npx atalaya users prints:",
    "  mx         mx-admin, mx-editor, mx-viewer",
    "  pe         pe-admin, pe-editor, pe-viewer",
    "  operators  operator",
    "",
    "Is it well, and are tenants apart?",
    "  npx atalaya health",
    "  npx atalaya check-tenants",
    "",
    "A first token of an agent of mx's, and a first line of log by it:",
    "  npx atalaya token mx",
    `  ${curl} -H "$(npx atalaya token mx --header)" -H 'Content-Type: application/json' ${edge}/v1/logs -d '${hello}'`,
    "",
    "A first query, as whoever logs in by the code that it shows, such as mx-viewer:",
    "  AUTHORIZATION=$(npx atalaya token mx --person --header)",
    `  ${curl} -H "$AUTHORIZATION" -H 'x-scope-orgid: tenant-mx' -G ${edge}/loki/api/v1/query_range --data-urlencode 'query={service_name=~".+"} |= "hello"'`,
    "",
    "To stop it and keep all data: npm run destroy",
    "",
  ].join("\n");
};

/** What must be in nothing that is printed. */
const passwords = (): readonly string[] => [
  readFileSync(join(on.home, "passphrase"), "utf8"),
  ...world.of("keycloak:index/user:User").map(({ inputs }) => {
    const { value } = inputs["initialPassword"] as { readonly value: string };
    return value;
  }),
];

describe("a first up", () => {
  it("says what it does it with, and ends with where to go", () => {
    expect({ ...first, stdout: "" }).toEqual({ code: 0, stdout: "", stderr: expect.any(String) as string });
    expect(withoutProgress(first.stderr)).toBe("");
    const { home } = on;
    expect(first.stdout.split("\n").slice(0, 5)).toEqual([
      expect.stringMatching(/^dev: 2 tenants on docker, \d+ resources, all \d+ policies pass$/),
      expect.stringMatching(/^Pulumi {2}3\.200\.0, \/.*\/bin\/pulumi$/),
      `State   on this machine, ${home}/state; secrets by the passphrase in ${home}/passphrase`,
      "Stack dev is new. Pulumi has written encryptionsalt to Pulumi.dev.yaml, by which it knows the passphrase again: keep it there, and do not commit it: the passphrase is this machine's own, and colleagues could not open the stack with theirs.",
      `Without ${home}/passphrase nobody can read its secrets: back that directory up.`,
    ]);
    expect(first.stdout.slice(first.stdout.indexOf("dev is up."))).toBe(report());
    expect(first.stdout).toContain("policies");
  });

  it("prints no password", () => {
    expect(passwords()).toHaveLength(1 + 2 * 3 + 1);
    expect(passwords().filter((one) => one === "" || first.stdout.includes(one))).toEqual([]);
  });

  it("leaves the certificate for curl, and nobody's stack selected", () => {
    expect(readFileSync(join(on.home, "certificates", "dev.crt"), "utf8")).toMatch(/^-----BEGIN CERTIFICATE/);
    expect(readdirSync(on.home).sort()).toEqual(["certificates", "passphrase", "stacks", "state"]);
  });
});

describe("commands of a stack that is up", { timeout: 300_000 }, () => {
  it("up again changes nothing, and ends as the first did", async () => {
    const before = structuredClone(world.things);
    const again = await on.atalaya(["up", "--yes", "--", "--suppress-outputs"]);
    expect(again.code).toBe(0);
    expect(again.stdout.slice(again.stdout.indexOf("dev is up."))).toBe(report());
    expect(again.stdout).not.toContain("is new");
    expect(world.things).toEqual(before);
  });

  it("users prints every password, on request", async () => {
    const { code, stdout } = await on.atalaya(["users", "--json"]);
    const people = JSON.parse(stdout) as readonly { readonly of: string; readonly user: string }[];
    expect(code).toBe(0);
    expect(people.map(({ of, user }) => `${of} ${user}`)).toEqual([
      ...["mx mx-admin", "mx mx-editor", "mx mx-viewer", "pe pe-admin", "pe pe-editor", "pe pe-viewer"],
      ...["operators operator", "administrators admin", "administrators admin"],
    ]);
    expect(
      passwords()
        .slice(1)
        .filter((one) => !stdout.includes(one)),
    ).toEqual([]);
  });

  it("a lock says who to ask", async () => {
    const locks = join(on.home, "state/.pulumi/locks/organization/atalaya/dev");
    mkdirSync(locks, { recursive: true });
    const lock = { pid: 1, username: "ana", hostname: "elsewhere", timestamp: "2026-01-01T00:00:00Z" };
    writeFileSync(join(locks, "lock.json"), JSON.stringify(lock));
    const { code, stderr } = await on.atalaya(["refresh", "--yes"]);
    rmSync(join(locks, "lock.json"));
    expect([code, stderr.trim().split("\n").at(-1)]).toEqual([
      1,
      "Another update of stack dev runs, or was killed. Wait for the one that runs; after one that was killed: npx atalaya recover --stack dev",
    ]);
  });

  it("a state that changes while its data is looked at is not removed", async () => {
    const file = join(on.home, "state/.pulumi/stacks/atalaya/dev.json");
    const [state, before] = [readFileSync(file, "utf8"), structuredClone(world.things)];
    const { code, stderr } = await on.atalaya(["destroy", "--with-data", "--yes"], {
      MEANWHILE: `sed -i 's/"protect": true/"protect": false/' '${file}'`,
    });
    expect([code, withoutProgress(stderr)]).toEqual([
      2,
      "Stack dev has changed meanwhile, and nothing was removed. Look again.\n",
    ]);
    expect(world.things).toEqual(before);
    writeFileSync(file, state);
  });

  it("a wrong passphrase is said, by those that only read as well", async () => {
    const env = { PULUMI_CONFIG_PASSPHRASE: "another" };
    for (const args of [
      ["refresh", "--yes"],
      ["token", "mx"],
    ]) {
      const { code, stderr } = await on.atalaya(args, env);
      expect([code, stderr]).toEqual([
        2,
        expect.stringContaining(
          "The passphrase of stack dev is not the right one: set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE.\n",
        ),
      ]);
    }
  });
});

/** A stack's settings with another address to publish on. */
function published(settings: string, address: string): string {
  const { config, ...rest } = parse(settings) as { readonly config: Readonly<Record<string, object>> };
  return stringify({
    ...rest,
    config: { ...config, "atalaya:publish": { ...config["atalaya:publish"], address } },
  });
}

describe("what is refused before anything is asked of Docker or Pulumi", { timeout: 120_000 }, () => {
  const refused = async (args: readonly string[], env = {}): Promise<readonly unknown[]> => {
    const before = on.asked().length;
    const { code, stdout, stderr } = await on.atalaya(args, env);
    expect(on.asked().length).toBe(before);
    return [code, withoutProgress(`${stdout}${stderr}`)];
  };

  it("an option that npm kept, and one beside --with-data", async () => {
    expect(
      await refused(["destroy", "--yes"], { npm_lifecycle_event: "destroy", npm_config_stack: "prod" }),
    ).toEqual([2, "npm kept --stack for itself. Options come after --, as in: npm run destroy -- --stack\n"]);
    expect(await refused(["destroy", "--with-data", "--yes", "--", "--target=x"])).toEqual([
      2,
      "destroy --with-data -- --target=x: removes all there is, and takes nothing for the Pulumi CLI.\n",
    ]);
  });

  it.each(["up", "destroy", "refresh"])("%s that nobody can confirm", async (command) => {
    expect(await refused([command])).toEqual([
      2,
      `${command} asks before it changes anything, and there is no terminal to ask on. To go ahead without: npm run ${command} -- --stack dev --yes\n`,
    ]);
  });

  it("what is not for Pulumi", async () => {
    expect(await refused(["up", "prod", "--yes"])).toEqual([
      2,
      "up prod: names nothing. The stack is --stack NAME; what is for the Pulumi CLI comes after --, as in: npx atalaya up -- --diff\n",
    ]);
    expect(await refused(["up", "--yes", "--", "--diff", "--skip-preview"])).toEqual([
      2,
      "up -- --skip-preview: cannot be passed on to the Pulumi CLI by this command.\n",
    ]);
  });

  it("what a policy forbids, by its name and with its remedy", async () => {
    const file = join(on.root, "Pulumi.dev.yaml");
    const settings = readFileSync(file, "utf8");
    writeFileSync(file, published(settings, "0.0.0.0"));
    const [code, said] = await refused(["up", "--yes"]);
    writeFileSync(file, settings);
    expect([code, said]).toEqual([
      1,
      expect.stringMatching(
        /, \d+ violations of policies\n[^]*\npublished-ports-name-an-address: [^]*\n {2}remedy: [^]*\n\nNothing was changed\.\n$/,
      ),
    ]);
  });

  it("a mistake in the list", async () => {
    on.list([{ id: "mx", name: "México", plan: "larg" }]);
    const [code, said] = await refused(["up", "--yes"]);
    on.list(TENANTS);
    expect([code, said]).toEqual([2, expect.stringMatching(/plan "larg" is not a plan of this list/)]);
  });
});

it("up says all that is missing at once, and changes nothing", { timeout: 120_000 }, async () => {
  const { code, stderr } = await on.atalaya(["up", "--yes"], { NO_DOCKER: "yes" });
  expect([code, withoutProgress(stderr).trim().split("\n").slice(0, 2)]).toEqual([
    2,
    [
      "This machine cannot run it yet; nothing was changed:",
      "  - The Docker engine at unix:///run/user/1000/docker.sock does not answer: Cannot connect to the Docker daemon. Is the docker daemon running?",
    ],
  ]);
});
