import { afterAll, beforeAll, expect, it } from "vitest";
import { labInput } from "../../../../src/lab/declare";
import type { Lab } from "../../../../src/lab/lab";
import { startLab } from "../../../../src/lab/start";
import { tenant } from "../../../render/input";
import { plantItems, withAgents } from "../actors";
import { sample, seeded } from "../sample";
import { RULES, ruleFor } from "../table";
import { roomy, tryAll } from "../tries";
import { signalOf, verbOf, type Wanted } from "../try";

const TENANTS = 300;
/** Told on failure, so that the same sample can be tried again. */
const SEED = Number(process.env["ATALAYA_SEED"] ?? Date.now() % 1_000_000);
const SHOWN = 40;

let lab: Lab;
beforeAll(async () => {
  const input = labInput("dev");
  const ids = Array.from({ length: TENANTS }, (_, index) => `t${String(index + 1).padStart(3, "0")}`);
  lab = await startLab({
    freePorts: true,
    input: {
      ...input,
      // Nobody of theirs logs in here, and Keycloak takes its time for every user.
      environment: { ...input.environment, demonstrationUsers: false },
      tenants: roomy(ids.map((id) => tenant(id, { services: [] }))),
    },
  });
}, 900_000);
afterAll(() => lab.stop());

/** In how many of the tries somebody is in this role, by signal and verb: the least of all tenants. */
function least(wanted: readonly Wanted[], role: "who" | "whose"): readonly (readonly [string, number])[] {
  const foreign = wanted.filter(({ who, whose }) => who !== whose);
  const groups = Map.groupBy(foreign, ({ route }) => `${signalOf(route)} ${verbOf(route)}`);
  return [...groups].map(([what, tries]) => {
    const each = [...Map.groupBy(tries, (one) => one[role].id).values()].map(({ length }) => length);
    return [what, each.length < TENANTS ? 0 : Math.min(...each)] as const;
  });
}

it("300 tenants try each other's data, all at once: exactly what the table says, and nothing else arrives", async () => {
  const actors = await withAgents(
    lab,
    lab.tenants.map(({ id }) => id),
  );
  expect(actors).toHaveLength(TENANTS);
  lab.store.clear();
  await plantItems(lab, actors);
  const wanted = sample(actors, seeded(SEED));
  // Everybody as who tries and as who is tried, by both credentials and every header.
  for (const role of ["who", "whose"] as const)
    expect(least(wanted, role)).toEqual(
      ["metrics", "logs", "traces"].flatMap((signal) =>
        ["writes", "reads"].map((verb) => [`${signal} ${verb}`, 6]),
      ),
    );
  const { tries, arrived, problems } = await tryAll(lab, wanted);
  console.info(`${tries} tries in ${TENANTS} tenants, ${arrived} reached a backend; seed ${SEED}`);
  expect({ seed: SEED, problems: problems.slice(0, SHOWN) }).toEqual({ seed: SEED, problems: [] });
  expect(tries).toBe(3 * 2 * (6 + 1) * TENANTS);
  const arriving = wanted.filter(({ who, whose, route, credential, named }) => {
    const rule = ruleFor(credential, verbOf(route), named);
    return (who === whose ? rule.own : rule.foreign) === "as himself";
  });
  expect(arrived).toBe(arriving.length);
  expect(arrived).toBeGreaterThan(TENANTS * RULES.length * 0.4);
}, 600_000);
