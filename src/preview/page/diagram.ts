import { Graphviz } from "@hpcc-js/wasm-graphviz";
import { counted, listed } from "../changes/words/story";
import { dotOf } from "./dot";
import { html, name, raw, type Html } from "./html";
import { flowsOf, processesOf, type Flow, type Process } from "./processes";
import type { PageInput } from "./types";

/** Rows of a table beyond this are counted only. */
const ROWS = 200;

/** Zones, processes, who speaks to whom and what is published: drawn, and the same in words. */
export async function diagramSection({ plan, files }: Pick<PageInput, "plan" | "files">): Promise<Html> {
  const processes = processesOf(plan);
  if (processes.length === 0) return html`<p>No process is declared.</p>`;
  const flows = flowsOf(plan, files, processes);
  return html`<figure>
      <div class="scroll drawing" role="region" aria-label="Diagram" tabindex="0">
        ${await draw(processes, flows)}
      </div>
      <figcaption class="note">
        Boxes are processes in the zone that is their own; an arrow says who speaks to whom, on which port.
        Thick arrows come from outside of the container host, to what is published. Read from containers,
        networks and the addresses in each process's own configuration.
      </figcaption>
    </figure>
    ${processTable(processes)} ${flowTable(flows, processes)}`;
}

async function draw(processes: readonly Process[], flows: readonly Flow[]): Promise<Html> {
  const svg = (await Graphviz.load()).layout(dotOf(processes, flows), "svg", "dot");
  const drawing = svg.slice(svg.indexOf("<svg")).replaceAll(/<!--[\s\S]*?-->\n?/g, "");
  const published = processes.flatMap((process) =>
    process.published.map(({ address, port }) => `${process.id} at ${address}:${port}`),
  );
  const words = html`<title id="drawing-title">The environment's zones, processes and flows</title
    ><desc id="drawing-words"
      >${counted(processes.length, "process", "processes")}, ${counted(flows.length, "flow")}. Published:
      ${listed(published)}. The tables below say the same.</desc
    >`;
  return raw(
    drawing
      // Its own titles are the drawing's inner names.
      .replaceAll(/<title>[^<]*<\/title>\n?/g, "")
      .replace("<svg ", `<svg role="img" aria-labelledby="drawing-title drawing-words" `)
      .replace(">", () => `>${words.text}`),
  );
}

const more = (all: readonly unknown[], columns: number): Html | undefined =>
  all.length <= ROWS
    ? undefined
    : html`<tr>
        <td colspan="${columns}">... and ${all.length - ROWS} more, left out of this page</td>
      </tr>`;

const processTable = (processes: readonly Process[]): Html =>
  html`<details>
    <summary>
      <h3>Processes <span class="count">${processes.length}</span></h3>
    </summary>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">process</th>
            <th scope="col">zone</th>
            <th scope="col">also in</th>
            <th scope="col">published</th>
            <th scope="col">image</th>
            <th scope="col">memory</th>
          </tr>
        </thead>
        <tbody>
          ${[...processes]
            .sort((a, b) => Number(a.tenant !== undefined) - Number(b.tenant !== undefined))
            .slice(0, ROWS)
            .map(
              ({ id, zone, also, tenant, published, image, memory, stopped }) =>
                html`<tr>
                  <th scope="row">
                    ${name(id)}${stopped && html` <span class="badge warning">suspended</span>`}
                  </th>
                  <td>${tenant === undefined ? zone : html`own network of ${name(tenant)}`}</td>
                  <td>${also.join(", ")}</td>
                  <td>${published.map(({ address, port }) => `${address}:${port}`).join(", ")}</td>
                  <td><code>${image}</code></td>
                  <td>${memory !== undefined && `${memory} MiB`}</td>
                </tr>`,
            )}${more(processes, 6)}
        </tbody>
      </table>
    </div>
  </details>`;

function flowTable(flows: readonly Flow[], processes: readonly Process[]): Html {
  const zones = new Map(
    processes.map(({ id, zone, tenant }) => [id, tenant === undefined ? zone : "tenant"]),
  );
  return html`<details>
    <summary>
      <h3>Flows <span class="count">${flows.length}</span></h3>
    </summary>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">from</th>
            <th scope="col">to</th>
            <th scope="col">ports</th>
          </tr>
        </thead>
        <tbody>
          ${flows.slice(0, ROWS).map(
            ({ from, to, ports }) =>
              html`<tr>
                <td>${name(from)} <span class="note">${zones.get(from)}</span></td>
                <td>${name(to)} <span class="note">${zones.get(to)}</span></td>
                <td>${ports.join(", ")}</td>
              </tr>`,
          )}${more(flows, 3)}
        </tbody>
      </table>
    </div>
  </details>`;
}
