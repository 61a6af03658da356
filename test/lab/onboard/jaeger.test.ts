import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { parseOutputs } from "../../../src/client/outputs";
import { marked, traceId } from "../../../src/client/telemetry";
import type { Lab } from "../../../src/lab/lab";
import { PEOPLE_CLIENT } from "../../../src/model/names";
import { ROUTES, type Route } from "../../../src/model/routes";
import { freePort, server, waitUntil } from "../../servers";
import { send, type Header } from "../isolation/wire";
import { sharedLab } from "../shared";
import { HandedOut, storedFor } from "./handed-out";

describe("onboard --shipper jaeger", () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await sharedLab();
  }, 180_000);

  const handOut = () =>
    HandedOut.make(lab, "jaeger", { jaeger: server("otelcol").bin }, { withSecret: false });
  const traces = (): Route => {
    const found = ROUTES.find(({ id }) => id === "otlp-http-traces");
    if (found === undefined) throw new Error("no such route");
    return found;
  };

  /** In place of `npx atalaya token mx --person --header > me`, which wants a browser. */
  async function logIn(handedOut: HandedOut): Promise<void> {
    const username = "mx-editor";
    const outputs = parseOutputs(readFileSync(lab.outputsFile, "utf8"));
    const password = outputs.tenants["mx"]?.users[username]?.password ?? "";
    const form = { grant_type: "password", client_id: PEOPLE_CLIENT, username, password };
    const type: Header = ["content-type", "application/x-www-form-urlencoded"];
    const body = Buffer.from(new URLSearchParams(form).toString());
    const all = { listener: "otlpHttp", method: "POST", path: "/api/token", source: "127.0.0.1" } as const;
    const answer = await send(lab, { ...all, headers: [type], body });
    const { access_token: token } = JSON.parse(answer.body) as { access_token: string };
    handedOut.write("me", `Authorization: Bearer ${token}`);
  }

  async function begin(handedOut: HandedOut) {
    const [grpc, http, jaegerGrpc, jaegerHttp, zipkin] = await Promise.all(
      Array.from({ length: 5 }, freePort),
    );
    const env = {
      ATALAYA_OTLP_GRPC: `127.0.0.1:${grpc ?? 0}`,
      ATALAYA_OTLP_HTTP: `127.0.0.1:${http ?? 0}`,
      ATALAYA_JAEGER_GRPC: `127.0.0.1:${jaegerGrpc ?? 0}`,
      ATALAYA_JAEGER_HTTP: `127.0.0.1:${jaegerHttp ?? 0}`,
      ATALAYA_ZIPKIN: `127.0.0.1:${zipkin ?? 0}`,
    };
    return { running: await handedOut.begin({ port: http ?? 0 }, env), http, zipkin };
  }

  const post = async (url: string, type: string, body: Uint8Array | string): Promise<number> =>
    (await fetch(url, { method: "POST", headers: { "content-type": type }, body: body as BodyInit })).status;

  it("passes OTLP and Zipkin on to its tenant alone, with a key that is made by its README's command", async () => {
    using handedOut = await handOut();
    await logIn(handedOut);
    const [login = "", key = ""] = handedOut.commands("Secret");
    expect(login).toMatch(/^umask 077; npx atalaya token mx --person --header --outputs \S+ > me$/);
    expect(await handedOut.shell(key)).toMatchObject({ code: 0, stderr: "" });
    expect(handedOut.read("secrets/api-key")).toMatch(/^atl_mx_[0-9A-Za-z]{36}$/);

    const { running, http, zipkin } = await begin(handedOut);
    await using jaeger = running;
    const { contentType, body } = marked(traces(), "onboard_jaeger_otlp");
    const otlp = `http://127.0.0.1:${http ?? 0}/v1/traces`;
    expect(await post(otlp, contentType, new Uint8Array(body))).toBe(200);
    const name = "onboard_jaeger_zipkin";
    const span = { traceId: traceId(name), id: traceId(name).slice(16), name, timestamp: Date.now() * 1_000 };
    const other = `http://127.0.0.1:${zipkin ?? 0}/api/v2/spans`;
    expect(await post(other, "application/json", JSON.stringify([{ ...span, duration: 1 }]))).toBe(202);
    expect(await storedFor(lab, "onboard_jaeger_otlp", ["tempo"])).toEqual(["tenant-mx"]);
    expect(await storedFor(lab, name, ["tempo"])).toEqual(["tenant-mx"]);
    expect(jaeger.running()).toBe(true);

    const [ask = ""] = handedOut.commands("See it arrive");
    expect(await handedOut.shell(ask)).toMatchObject({ code: 0, stderr: "" });
  }, 240_000);

  it("stores nothing with a key that is none", async () => {
    using handedOut = await handOut();
    handedOut.write("secrets/api-key", `atl_mx_${"x".repeat(36)}`);
    const { running, http } = await begin(handedOut);
    await using jaeger = running;
    const { contentType, body } = marked(traces(), "onboard_jaeger_wrong");
    expect(await post(`http://127.0.0.1:${http ?? 0}/v1/traces`, contentType, new Uint8Array(body))).toBe(
      200,
    );
    await waitUntil("the edge's refusal", () => jaeger.output().includes("401"), { timeoutMs: 60_000 });
    expect(lab.store.received().filter((one) => one.body.includes("onboard_jaeger_wrong"))).toEqual([]);
  }, 120_000);
});
