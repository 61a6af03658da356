import { describe, expect, it } from "vitest";
import { ROUTES } from "../../../src/model/routes";
import { READS, WRITES } from "./world";

/** The suite goes by the table: a route that none of its lists holds would be tried by nobody. */
describe("the route table", () => {
  it("is tried whole: as a write by either entry, as a read, or as the tenant API", () => {
    const tried = new Set([
      ...[...WRITES, ...READS].map(({ id }) => id),
      ...ROUTES.filter(
        ({ credential, path }) => credential === "apiKey" && WRITES.some((one) => one.path === path),
      ).map(({ id }) => id),
      ...ROUTES.filter(({ right }) => "api" in right).map(({ id }) => id),
    ]);
    expect(ROUTES.filter(({ id }) => !tried.has(id))).toEqual([]);
    expect(new Set(ROUTES.map(({ id }) => id)).size).toBe(ROUTES.length);
  });

  it("lets agents write and nothing else, and asks the auth service about all else", () => {
    expect(
      ROUTES.filter(
        ({ verifier, right }) => verifier === "agentJwt" && !("signal" in right && right.verb === "write"),
      ),
    ).toEqual([]);
  });
});
