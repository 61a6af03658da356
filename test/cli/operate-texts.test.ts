import { describe, expect, it } from "vitest";
import { formatLost } from "../../src/cli/destroy";
import { exported } from "../../src/cli/env";
import { checkKeptByNpm, checkPassed, needConsent } from "../../src/cli/stack-command";
import { formatFindings } from "../../src/cli/up";
import { peopleOf } from "../../src/cli/users";
import { whereToGo } from "../../src/cli/where-to-go";
import { parseOutputs, type StackOutputs } from "../../src/client/outputs";
import { outputs, tenant } from "./environment";

const HELLO = '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"hello"}}]}]}]}';
const QUERY = `--data-urlencode 'query={service_name=~".+"} |= "hello"'`;

const people = (...names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, { password: `secret-${name}` }]));
const parsed = (change: object): StackOutputs =>
  parseOutputs(JSON.stringify(outputs("http://localhost:8090", change)));

describe("where to go", () => {
  it("is what a newcomer does next, and nothing secret", () => {
    const text = whereToGo(
      {
        stack: "dev",
        certificate: "/home/ana/dev.crt",
        outputs: parsed({
          tenants: {
            mx: { ...tenant("mx", "agent-mx"), users: people("mx-viewer", "mx-admin") },
            co: { ...tenant("co", "agent-co"), state: "suspended", users: people("co-viewer") },
          },
          operators: people("operator"),
        }),
      },
      false,
    );
    expect(text.split("\n")).toEqual([
      "dev is up. Where to go:",
      "  Grafana         http://localhost:4",
      "  Keycloak        http://localhost:8090",
      "  OTLP over HTTP  https://localhost:3  also pushes and reads",
      "  OTLP over gRPC  localhost:2",
      "",
      "Demonstration users, whose passwords npx atalaya users prints:",
      "  co         co-viewer",
      "  mx         mx-admin, mx-viewer",
      "  operators  operator",
      "",
      "Is it well, and are tenants apart?",
      "  npx atalaya health",
      "  npx atalaya check-tenants",
      "",
      "A first token of an agent of mx's, and a first line of log by it:",
      "  npx atalaya token mx",
      `  curl -i --cacert /home/ana/dev.crt -H "$(npx atalaya token mx --header)" -H 'Content-Type: application/json' https://localhost:3/v1/logs -d '${HELLO}'`,
      "",
      "A first query, as whoever logs in by the code that it shows, such as mx-viewer:",
      "  AUTHORIZATION=$(npx atalaya token mx --person --header)",
      `  curl -i --cacert /home/ana/dev.crt -H "$AUTHORIZATION" -H 'x-scope-orgid: tenant-mx' -G https://localhost:3/loki/api/v1/query_range ${QUERY}`,
      "",
      "To stop it and keep all data: npm run destroy",
    ]);
    expect(text).not.toContain("secret-");
  });

  it("names the stack where it is another, and not every tenant of many", () => {
    const many = Object.fromEntries(
      Array.from({ length: 8 }, (_, index) => [
        `t${index}`,
        { ...tenant(`t${index}`, "a"), users: people(`t${index}-viewer`) },
      ]),
    );
    const lines = whereToGo(
      { stack: "test", certificate: "c", outputs: parsed({ tenants: many }) },
      false,
    ).split("\n");
    expect(lines.slice(6, 13)).toEqual([
      "Demonstration users, whose passwords npx atalaya users --stack test prints:",
      ...["t0", "t1", "t2", "t3", "t4"].map((id) => `  ${id}   ${id}-viewer`),
      "  ...  and those of 3 more",
    ]);
    expect(lines).toContain("  npx atalaya token t0 --stack test");
    expect(lines.at(-1)).toBe("To stop it and keep all data: npm run destroy -- --stack test");
  });

  it("has no first steps of a tenant where all are suspended, and no users where there are none", () => {
    const suspended = { mx: { ...tenant("mx", "agent-mx"), state: "suspended" } };
    const text = whereToGo(
      { stack: "dev", certificate: "c", outputs: parsed({ tenants: suspended }) },
      false,
    );
    expect(text).not.toMatch(/token|curl|Demonstration/);
  });
});

it("what is missing is one list, what stops it first", () => {
  const findings = [
    { severity: "warning", what: "Little memory.", remedy: "Add some." },
    { severity: "error", what: "Port 4318 is taken.", remedy: "Free it." },
    { severity: "error", what: "No disk.", remedy: "Make room." },
  ] as const;
  expect(formatFindings(findings, false).split("\n")).toEqual([
    "This machine cannot run it yet; nothing was changed:",
    "  - Port 4318 is taken.",
    "    Free it.",
    "  - No disk.",
    "    Make room.",
    "To be known:",
    "  - Little memory.",
    "    Add some.",
  ]);
});

it("what is lost is listed, with sizes where Docker says them", () => {
  const data = { volumes: ["atalaya-dev-loki.data", "atalaya-dev-mimir.data"], tenants: ["mx", "pe"] };
  expect(formatLost("dev", data, new Map([["atalaya-dev-mimir.data", "1.2GB"]]), false).split("\n")).toEqual([
    "This removes all that dev has, for ever:",
    "  metrics, logs, traces and dashboards of 2 tenants: mx, pe",
    "  every password, key and certificate of it, and all that is in Keycloak",
    "  2 volumes:",
    "    atalaya-dev-loki.data",
    "    atalaya-dev-mimir.data  1.2GB",
  ]);
  expect(formatLost("dev", { volumes: [], tenants: [] }, new Map(), false)).toMatch(/\n {2}0 volumes$/);
});

it("a shell evaluates what env prints", () => {
  expect(exported({ PULUMI_BACKEND_URL: "file:///it's here", DOCKER_HOST: "/plain", EMPTY: undefined })).toBe(
    "export DOCKER_HOST=/plain\nunset EMPTY\nexport PULUMI_BACKEND_URL='file:///it'\\''s here'\n",
  );
});

it("everybody who can log in is listed, with where", () => {
  const found = parsed({
    tenants: { mx: { ...tenant("mx", "a"), users: people("mx-viewer") } },
    operators: people("operator"),
    administrators: {
      keycloak: { user: "admin", password: "secret-k" },
      grafana: { user: "admin", password: "secret-g" },
    },
  });
  const shown = (isLab: boolean) =>
    peopleOf({ outputs: found, isLab }).map(({ of, user, password, url }) =>
      [of, user, password, url].join(" "),
    );
  expect(shown(false)).toEqual([
    "mx mx-viewer secret-mx-viewer http://localhost:4",
    "operators operator secret-operator http://localhost:4",
    "administrators admin secret-k http://localhost:8090",
    "administrators admin secret-g http://localhost:4",
  ]);
  expect(shown(true)).toEqual([
    "mx mx-viewer secret-mx-viewer http://localhost:8090",
    "operators operator secret-operator http://localhost:8090",
    "administrators admin secret-k http://localhost:8090",
  ]);
});

describe("what follows --", () => {
  it("is Pulumi's own, but for what is ours to say", () => {
    expect(() => {
      checkPassed("up", ["--diff", "--parallel", "4"]);
      checkPassed("up", []);
    }).not.toThrow();
    for (const option of [
      ...["--stack", "-s", "--skip-preview", "-f", "-yf", "--policy-pack=mine", "-C", "-C/tmp"],
      ...["--policy-pack-config", "--config-file=x", "--plan", "--help", "-h", "-c", "--remote"],
    ])
      expect(() => {
        checkPassed("up", ["--diff", option]);
      }).toThrow(`up -- ${option}: cannot be passed on to the Pulumi CLI by this command.`);
  });

  it("is no stack", () => {
    expect(() => {
      checkPassed("up", ["prod"]);
    }).toThrow("up prod: names nothing. The stack is --stack NAME;");
  });
});

it("nobody is asked where nobody can answer", () => {
  expect(() => {
    needConsent("up", { stack: "dev", yes: true });
  }).not.toThrow();
  expect(() => {
    needConsent("up", { stack: "test", yes: false });
  }).toThrow("To go ahead without: npm run up -- --stack test --yes");
});

describe("options that npm keeps", () => {
  it("are no options, and would mean another stack: they are named", () => {
    const at = (variables: NodeJS.ProcessEnv) => () => {
      checkKeptByNpm({ npm_lifecycle_event: "destroy", ...variables });
    };
    expect(at({})).not.toThrow();
    expect(at({ npm_config_stack: "prod", npm_config_with_data: "true" })).toThrow(
      "npm kept --stack and --with-data for itself. Options come after --, as in: npm run destroy -- --stack",
    );
    expect(() => {
      checkKeptByNpm({ npm_config_stack: "prod" });
    }).not.toThrow();
  });
});
