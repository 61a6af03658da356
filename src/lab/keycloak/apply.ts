import type { Recording } from "../../model/recording";
import type { Admin, Representation } from "../../client/keycloak-admin";
import { differences, merged } from "./compare";
import type { Secrets } from "./secrets";
import type { EntryStep, ObjectStep, Path, SetStep, Step } from "./steps";
import { TranslationError, translate } from "./translate";

/** What was done to Keycloak, by URN; `changed` also says what of it. */
export interface Applied {
  readonly created: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

export interface ApplyOptions {
  readonly admin: Admin;
  readonly secrets: Secrets;
  /** What was applied before: what of it is no longer declared is removed. */
  readonly previous?: Recording;
}

/**
 * Makes Keycloak hold what a recording declares, as the provider would. What is there already is changed in place, so doing it
 * again does nothing. Throws TranslationError before it does anything, and AdminError.
 */
export async function applyRecording(recording: Recording, options: ApplyOptions): Promise<Applied> {
  const steps = translate(recording, options.secrets);
  const declared = new Set(steps.map(({ urn }) => urn));
  const before = options.previous === undefined ? [] : translate(options.previous, options.secrets);
  const gone = before.filter(({ urn }) => !declared.has(urn));
  const kept = gone.filter(({ protect }) => protect);
  if (kept.length > 0) throw new TranslationError(kept.map(({ urn }) => `${urn}: removed, but protected`));
  const run = new Run(options.admin);
  for (const step of steps) await run.apply(step);
  await run.remove(gone);
  return run;
}

class Run implements Applied {
  readonly created: string[] = [];
  readonly changed: string[] = [];
  readonly removed: string[] = [];
  /** Real ids by made-up ones. */
  readonly #ids = new Map<string, string>();

  constructor(private readonly admin: Admin) {}

  apply(step: Step): Promise<void> {
    switch (step.kind) {
      case "object":
        return this.#object(step);
      case "set":
        return this.#set(step);
      case "entry":
        return this.#entry(step);
      default:
        return step satisfies never;
    }
  }

  /** The last ones first. What is declared under another name by now is not touched. */
  async remove(steps: readonly Step[]): Promise<void> {
    const current = new Set(this.#ids.values());
    const found: { readonly urn: string; readonly path: string }[] = [];
    for (const step of steps) {
      if (step.kind !== "object") continue;
      const id = await this.#find(step);
      if (id === undefined || current.has(id)) continue;
      this.#ids.set(step.id, id);
      found.push({ urn: step.urn, path: this.#path(step.items ?? step.collection, id) });
    }
    for (const { urn, path } of found.reverse()) {
      await this.admin.remove(path);
      this.removed.push(urn);
    }
    for (const step of steps) if (step.kind === "entry") await this.#dropEntry(step);
    // Of whom is still there; all other members went with their owners.
    for (const step of steps) {
      if (step.kind === "set" && step.members.every(this.#isKnown)) await this.#withdraw(step);
    }
  }

  async #withdraw(step: SetStep): Promise<void> {
    const members = this.#path(step.members);
    const actual = await this.#idsIn(members);
    const wanted = actual.length === 0 ? [] : await this.#members(step);
    const remove = actual.filter((id) => wanted.includes(id));
    for (const id of remove) await this.admin.remove(`${members}/${encodeURIComponent(id)}`);
    if (remove.length > 0) this.removed.push(step.urn);
  }

  async #entry(step: EntryStep): Promise<void> {
    const { urn, name, body } = step;
    const { path, document, entries } = await this.#entries(step);
    const actual = entries.find((one) => one["name"] === name);
    const different = differences(body, actual ?? {});
    if (actual !== undefined && different.length === 0) return;
    const others = entries.filter((one) => one !== actual);
    await this.admin.update(path, { ...document, [step.list]: [...others, merged(body, actual)] });
    if (actual === undefined) this.created.push(urn);
    else this.changed.push(`${urn}: ${different.join(", ")}`);
  }

  async #dropEntry(step: EntryStep): Promise<void> {
    const { path, document, entries } = await this.#entries(step);
    const others = entries.filter((one) => one["name"] !== step.name);
    if (others.length === entries.length) return;
    await this.admin.update(path, { ...document, [step.list]: others });
    this.removed.push(step.urn);
  }

  async #entries({ document: place, list }: EntryStep) {
    const path = this.#path(place);
    const document = (await this.admin.get(path)) as Representation;
    return { path, document, entries: (document[list] ?? []) as readonly Representation[] };
  }

  async #object(step: ObjectStep): Promise<void> {
    const items = step.items ?? step.collection;
    const known = await this.#find(step);
    if (known === undefined) {
      const made = await this.admin.create(this.#path(step.collection), step.body);
      const id = step.keyIsId === true ? String(step.body[step.key]) : made;
      this.#ids.set(step.id, id);
      if (step.first) await this.admin.update(this.#path(items, id, step.first.path), step.first.body);
      this.created.push(step.urn);
      return;
    }
    this.#ids.set(step.id, known);
    const path = this.#path(items, known);
    const actual = await this.admin.get(path);
    const different = differences(step.body, actual);
    if (different.length === 0) return;
    await this.admin.update(path, merged(step.body, actual));
    this.changed.push(`${step.urn}: ${different.join(", ")}`);
  }

  /** The id of what is there already. */
  async #find({ collection, key, keyIsId, query, body }: ObjectStep): Promise<string | undefined> {
    const value = String(body[key]);
    if (keyIsId === true)
      return (await this.admin.get(this.#path(collection, value))) === undefined ? undefined : value;
    if (!collection.every(this.#isKnown)) return undefined;
    const search = query === undefined ? "" : `?${new URLSearchParams(query).toString()}`;
    const list = await this.admin.list(this.#path(collection) + search);
    return list.find((one) => one[key] === value)?.["id"] as string | undefined;
  }

  async #set(step: SetStep): Promise<void> {
    const members = this.#path(step.members);
    const [wanted, actual] = [await this.#members(step), await this.#idsIn(members)];
    const rivals = step.rival === undefined ? [] : await this.#idsIn(this.#path(step.rival));
    const rival = wanted.find((id) => rivals.includes(id));
    // The provider refuses it as well.
    if (rival !== undefined)
      throw new Error(`${step.urn}: ${rival} is in ${step.rival?.at(-1) ?? ""} already`);
    const add = wanted.filter((id) => !actual.includes(id));
    const remove = step.exhaustive ? actual.filter((id) => !wanted.includes(id)) : [];
    for (const id of remove) await this.admin.remove(`${members}/${encodeURIComponent(id)}`);
    for (const id of add) await this.admin.update(`${members}/${encodeURIComponent(id)}`);
    if (add.length + remove.length > 0) this.changed.push(`${step.urn}: +${add.length} -${remove.length}`);
  }

  async #members({ urn, wanted, candidates }: SetStep): Promise<readonly string[]> {
    if (candidates === undefined) return wanted.map((id) => this.#real(id));
    const named = await this.admin.list(this.#path(candidates));
    return wanted.map((name) => {
      const found = named.find((one) => one["name"] === name)?.["id"];
      if (typeof found !== "string") throw new Error(`${urn}: there is no ${name}`);
      return found;
    });
  }

  async #idsIn(path: string): Promise<readonly string[]> {
    const list: readonly Representation[] = await this.admin.list(path);
    return list.map(({ id }) => String(id));
  }

  #isKnown = (segment: string): boolean => !segment.startsWith("preview:") || this.#ids.has(segment);

  #real(segment: string): string {
    const id = this.#ids.get(segment);
    if (id === undefined && segment.startsWith("preview:"))
      throw new Error(`${segment} was referred to before it was made`);
    return id ?? segment;
  }

  #path(path: Path, ...below: readonly string[]): string {
    return `/${[...path.map((segment) => this.#real(segment)), ...below].map(encodeURIComponent).join("/")}`;
  }
}
