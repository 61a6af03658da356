import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { formatProblem, loadInputs, loadProjectList, loadStackConfig, stacksOf } from "../../src/config";
import { problemsOf } from "./helpers";

let root = "";
const write = (name: string, text: string): void => {
  writeFileSync(join(root, name), text);
};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "atalaya-stack-"));
  write(
    "Pulumi.yaml",
    `name: atalaya
runtime: nodejs
config:
  host: { type: string }
  debugPorts: { type: boolean, default: false }
  trustedProxies: { type: integer, default: 0 }
  publish: { type: object, default: {} }
  atalaya:domain: localhost
  docker:host: { value: unix:///run/docker.sock }
`,
  );
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

describe("a stack's configuration without the CLI", () => {
  it("is the project's defaults and the stack's values, as the engine gives them", () => {
    write(
      "Pulumi.dev.yaml",
      `secretsprovider: passphrase
encryptionsalt: v1:abc
config:
  atalaya:host: docker
  atalaya:debugPorts: true
  atalaya:publish: { ports: { grafana: 3001 } }
  atalaya:mx-slack: { secure: AAABAK }
  atalaya:identityProviders: [{ alias: corp, clientSecret: { secure: AAAB } }]
  aws:token: { secure: AAAB }
  atalaya:config:overCapacity: warn
`,
    );
    const found = loadStackConfig(root, "dev");
    expect([...found.config]).toEqual([
      ["atalaya:debugPorts", "true"],
      ["atalaya:domain", "localhost"],
      ["atalaya:host", "docker"],
      ["atalaya:identityProviders", "preview:config-secret:identityProviders"],
      ["atalaya:mx-slack", "preview:config-secret:mx-slack"],
      ["atalaya:overCapacity", "warn"],
      ["atalaya:publish", '{"ports":{"grafana":3001}}'],
      ["atalaya:trustedProxies", "0"],
      ["aws:token", "preview:config-secret:aws:token"],
      ["docker:host", "unix:///run/docker.sock"],
    ]);
    expect(found.secretKeys).toEqual(["aws:token", "identityProviders", "mx-slack"]);
    expect(found.project).toBe("atalaya");
  });

  it("may be nothing but the defaults", () => {
    write("Pulumi.dev.yaml", "config:\n");
    expect(loadStackConfig(root, "dev").config.get("atalaya:trustedProxies")).toBe("0");
    write("Pulumi.dev.yaml", "config: {}\n");
    expect(loadStackConfig(root, "dev").secretKeys).toEqual([]);
  });

  it("knows the stacks there are", () => {
    write("Pulumi.prod.yaml", "config: {}\n");
    write("Pulumi.dev.yaml", "config: {}\n");
    write("Pulumi.a.b.yaml", "config: {}\n");
    expect(stacksOf(root)).toEqual(["dev", "prod"]);
    expect(problemsOf(() => loadStackConfig(root, "prd"))).toEqual([
      'Pulumi.prd.yaml: there is no stack "prd". Did you mean "prod"? Stacks here: dev, prod.',
    ]);
    expect(problemsOf(() => loadStackConfig(root, "../../etc"))).toHaveLength(1);
    expect(problemsOf(() => loadStackConfig(join(root, "nowhere"), "dev"))).toEqual([
      'Pulumi.dev.yaml: there is no stack "dev". There is no stack here yet. Create the file, or name one that exists.',
      "Pulumi.yaml: does not exist. Create it, or correct the path that leads here.",
    ]);
  });

  it.each([
    [
      "keys without a namespace",
      "config:\n  host: docker\n",
      'Pulumi.dev.yaml:2:3: config.host has no namespace. Write "atalaya:host".',
    ],
    [
      "unknown fields",
      "confg:\n  atalaya:host: docker\n",
      'Pulumi.dev.yaml:1:1: confg is not a known field. Did you mean "config"?',
    ],
    [
      "a list",
      "config: [a]\n",
      'Pulumi.dev.yaml:1:9: config has the wrong type. Write "atalaya:<setting>: <value>" lines below it.',
    ],
    [
      "values from elsewhere",
      "environment: [shared]\nconfig: {}\n",
      "Pulumi.dev.yaml:1:1: environment takes values from Pulumi ESC, which cannot be read without Pulumi's CLI. Write them under config.",
    ],
    [
      "a text",
      "docker\n",
      'Pulumi.dev.yaml:1:1: the file is not a map of fields. Write it as "field: value" lines.',
    ],
    [
      "nothing at all",
      "# atalaya:host: docker\n",
      'Pulumi.dev.yaml: the file is empty. Write "config:" and "atalaya:<setting>: <value>" lines below it, or take it back from git.',
    ],
    [
      "settings written twice",
      "config:\n  atalaya:host: docker\n  atalaya:host: kubernetes\n",
      "Pulumi.dev.yaml:3:3: config.atalaya:host is written twice (first in line 2). Keep one of the two.",
    ],
  ])("refuses %s", (_name, text, expected) => {
    write("Pulumi.dev.yaml", text);
    expect(problemsOf(() => loadStackConfig(root, "dev"))).toEqual([expected]);
  });

  it("refuses an empty project", () => {
    write("Pulumi.yaml", "");
    write("Pulumi.dev.yaml", "config: {}\n");
    expect(problemsOf(() => loadStackConfig(root, "dev"))).toEqual([
      "Pulumi.yaml: the file is empty. Take it back from git.",
    ]);
  });

  it("refuses a project without a name", () => {
    write("Pulumi.yaml", "runtime: nodejs\n");
    write("Pulumi.dev.yaml", "config: {}\n");
    expect(problemsOf(() => loadStackConfig(root, "dev"))).toEqual([
      "Pulumi.yaml:1:1: name is missing. Add the project's name: atalaya.",
    ]);
  });
});

describe("all inputs together", () => {
  const capacity =
    "{ requests: 500/s, samples: 50000/s, activeSeries: 1000000, logs: 20MiB/s, traces: 20MiB/s }";

  it("report the stack's and the list's problems at once, each where it stands", () => {
    write(
      "Pulumi.dev.yaml",
      `config:\n  atalaya:host: docker\n  atalaya:hots: x\n  atalaya:publish:\n    ports: { grafana: 0 }\n  atalaya:capacity: ${capacity}\n`,
    );
    write("tenants.yaml", "tenants:\n  - { id: MX, name: México }\n");
    expect(problemsOf(() => loadInputs(root, "dev"))).toEqual([
      'Pulumi.dev.yaml:3:3: atalaya:hots is not a known setting, and not encrypted as a secret would be. Did you mean "host"?',
      "Pulumi.dev.yaml:5:23: atalaya:publish.ports.grafana 0 is not a whole number from 1 to 65535. Write one.",
      'tenants.yaml:2:11: tenants[0] "MX": id "MX" is not a tenant id. Write 2 to 40 lower-case letters, digits and single dashes between them, a letter first, such as "mx".',
    ]);
  });

  it("give the environment, its tenants and the warnings", () => {
    write(
      "Pulumi.dev.yaml",
      `config:\n  atalaya:host: docker\n  atalaya:tenants: lists.yaml\n  atalaya:publish: { address: 0.0.0.0 }\n  atalaya:overCapacity: warn\n  atalaya:capacity: ${capacity}\n`,
    );
    write(
      "lists.yaml",
      "tenants:\n  - { id: mx, name: México, limits: { edge: { requests: 600/s } }, contacts: [{ name: a, slack: key }] }\n",
    );
    const { environment, tenants, warnings } = loadInputs(root, "dev");
    expect(environment.name).toBe("dev");
    expect(tenants.map(({ id, contacts }) => [id, contacts])).toEqual([["mx", []]]);
    expect(warnings.map((warning) => formatProblem(warning).split(" is ")[0])).toEqual([
      'Pulumi.dev.yaml:4:31: atalaya:publish.address "0.0.0.0"',
      "lists.yaml:1:1: tenants together have limits.edge.requests of 600/s, 120% of this environment's capacity 500/s (largest: mx 600/s). Lower limits, or raise atalaya:capacity.requests in Pulumi.dev.yaml together with what carries it.",
      'lists.yaml:2:79: tenants[0] "mx": contacts[0]',
    ]);
  });

  describe("that name files and environments", () => {
    const MX = "tenants:\n  - { id: MX, name: México }\n";
    const before = process.cwd();
    const filesOf = (tenants?: string): string[] =>
      problemsOf(() => loadInputs(root, "dev", tenants === undefined ? {} : { tenants })).map(
        (line) => line.split(": ")[0] ?? "",
      );
    beforeEach(() => {
      write(
        "Pulumi.dev.yaml",
        `config:\n  atalaya:host: docker\n  atalaya:colour: red\n  atalaya:capacity: ${capacity}\n`,
      );
      mkdirSync(join(root, "inner"));
    });
    afterEach(() => {
      process.chdir(before);
    });

    it("call the project's own files the same from every directory", () => {
      write("tenants.yaml", MX);
      for (const directory of [before, root, join(root, "inner"), tmpdir()]) {
        process.chdir(directory);
        expect(filesOf()).toEqual(["Pulumi.dev.yaml:3:3", "tenants.yaml:2:11"]);
      }
    });

    it("call another list as it is seen from where one is", () => {
      write("inner/other.yaml", MX);
      const other = join(root, "inner", "other.yaml");
      process.chdir(join(root, "inner"));
      expect(filesOf(other)).toContain("other.yaml:2:11");
      process.chdir(before);
      expect(filesOf(other)).toContain(`${other}:2:11`);
      expect(filesOf("inner/other.yaml")).toContain("inner/other.yaml:2:11");
    });

    it("refuse another list without a name, together with what else is wrong", () => {
      for (const nothing of ["", " "])
        expect(problemsOf(() => loadInputs(root, "dev", { tenants: nothing }))).toEqual([
          "--tenants: names no file. Name one, or leave it out for the stack's own list.",
          "Pulumi.dev.yaml:3:3: atalaya:colour is not a known setting, and not encrypted as a secret would be. Known: capacity, clientSecrets, debugPorts, demonstrationUsers, domain, host, identityProviders, imageRegistry, maximumRetention, overCapacity, publish, sizes, tenants, trustedProxies, upstreams.",
        ]);
    });

    it("refuse tenants of an environment that has no stack", () => {
      write("Pulumi.dev.yaml", `config:\n  atalaya:host: docker\n  atalaya:capacity: ${capacity}\n`);
      write("Pulumi.prod.yaml", "config: {}\n");
      write("tenants.yaml", "tenants:\n  - { id: mx, name: México, environments: [dve, prod] }\n");
      const expected =
        'tenants.yaml:2:44: tenants[0] "mx": environments[0] "dve" is not an environment of this project. Did you mean "dev"? An environment is a stack: a new one begins with its file Pulumi.dve.yaml.';
      expect(problemsOf(() => loadInputs(root, "dev"))).toEqual([expected]);
      expect(problemsOf(() => loadInputs(root, "dev", { tenants: "tenants.yaml" }))).toEqual([expected]);
      expect(problemsOf(() => loadProjectList(root, "dev", "tenants.yaml"))).toEqual([expected]);
    });

    it("know the stack that runs, also when its configuration is kept elsewhere", () => {
      write("tenants.yaml", "tenants:\n  - { id: mx, name: México, environments: [qa] }\n");
      expect(loadProjectList(root, "qa", "tenants.yaml").tenants).toHaveLength(1);
    });
  });
});
