import { REALM } from "../../src/model/names";
import { PEOPLE_CLIENT } from "../../src/model/names";
import { createHash, randomBytes } from "node:crypto";

export interface Person {
  readonly username: string;
  readonly password: string;
}

/** What Keycloak gives out at the end of a flow. */
export interface Tokens {
  readonly access_token: string;
  readonly id_token?: string;
  readonly refresh_token?: string;
}

/** As far as Keycloak's pages need one: keeps cookies, follows redirects, submits the one form of a page. */
class Browser {
  readonly #cookies = new Map<string, string>();

  async #fetch(url: string, form?: URLSearchParams): Promise<Response> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, {
      redirect: "manual",
      headers: { cookie },
      ...(form !== undefined && { method: "POST", body: form }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      this.#cookies.set(name, value);
    }
    return response;
  }

  /** The page in the end, or the address outside of Keycloak to which it would go. */
  async open(url: string, form?: URLSearchParams): Promise<{ readonly url: string; readonly page: string }> {
    let [at, response] = [url, await this.#fetch(url, form)];
    for (let step = 0; step < 10; step++) {
      const location = response.headers.get("location");
      if (location === null) return { url: at, page: await response.text() };
      const next = new URL(location, at).toString();
      if (new URL(next).origin !== new URL(url).origin) return { url: next, page: "" };
      [at, response] = [next, await this.#fetch(next)];
    }
    throw new Error("Keycloak redirects for ever");
  }

  async submit(
    { url, page }: { readonly url: string; readonly page: string },
    fields: Record<string, string>,
  ) {
    const action = /<form[^>]* action="([^"]+)"/.exec(page)?.[1]?.replaceAll("&amp;", "&");
    if (action === undefined) throw new Error(`no form at ${new URL(url).pathname}`);
    return this.open(new URL(action, url).toString(), new URLSearchParams(fields));
  }
}

const post = async (url: string, form: Readonly<Record<string, string>>): Promise<unknown> => {
  const response = await fetch(url, { method: "POST", body: new URLSearchParams(form) });
  const answer: unknown = await response.json();
  if (!response.ok) throw new Error(`Keycloak: ${response.status} ${JSON.stringify(answer)}`);
  return answer;
};

const endpoint = (keycloak: string, name: string): string =>
  `${keycloak}/realms/${REALM}/protocol/openid-connect/${name}`;

/**
 * A person's own tokens, as `atalaya-cli` gets them (RFC 8628): a code on the device, and the person who types it into a
 * browser, logs in there and says yes.
 */
export async function deviceTokens(keycloak: string, person: Person): Promise<Tokens> {
  const client = { client_id: PEOPLE_CLIENT };
  const device = (await post(endpoint(keycloak, "auth/device"), { ...client, scope: "openid" })) as {
    readonly device_code: string;
    readonly verification_uri_complete: string;
  };
  const browser = new Browser();
  const login = await browser.open(device.verification_uri_complete);
  const consent = await browser.submit(login, { ...person, credentialId: "" });
  const code = /name="code" value="([^"]+)"/.exec(consent.page)?.[1];
  await browser.submit(consent, { ...(code !== undefined && { code }), accept: "Yes" });
  return (await post(endpoint(keycloak, "token"), {
    ...client,
    grant_type: "urn:ietf:params:oauth:grant-type:device_code",
    device_code: device.device_code,
  })) as Tokens;
}

/** What Grafana gets when a person logs in there. */
export async function grafanaTokens(
  keycloak: string,
  client: { readonly id: string; readonly secret: string; readonly redirectUri: string },
  person: Person,
): Promise<Tokens> {
  const verifier = randomBytes(32).toString("base64url");
  const query = new URLSearchParams({
    response_type: "code",
    client_id: client.id,
    redirect_uri: client.redirectUri,
    scope: "openid email profile",
    state: "state",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
  });
  const browser = new Browser();
  const login = await browser.open(`${endpoint(keycloak, "auth")}?${query.toString()}`);
  const back = await browser.submit(login, { ...person, credentialId: "" });
  return (await post(endpoint(keycloak, "token"), {
    ...{ grant_type: "authorization_code", client_id: client.id, client_secret: client.secret },
    ...{ redirect_uri: client.redirectUri, code_verifier: verifier },
    code: new URL(back.url).searchParams.get("code") ?? "",
  })) as Tokens;
}
