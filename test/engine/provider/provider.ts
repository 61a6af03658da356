import messages from "@pulumi/pulumi/proto/provider_pb";
import { dockerTables } from "./docker";
import { generatorTables } from "./generators";
import { grafanaTables } from "./grafana";
import { keycloakTables } from "./keycloak";
import type { AnyTable, Fields, Tables } from "./table";
import { changedKeys, fromWire, toWire, UNKNOWN } from "./wire";
import type { Call, Thing, World } from "./world";

export const TABLES: Tables = { ...dockerTables, ...keycloakTables, ...grafanaTables, ...generatorTables };

interface Asked {
  readonly type: string;
  readonly name: string;
  readonly table: AnyTable;
}

/** `urn:pulumi:<stack>::<project>::<types>::<name>` */
function asked(urn: string): Asked {
  const [, , types = "", name = ""] = urn.split("::");
  const type = types.slice(types.lastIndexOf("$") + 1);
  const table = TABLES[type];
  if (table === undefined) throw new Error(`No stand-in knows the type ${type}.`);
  return { type, name, table };
}

export interface Strictness {
  /** Whether what is there already, or missing, keeps anything from being made. Looking takes longer the more there is. */
  readonly refuse: boolean;
}

/** The provider protocol's calls on resources, as the real providers answer them: by their tables. */
export class Provider {
  constructor(
    private readonly world: World,
    private readonly strictness: Strictness = { refuse: true },
  ) {}

  readonly diffConfig = (request: messages.DiffRequest): messages.DiffResponse => {
    const changed = changedKeys(fromWire(request.getOldInputs()), fromWire(request.getNews()));
    return answerOf(changed, []);
  };

  readonly check = (request: messages.CheckRequest): messages.CheckResponse => {
    const { table } = asked(request.getUrn());
    const given = fromWire(request.getNews());
    const failures = Object.keys(table.required)
      .filter((key) => given[key] === undefined || given[key] === null)
      .map((key) =>
        new messages.CheckFailure().setProperty(key).setReason(`Missing required argument: ${key}`),
      );
    return new messages.CheckResponse()
      .setInputs(toWire(table.complete?.(given) ?? given))
      .setFailuresList(failures);
  };

  readonly diff = (request: messages.DiffRequest): messages.DiffResponse => {
    const { table } = asked(request.getUrn());
    const news = fromWire(request.getNews());
    const changed = changedKeys(fromWire(request.getOldInputs()), news).filter(
      (key) => table.onlyAtCreation?.includes(key) !== true,
    );
    const replaces = changed.filter((key) => table.replacedBy.includes(key));
    const first = table.deletedFirst;
    return answerOf(changed, replaces).setDeletebeforereplace(
      replaces.length > 0 && (first === true || (first !== undefined && news[first] !== undefined)),
    );
  };

  readonly create = async (request: messages.CreateRequest): Promise<messages.CreateResponse> => {
    const { type, name, table } = asked(request.getUrn());
    const inputs = fromWire(request.getProperties());
    if (request.getPreview())
      return new messages.CreateResponse().setProperties(
        toWire({ ...unknownOutputs(table), ...inputs }, table.sensitive),
      );
    const thing = await this.#change({ kind: "create", type, name }, () => this.#make(type, table, inputs));
    return new messages.CreateResponse()
      .setId(thing.id)
      .setProperties(toWire(thing.outputs, table.sensitive));
  };

  readonly read = (request: messages.ReadRequest): messages.ReadResponse => {
    const { type, table } = asked(request.getUrn());
    const thing = isGenerator(type) ? undefined : this.world.find(type, request.getId());
    if (isGenerator(type))
      return new messages.ReadResponse()
        .setId(request.getId())
        .setInputs(request.getInputs())
        .setProperties(toWire(fromWire(request.getProperties()), table.sensitive));
    if (thing === undefined) return new messages.ReadResponse();
    return new messages.ReadResponse()
      .setId(thing.id)
      .setInputs(toWire(thing.inputs))
      .setProperties(toWire(thing.outputs, table.sensitive));
  };

  readonly update = async (request: messages.UpdateRequest): Promise<messages.UpdateResponse> => {
    const { type, name, table } = asked(request.getUrn());
    const inputs = fromWire(request.getNews());
    const given = fromWire(request.getOldInputs());
    const made = Object.entries(fromWire(request.getOlds())).filter(([key]) => given[key] === undefined);
    const outputs = { ...Object.fromEntries(made), ...inputs };
    if (!request.getPreview())
      await this.#change({ kind: "update", type, name }, () => {
        const problem = table.refuses?.(inputs, this.world);
        if (problem !== undefined) throw new Error(problem);
        const thing = this.world.find(type, request.getId());
        if (thing === undefined && !isGenerator(type)) throw new Error(`${type} ${name}: not found`);
        if (thing !== undefined) Object.assign(thing, { inputs, outputs });
      });
    return new messages.UpdateResponse().setProperties(toWire(outputs, table.sensitive));
  };

  readonly delete = async (request: messages.DeleteRequest): Promise<void> => {
    const { type, name, table } = asked(request.getUrn());
    const { world } = this;
    await this.#change({ kind: "delete", type, name }, () => {
      const thing = world.find(type, request.getId());
      if (thing === undefined) return;
      const problem = table.keeps?.(thing, world);
      if (problem !== undefined) throw new Error(problem);
      world.remove((one) => one === thing);
      table.gone?.(thing, world);
    });
  };

  async #change<Result>(call: Call, change: () => Result): Promise<Result> {
    await this.world.before(call);
    const result = change();
    await this.world.after(call);
    return result;
  }

  #make(type: string, table: AnyTable, inputs: Fields): Thing {
    const { world } = this;
    if (this.strictness.refuse) this.#refuse(type, table, inputs);
    const id = table.id(inputs, world);
    const computed = Object.entries(table.computed ?? {}).map(
      ([key, compute]) => [key, compute(inputs, id, world)] as const,
    );
    const outputs: Fields = { ...Object.fromEntries(computed), ...inputs };
    const thing: Thing = { type, id, inputs, outputs };
    if (isGenerator(type)) return thing;
    if (table.adopts === true && this.strictness.refuse)
      world.remove((other) => other.type === type && other.id === id);
    world.things.push(thing);
    return thing;
  }

  #refuse(type: string, table: AnyTable, inputs: Fields): void {
    const problem = table.refuses?.(inputs, this.world);
    if (problem !== undefined) throw new Error(problem);
    const unique = table.unique?.(inputs);
    if (unique !== undefined && this.world.of(type).some((other) => table.unique?.(other.inputs) === unique))
      throw new Error(`Conflict: ${type} "${unique}" exists already`);
  }
}

/** What is only in the state. */
const isGenerator = (type: string): boolean => type in generatorTables;

const unknownOutputs = ({ computed = {} }: AnyTable): Fields =>
  Object.fromEntries(Object.keys(computed).map((key) => [key, UNKNOWN]));

const { DIFF_NONE, DIFF_SOME } = messages.DiffResponse.DiffChanges;

const answerOf = (changed: readonly string[], replaces: readonly string[]): messages.DiffResponse =>
  new messages.DiffResponse()
    .setChanges(changed.length === 0 ? DIFF_NONE : DIFF_SOME)
    .setDiffsList([...changed])
    .setReplacesList([...replaces]);
