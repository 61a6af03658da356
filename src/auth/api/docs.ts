import { html, raw } from "hono/html";
import { createHash } from "node:crypto";
import { STYLE } from "./docs-style";
import { PROBLEMS } from "./problems";

/** What is shown of an OpenAPI document; its own types allow references everywhere, which ours has in schemas alone. */
export interface Description {
  readonly info: { readonly title: string; readonly version: string; readonly description?: string };
  readonly tags?: readonly { readonly name: string; readonly description?: string }[];
  readonly paths?: Readonly<Record<string, object>>;
  readonly components?: object;
}

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly security?: readonly object[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
}
interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: Schema;
}
type Content = Readonly<Record<string, { readonly schema?: Schema }>>;
interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly pattern?: string;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly description?: string;
  readonly example?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
}
interface Components {
  readonly schemas?: Schemas;
  readonly securitySchemes?: Readonly<
    Record<string, { readonly description?: string; readonly scheme?: string; readonly name?: string }>
  >;
}
type Html = ReturnType<typeof raw>;
type Schemas = Readonly<Record<string, Schema>>;

export interface Page {
  readonly html: string;
  /** The Content-Security-Policy that it works under: its own style, and nothing else. */
  readonly policy: string;
}

/** The description as one page: no script, no network, light and dark. */
export function readablePage(description: Description): Page {
  const { info, tags = [], paths = {} } = description;
  const { schemas = {}, securitySchemes = {} } = (description.components ?? {}) as Components;
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item as Record<string, Operation>).map(([method, operation]) => ({
      path,
      method,
      operation,
    })),
  );
  const parts = tags.map((tag) => ({
    tag,
    own: operations.filter(({ operation }) => operation.tags.includes(tag.name)),
  }));
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${info.title}</title>
        <style>${raw(STYLE)}</style>
      </head>
      <body>
        <header>
          <h1>${info.title} <small>${info.version}</small></h1>
          <p>${prose(info.description ?? "")}</p>
          <p>For programs: <a href="/api/openapi.json">OpenAPI 3.1</a></p>
        </header>
        <nav aria-label="Operations">
          <ul>
            ${operations.map(({ path, method, operation }) => html`<li><a href="#${operation.operationId}"><code>${method.toUpperCase()} ${path}</code></a> ${operation.summary}</li>`)}
          </ul>
        </nav>
        <main>
          <section>
            <h2>Credentials</h2>
            <dl>${Object.values(securitySchemes).map((one) => html`<dt>${one.name ?? `Authorization: ${one.scheme ?? ""}`}</dt><dd>${one.description ?? ""}</dd>`)}</dl>
          </section>
          ${parts.map(({ tag, own }) => html`<section><h2>${tag.name}</h2><p>${tag.description ?? ""}</p>${own.map((one) => operationPart(one, schemas))}</section>`)}
          ${problemsPart()}
        </main>
      </body>
    </html>` as Html; // prettier-ignore
  return { html: page.toString(), policy: policyOf(STYLE) };
}

const policyOf = (style: string): string =>
  [
    "default-src 'none'",
    `style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");

/** Text in which names stand between backticks. */
const prose = (text: string): readonly (string | Html)[] =>
  text.split("`").map((part, index) => (index % 2 === 1 ? (html`<code>${part}</code>` as Html) : part));

interface Placed {
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
}

const operationPart = ({ path, method, operation }: Placed, schemas: Schemas): Html =>
  html`<article id="${operation.operationId}">
    <h3><code>${method.toUpperCase()} ${path}</code> ${operation.summary}</h3>
    ${operation.description === undefined ? "" : html`<p>${prose(operation.description)}</p>`}
    ${operation.security?.length === 0 ? html`<p>Needs no credential of this API.</p>` : ""}
    ${table("Parameters", (operation.parameters ?? []).map((parameter) => ({ ...parameter, name: `${parameter.name} (${parameter.in})` })))}
    ${Object.entries(operation.requestBody?.content ?? {}).map(([type, { schema }]) => bodyPart(`Body: ${type}`, schema, schemas))}
    ${Object.entries(operation.responses).filter(([status]) => status.startsWith("2")).map(([status, { description, content }]) => responsePart(status, description, content, schemas))}
    <details>
      <summary>Errors and other answers</summary>
      <dl>${Object.entries(operation.responses).filter(([status]) => !status.startsWith("2")).map(([status, { description }]) => html`<dt>${status}</dt><dd>${prose(description)}</dd>`)}</dl>
    </details>
  </article>` as Html; // prettier-ignore

const responsePart = (
  status: string,
  description: string,
  content: Content | undefined,
  schemas: Schemas,
): Html =>
  html`<h4>Answer ${status}</h4>
    <p>${prose(description)}</p>
    ${Object.values(content ?? {}).map(({ schema }) => bodyPart(undefined, schema, schemas))}` as Html;

function bodyPart(title: string | undefined, schema: Schema | undefined, schemas: Schemas): Html {
  const whole = resolved(schema, schemas);
  const required = new Set(whole.required);
  const fields = Object.entries(whole.properties ?? {}).map(([name, field]) => ({
    name,
    required: required.has(name),
    schema: resolved(field, schemas),
    description: field.description ?? resolved(field, schemas).description,
  }));
  return html`${title === undefined ? "" : html`<h4>${title}</h4>`} ${table("Fields", fields)}
  ${whole.example === undefined ? "" : html`<pre tabindex="0">${JSON.stringify(whole.example, null, 2)}</pre>`}` as Html;
}

const resolved = (schema: Schema | undefined, schemas: Schemas): Schema =>
  schema?.$ref === undefined ? (schema ?? {}) : (schemas[schema.$ref.split("/").at(-1) ?? ""] ?? {});

type Row = Omit<Parameter, "in" | "description"> & { readonly description?: string | undefined };

function table(caption: string, rows: readonly Row[]): Html | "" {
  if (rows.length === 0) return "";
  return html`<div class="wide" tabindex="0">
    <table>
      <caption>${caption}</caption>
      <tbody>
        ${rows.map((row) => html`<tr><th scope="row"><code>${row.name}</code></th><td>${typeOf(row.schema)}${row.required === true ? "" : ", optional"}</td><td>${prose(row.description ?? row.schema?.description ?? "")}</td></tr>`)}
      </tbody>
    </table>
  </div>` as Html; // prettier-ignore
}

function typeOf(schema: Schema | undefined): string {
  if (schema?.enum !== undefined) return schema.enum.join(" | ");
  if (schema?.items !== undefined)
    return `list of ${schema.items.$ref?.split("/").at(-1) ?? typeOf(schema.items)}`;
  return schema?.format ?? String(schema?.type ?? "any JSON");
}

const problemsPart = (): Html =>
  html`<section>
    <h2>Problems</h2>
    <p>${prose("Every error has the type `application/problem+json`; its `code` is one of these.")}</p>
    <div class="wide" tabindex="0">
      <table>
        <caption>Codes</caption>
        <tbody>
          ${Object.entries(PROBLEMS).map(([code, { status, title }]) => html`<tr id="${code}"><th scope="row"><code>${code}</code></th><td>${status}</td><td>${title}.</td></tr>`)}
        </tbody>
      </table>
    </div>
  </section>` as Html; // prettier-ignore
