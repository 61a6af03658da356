import type { FileChange } from "../changes/types";
import type { PlannedFile } from "../plan";
import { diffOf } from "./diff";
import { highlight } from "./highlight";
import { anchor, html, type Html } from "./html";
import { Room, ROOM } from "./room";
import type { PageInput } from "./types";

/** Characters of one file; of a longer one the beginning is shown. */
const LONGEST = 60_000;

/** Every rendered file, by directory, with its contents and what became of it. */
export function fileSection({ plan, files, comparison }: Omit<PageInput, "evidence">): Html {
  const contents = new Map(files.map(({ path, content }) => [path, content]));
  const before = comparison?.before && new Map(comparison.before.map(({ path, content }) => [path, content]));
  const changes = new Map(comparison?.changes.files.map((change) => [change.path, change]));
  const room = { content: new Room(ROOM.contents), diff: new Room(ROOM.differences) };
  const body = (file: PlannedFile): Html =>
    fileBody({ file, change: changes.get(file.path), content: contents.get(file.path), before, room });
  const byPath = (a: PlannedFile, b: PlannedFile): number => (a.path < b.path ? -1 : 1);
  const agents = new Set(plan.tenants.flatMap((tenant) => tenant.agents.map(({ id }) => id)));
  // Room is given in this order, whatever the order of the tree.
  const rank = ({ path, process }: PlannedFile): number =>
    (changes.has(path) ? 0 : 2) + (agents.has(process) ? 1 : 0);
  const ranks = new Map(plan.files.map((file) => [file.path, rank(file)]));
  const bodies = new Map(
    [...plan.files]
      .sort((a, b) => (ranks.get(a.path) ?? 0) - (ranks.get(b.path) ?? 0) || byPath(a, b))
      .map((file) => [file.path, body(file)] as const),
  );
  const removed = [...changes.values()].filter(({ action }) => action === "removed");
  const directories = [...Map.groupBy([...plan.files].sort(byPath), ({ path }) => directoryOf(path))];
  return html`${introduction(comparison, before === undefined)}
    <div class="tools js"><button type="button" data-fold="tree">Unfold all</button></div>
    <div class="tree" id="tree">
      ${directories.map(([directory, own]) => {
        const changed = own.filter(({ path }) => changes.has(path)).length;
        return html`<details open class="directory">
          <summary>
            <b>${directory}/</b>
            <span class="count">${own.length}</span
            >${changed > 0 && html` <span class="badge info">${changed} changed</span>`}
          </summary>
          ${own.map((file) => entry(file, changes.get(file.path), bodies.get(file.path)))}
        </details>`;
      })}
      ${
        removed.length > 0 &&
        html`<details open class="directory">
          <summary><b>Removed</b> <span class="count">${removed.length}</span></summary>
          <ul>
            ${removed.slice(0, MOST).map(
              ({ path }) =>
                html`<li>
                  <del><code>${path}</code></del>
                </li>`,
            )}${removed.length > MOST && html`<li>... and ${removed.length - MOST} more</li>`}
          </ul>
        </details>`
      }
    </div>`;
}

const MOST = 200;
const directoryOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));

function introduction(comparison: PageInput["comparison"], withoutContents: boolean): Html {
  const live = html`<p class="note">
    Live files are reloaded by the process that runs; a change of any other restarts it. No file holds a
    secret: secrets reach a process by files of their own that are not rendered.
  </p>`;
  if (comparison === undefined) return live;
  const number = comparison.changes.files.length;
  return html`<p>
      ${number === 0 ? "No file changes." : `${number} of them change.`}${
        number > 0 &&
        withoutContents &&
        html` <span class="tone warning"
          >What was in them before is not known: a saved plan holds digests of files, not their contents.
          Compare with a git ref to see the differences.</span
        >`
      }
    </p>
    ${live}`;
}

function entry(file: PlannedFile, change: FileChange | undefined, body: Html | undefined): Html {
  const { path, process, bytes, kind } = file;
  return html`<details
    class="file"
    id="${anchor("file", path)}"
    ${change !== undefined && html`data-changed`}
  >
    <summary>
      <code>${path.slice(directoryOf(path).length + 1)}</code>
      ${change !== undefined && html`<span class="badge ${change.action === "added" ? "good" : "info"}">${change.action}</span>`}
      <span class="note">${kind}, of ${process}, ${sized(bytes)}</span>
    </summary>
    ${body}
  </details>`;
}

const sized = (bytes: number): string => (bytes < 1024 ? `${bytes} B` : `${Math.ceil(bytes / 1024)} KiB`);

interface Body {
  readonly file: PlannedFile;
  readonly change: FileChange | undefined;
  readonly content: string | undefined;
  readonly before: ReadonlyMap<string, string> | undefined;
  readonly room: { readonly content: Room; readonly diff: Room };
}

function fileBody({ file: { path, sha256 }, change, content, before, room }: Body): Html {
  const digest = html`<p class="note">
    sha256 <code>${sha256}</code>${change?.from !== undefined && html`, before <code>${change.from}</code>`}
  </p>`;
  if (content === undefined) return digest;
  const old = change?.action === "changed" ? before?.get(path) : undefined;
  const diff =
    old === undefined
      ? undefined
      : (room.diff.take(() => difference(path, old, content)) ?? left("Its differences are"));
  const whole = room.content.take(() => contentOf(path, content)) ?? left("Its contents are");
  return diff === undefined
    ? html`${whole}${digest}`
    : html`${diff}
        <details>
          <summary>Whole file as it will be</summary>
          ${whole}
        </details>
        ${digest}`;
}

const left = (what: string): Html =>
  html`<p class="note">
    ${what} left out, because this page would become too large. <code>npm run render</code> writes every file.
  </p>`;

function difference(path: string, old: string, content: string): Html {
  const diff = diffOf(path, old, content);
  return diff === undefined
    ? html`<p class="note">
        Nearly nothing of it is as it was: the differences would be as long as the file.
      </p>`
    : html`<p class="note">${diff.added} lines added, ${diff.removed} removed</p>
        ${diff.body}`;
}

function contentOf(path: string, content: string): Html {
  const cut = content.length > LONGEST ? content.lastIndexOf("\n", LONGEST) : content.length;
  return html`<pre tabindex="0"><code>${highlight(path, content.slice(0, cut))}</code></pre>
    ${cut < content.length && html`<p class="note">The first ${sized(cut)} of it; <code>npm run render</code> writes all.</p>`}`;
}
