// GitHub's REST API, as far as we use it.
import { FORM, needed } from "./environment.mjs";

/** Pages of 100 that are read at most: nothing of ours hides behind ten thousand comments. */
const PAGES = 100;
const TRIES = 4;
/** What `GITHUB_TOKEN` writes as. Anybody may write our marker, and only what this one wrote is ours to change. */
const OURSELVES = "github-actions[bot]";

export const isOurs = ({ user }) => user?.login === OURSELVES && user.type === "Bot";

/** The client of one repository. Reads GITHUB_API_URL, GITHUB_REPOSITORY and GITHUB_TOKEN. */
export function repository() {
  const api = needed("GITHUB_API_URL", FORM.url).replace(/\/$/, "");
  const name = needed("GITHUB_REPOSITORY", FORM.repository);
  const token = needed("GITHUB_TOKEN");

  /** Throws what GitHub answered, without the token. Undefined is 404, of which the caller knows what it means. */
  async function call(method, path, body) {
    const { status, text } = await patiently(`${api}/repos/${name}${path}`, {
      method,
      headers: {
        accept: "application/vnd.github+json",
        authorization: `Bearer ${token}`,
        "x-github-api-version": "2022-11-28",
        "user-agent": "atalaya-ci",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (status === 404 && method === "GET") return undefined;
    if (status < 200 || status > 299)
      throw new Error(`GitHub answers ${status} to ${method} ${path}: ${text.slice(0, 500)}`);
    return text === "" ? undefined : JSON.parse(text);
  }

  /** The first item of a list, read page by page, that is meant. */
  async function find(path, isMeant) {
    for (let page = 1; page <= PAGES; page += 1) {
      const items =
        (await call("GET", `${path}${path.includes("?") ? "&" : "?"}per_page=100&page=${page}`)) ?? [];
      const found = items.find(isMeant);
      if (found !== undefined || items.length < 100) return found;
    }
    return undefined;
  }
  return { name, call, find };
}

/**
 * What cannot have been done yet is tried again: no connection for a GET, and 429, 502, 503, 504 or 403 with Retry-After. A POST
 * whose connection broke may have been done, so it is not: two comments are worse than an error.
 */
async function patiently(url, request) {
  for (let attempt = 1; ; attempt += 1) {
    const last = attempt === TRIES;
    let wait = 1000 * 2 ** (attempt - 1);
    try {
      const response = await fetch(url, {
        ...request,
        redirect: "error",
        signal: AbortSignal.timeout(30_000),
      });
      const after = Number(response.headers.get("retry-after") ?? Number.NaN);
      const again =
        [429, 502, 503, 504].includes(response.status) || (response.status === 403 && !Number.isNaN(after));
      const safe = request.method !== "POST" || response.status === 429 || response.status === 403;
      if (last || !again || !safe) return { status: response.status, text: await response.text() };
      if (!Number.isNaN(after)) wait = Math.min(after, 60) * 1000;
    } catch (error) {
      if (last || request.method === "POST")
        throw new Error(
          `GitHub cannot be reached (${request.method} ${new URL(url).pathname}): ${error.cause?.message ?? error.message}`,
        );
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}
