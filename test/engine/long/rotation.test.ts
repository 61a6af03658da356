import { beforeAll, describe, expect, it } from "vitest";
import { firstUp, MX, PE, TENANTS, type FirstUp } from "../first-up";
import { withStack, type EngineStack } from "../stack";

const CLIENT = "keycloak:openid/client:Client";
const DAY_MS = 86_400_000;

let first: FirstUp;
beforeAll(async () => {
  first = await firstUp();
}, 180_000);

const client = ({ world }: EngineStack, id: string) => {
  const found = world.things.find(({ type, inputs }) => type === CLIENT && inputs["clientId"] === id);
  return {
    secret: String(found?.outputs["clientSecret"]),
    past: (found?.inputs["extraConfig"] ?? {}) as Readonly<Record<string, string>>,
  };
};

const configure = (stack: EngineStack, value: object) =>
  stack.stack.setConfig("atalaya:clientSecrets", { value: JSON.stringify(value) });

describe("client secrets that are renewed, on the real engine", { timeout: 300_000 }, () => {
  it("renews each when it is due, keeps the one before, and shows none", async () => {
    await withStack(async (stack) => {
      const byKeycloak = client(stack, "agent-mx").secret;
      await configure(stack, { rotateEvery: "90d", overlap: "7d" });

      const preview = await stack.preview(TENANTS);
      expect(preview.problem).toBeUndefined();
      expect(preview.output).toMatch(
        /Client secret renewed: agent-mx, agent-pe, plant, service-mx-shop\. The previous one works until \d{4}-/,
      );
      const begun = await stack.up(TENANTS);
      expect(begun.problem).toBeUndefined();
      expect(begun.operations.filter((one) => !/Container|Volume|Image|Network/.test(one))).toEqual([
        "create atalaya:identity:SecretRotationPolicy client-secrets",
        "create keycloak:RealmClientPolicyProfile client-secrets-profile",
        "create keycloak:RealmClientPolicyProfilePolicy client-secrets-policy",
        "create random:RandomPassword agent-mx-secret",
        "create random:RandomPassword agent-pe-secret",
        "create random:RandomPassword plant-secret",
        "create random:RandomPassword service-mx-shop-secret",
        "update keycloak:Client agent-mx-client",
        "update keycloak:Client agent-pe-client",
        "update keycloak:Client plant-client",
        "update keycloak:Client service-mx-shop-client",
      ]);
      const second = client(stack, "agent-mx");
      expect(second.past["client.secret.rotated"]).toBe(byKeycloak);
      expect(second.secret).not.toBe(byKeycloak);

      expect((await stack.up([MX, PE])).operations).toEqual([]);

      const since = Number(second.past["client.secret.rotated.creation.time"]) * 1_000;
      await configure(stack, {
        ...{ rotateEvery: "90d", overlap: "7d" },
        leaked: { "agent-mx": new Date(since + 1_000).toISOString().replace(/\.\d+Z/, "Z") },
      });
      const cut = await stack.up(TENANTS);
      expect(cut.problem).toBeUndefined();
      expect(cut.operations).toEqual([
        "replace docker:Container agent-mx-secrets",
        "replace random:RandomPassword agent-mx-secret",
        "update keycloak:Client agent-mx-client",
      ]);
      const third = client(stack, "agent-mx");
      expect(Object.keys(third.past)).not.toContain("client.secret.rotated");
      expect(client(stack, "agent-pe").past["client.secret.rotated"]).toMatch(/^\S{20,}$/);
      const secrets = [byKeycloak, second.secret, third.secret];
      expect(new Set(secrets).size).toBe(3);
      const shown = [preview, begun, cut].map((run) => run.output + JSON.stringify(run.events)).join("\n");
      expect(
        secrets.filter((secret) => shown.includes(secret) || stack.stateText().includes(secret)),
      ).toEqual([]);
      expect(since).toBeGreaterThan(Date.now() - DAY_MS);
    }, first);
  });
});
