import { createHash, randomBytes } from "node:crypto";

interface Login {
  /** The realm's URL, as people have it. */
  readonly realm: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
  readonly username: string;
  readonly password: string;
}

/** Logs somebody in as a browser does, by the authorization code flow with PKCE, and returns the claims of the id token. */
export async function logIn({ realm, ...login }: Login): Promise<Readonly<Record<string, unknown>>> {
  const verifier = randomBytes(32).toString("base64url");
  const query = new URLSearchParams({
    response_type: "code",
    client_id: login.clientId,
    redirect_uri: login.redirectUri,
    scope: "openid email profile",
    state: "state",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
  });
  const page = await fetch(`${realm}/protocol/openid-connect/auth?${query.toString()}`);
  const action = / action="([^"]+)"/.exec(await page.text())?.[1]?.replaceAll("&amp;", "&");
  if (action === undefined) throw new Error(`no login form: ${page.status}`);
  const submitted = await fetch(action, {
    method: "POST",
    redirect: "manual",
    headers: {
      cookie: page.headers
        .getSetCookie()
        .map((cookie) => cookie.split(";")[0])
        .join("; "),
    },
    body: new URLSearchParams({ username: login.username, password: login.password }),
  });
  const location = submitted.headers.get("location") ?? "";
  const code = location.startsWith(`${login.redirectUri}?`)
    ? new URL(location).searchParams.get("code")
    : undefined;
  if (code === undefined || code === null) throw new Error(`the login was refused: ${submitted.status}`);
  const answer = await fetch(`${realm}/protocol/openid-connect/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "authorization_code",
      client_id: login.clientId,
      client_secret: login.clientSecret,
      redirect_uri: login.redirectUri,
      code,
      code_verifier: verifier,
    }),
  });
  const tokens = (await answer.json()) as { readonly id_token?: string };
  if (tokens.id_token === undefined) throw new Error(`no id token: ${answer.status}`);
  return claimsOf(tokens.id_token);
}

export const claimsOf = (token: string): Readonly<Record<string, unknown>> =>
  JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as Record<string, unknown>;
