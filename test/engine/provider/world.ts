import { text, type Fields } from "./table";

/** What a server has: a container, a client, an organisation. */
export interface Thing {
  /** Type token. */
  readonly type: string;
  readonly id: string;
  /** What it was given, as the server has it now. */
  inputs: Fields;
  outputs: Fields;
}

/** A call that is about to change the world. */
export interface Call {
  readonly kind: "create" | "update" | "delete";
  readonly type: string;
  /** Pulumi's name of the resource. */
  readonly name: string;
}

/**
 * All that the stand-ins' servers have. It is apart from any state of Pulumi's, so that a run that is killed leaves here what
 * it had made, and somebody else can change what is here.
 */
export class World {
  /** In the order in which they were made. */
  readonly things: Thing[] = [];
  /** Called before every change; what it throws is the server's error, and while it waits the call is under way. */
  before: (call: Call) => void | Promise<void> = () => undefined;
  /** Called after every change, before the engine hears of it. */
  after: (call: Call) => void | Promise<void> = () => undefined;
  #numbers = 1;

  /** 2, 3, ...: Grafana's own organisation is 1. */
  nextNumber(): number {
    this.#numbers += 1;
    return this.#numbers;
  }

  find(type: string, id: string): Thing | undefined {
    return this.things.find((thing) => thing.type === type && thing.id === id);
  }

  of(type: string): readonly Thing[] {
    return this.things.filter((thing) => thing.type === type);
  }

  /** The only thing of a type with this value of an input. Throws when there is none. */
  named(type: string, key: string, value: string): Thing {
    const [found, ...others] = this.of(type).filter(({ inputs }) => inputs[key] === value);
    if (found === undefined || others.length > 0)
      throw new Error(`${found === undefined ? "no" : "more than one"} ${type} has the ${key} ${value}`);
    return found;
  }

  remove(unwanted: (thing: Thing) => boolean): void {
    const kept = this.things.filter((thing) => !unwanted(thing));
    this.things.splice(0, this.things.length, ...kept);
  }

  /** Whether a container of a service runs: `keycloak`. */
  runs(service: string): boolean {
    return this.of(CONTAINER).some(
      ({ inputs }) => text(inputs["name"]).endsWith(`-${service}`) && inputs["start"] !== false,
    );
  }

  /** A world of its own that looks the same. */
  copy(): World {
    const copy = new World();
    copy.things.push(...structuredClone(this.things));
    copy.#numbers = this.#numbers;
    return copy;
  }
}

export const CONTAINER = "docker:index/container:Container";
export const VOLUME = "docker:index/volume:Volume";
export const NETWORK = "docker:index/network:Network";
