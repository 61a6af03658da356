import { describe, expect, it } from "vitest";
import { ClientError } from "../../../src/client/error";
import { OperateError } from "../../../src/operate/error";
import type { Found } from "../../../src/operate/recovery/decide";
import type { Exported, Operation } from "../../../src/operate/recovery/deployment";
import type { LockState } from "../../../src/operate/recovery/lock";
import { recoverStack, type Interrupted } from "../../../src/operate/recovery/recover";
import type { Place } from "../../../src/operate/recovery/rules";
import type { Server } from "../../../src/operate/recovery/servers";
import { client, container, operation, password, state, volume } from "./state";

const PENDING = [client, volume, container, password].map((of) => operation("creating", of));
const VOLUME = "atalaya-dev-co.data";

/** A stack whose update was killed, with its servers; it writes down what is done. */
class Killed {
  readonly done: string[] = [];
  readonly said: string[] = [];
  readonly asked: string[] = [];
  /** What is on servers, by what it is called. */
  readonly things = new Map<string, Found>([
    ["agent-co", { id: "k1", ours: true }],
    [VOLUME, { id: VOLUME, ours: true }],
    ["atalaya-dev-co", { id: "c1", ours: true }],
  ]);
  lock: LockState | undefined = { kind: "left", owners: ["ana"] };
  exported: Exported;
  readonly #meanwhile = new Map<string, () => void>();
  /** The call that kills recover itself. */
  fatal = "";
  answer = true;
  refreshes = 0;
  down = false;

  constructor(pending: readonly Operation[] = PENDING) {
    this.exported = state(pending);
  }

  recover(dryRun = false) {
    return recoverStack({
      stack: "dev",
      lock: () => {
        this.done.push("lock");
        return Promise.resolve(this.lock);
      },
      dryRun,
      say: (line) => this.said.push(line),
      confirm: (question) => {
        this.asked.push(question);
        return Promise.resolve(this.answer);
      },
      keep: (text) => {
        this.#do("keep");
        expect(JSON.parse(text)).toEqual(this.exported);
        return "copy.json";
      },
      pulumi: this.#pulumi(),
      servers: {
        docker: () => this.#server(),
        keycloak: (settings) => {
          expect(settings).toEqual({ url: "http://localhost:8090", username: "admin", password: "hunter2" });
          if (this.down)
            throw new ClientError("Keycloak at http://localhost:8090 cannot be reached: ECONNREFUSED.");
          return this.#server();
        },
        grafana: () => this.#server(),
      },
    });
  }

  #pulumi(): Interrupted["pulumi"] {
    return {
      export: ({ showSecrets } = { showSecrets: false }) => {
        this.#do(showSecrets ? "export secrets" : "export");
        if (showSecrets) this.#meanwhile.get("export secrets")?.();
        const { deployment } = state([], [], { plaintext: '"hunter2"' });
        return Promise.resolve(JSON.stringify(showSecrets ? { version: 3, deployment } : this.exported));
      },
      cancel: () => {
        this.#do("cancel");
        if (this.lock !== undefined) this.lock = { kind: "free" };
        this.#meanwhile.get("cancel")?.();
        return Promise.resolve();
      },
      import: (text) => {
        this.#do("import");
        expect(this.lock?.kind ?? "free").toBe("free");
        expect(text).not.toContain("hunter2");
        this.exported = JSON.parse(text) as Exported;
        return Promise.resolve();
      },
      refresh: (urns) => {
        this.#do(`refresh ${urns.join()}`);
        return Promise.resolve(this.refreshes);
      },
    };
  }

  #server(): Server<Place> {
    const nameOf = (place: Place) =>
      place.server === "keycloak" ? (place.listed?.value ?? "") : "name" in place ? place.name : place.uid;
    return {
      find: (place) => Promise.resolve(this.things.get(nameOf(place))),
      remove: (place, id) => {
        this.#do(`remove ${id}`);
        this.things.delete(nameOf(place));
        return Promise.resolve();
      },
    };
  }

  /** What somebody else does at the time of a call. */
  during(what: string, act: () => void): void {
    this.#meanwhile.set(what, act);
  }

  /** It is done, and then it is killed. */
  #do(what: string): void {
    this.done.push(what);
    if (this.fatal === what) {
      this.fatal = "";
      throw new OperateError("killed");
    }
  }
}

const RECOVERED = [
  ...["lock", "export", "export secrets"],
  ...["lock", "export", "keep", "remove k1", "remove c1", "cancel"],
  ...["lock", "export", "import"],
];

describe("recover", () => {
  it("removes what is unfinished, then takes the lock away, then tells the state what is kept, and reads that", async () => {
    const killed = new Killed();
    expect(await killed.recover()).toBe("recovered");
    expect(killed.done).toEqual([...RECOVERED, `refresh ${volume.urn}`]);
    expect(killed.said).toEqual([
      "The lock of ana is left over: that process is gone.",
      "4 things were under way when an update of stack dev was interrupted:",
      "  co-client was being made, and its client agent-co is there, unfinished: removed, up makes it anew.",
      `  co-data was being made, and its volume ${VOLUME} is there: kept, the state is told of it.`,
      "  co-container was being made, and its container atalaya-dev-co is there, unfinished: removed, up makes it anew.",
      "  co-password was being made, on no server: up makes it anew.",
      "The state as it was, encrypted as it was: copy.json (the newest 5 such copies are kept)",
      "Reading what was kept, as its servers have it now ...",
    ]);
    expect(killed.exported.deployment.pending_operations).toEqual([]);
    expect(killed.exported.deployment.resources?.map(({ id }) => id)).toEqual(["0b1c", VOLUME]);
    expect(await killed.recover()).toBe("nothing");
  });

  it("goes on after it was killed itself, whenever that was", async () => {
    for (const fatal of new Set(RECOVERED.filter((what) => what !== "lock"))) {
      const killed = new Killed();
      killed.fatal = fatal;
      const first = fatal === "export secrets" ? "refused" : "killed";
      const outcome = killed.recover().catch((error: unknown) => (error as Error).message);
      expect([fatal, await outcome]).toEqual([fatal, first]);
      expect([fatal, await killed.recover()]).toEqual([fatal, "recovered"]);
      expect(killed.exported.deployment.pending_operations).toEqual([]);
      expect(killed.exported.deployment.resources?.map(({ id }) => id)).toEqual(["0b1c", VOLUME]);
      expect([...killed.things.keys()]).toEqual([VOLUME]);
    }
  });

  it("with --dry-run only reads", async () => {
    const killed = new Killed();
    expect(await killed.recover(true)).toBe("recovered");
    expect(killed.done).toEqual(["lock", "export", "export secrets"]);
    killed.lock = undefined;
    killed.said.length = 0;
    expect(await killed.recover(true)).toBe("recovered");
    expect(killed.said[0]).toBe(
      "Whether somebody updates stack dev now cannot be seen from here. Make sure that nobody does.",
    );
    expect([killed.done.length, killed.asked]).toEqual([6, []]);
  });

  it("changes nothing at all while a server does not answer", async () => {
    const killed = new Killed();
    killed.down = true;
    expect(await killed.recover()).toBe("refused");
    expect(killed.done).toEqual(["lock", "export", "export secrets"]);
    expect(killed.said).toContain(
      "  co-client was being made, and whether it was cannot be asked: Keycloak at http://localhost:8090 cannot be reached: ECONNREFUSED. If it does not run: npx atalaya restart keycloak.",
    );
    expect(killed.said.at(-1)).toBe("Nothing was changed. Do what is said above, and recover again.");
  });

  it("asks for no secrets where no server needs them", async () => {
    const killed = new Killed([operation("creating", container)]);
    expect(await killed.recover()).toBe("recovered");
    expect(killed.done).toEqual(RECOVERED.filter((what) => !/secrets|k1/.test(what)));
  });

  it("only takes the lock away where nothing was under way, and does nothing where there is none", async () => {
    const killed = new Killed([]);
    expect(await killed.recover()).toBe("recovered");
    const done = ["lock", "export", "lock", "export", "cancel"];
    expect(killed.done).toEqual(done);
    expect(await killed.recover()).toBe("nothing");
    expect(killed.done).toEqual([...done, "lock", "export"]);
  });

  it("is refused while the update runs", async () => {
    const killed = new Killed();
    killed.lock = { kind: "held", owners: ["ana"] };
    expect(await killed.recover()).toBe("refused");
    expect([killed.done, killed.said]).toEqual([
      ["lock"],
      [
        "Stack dev is being updated by ana, which runs. Wait until it ends, or stop it (Ctrl-C, once), and recover then.",
      ],
    ]);
  });

  it("asks whether the update runs where that cannot be seen, and believes the answer", async () => {
    const killed = new Killed();
    killed.lock = { kind: "elsewhere", owners: ["ana on laptop"] };
    killed.answer = false;
    expect(await killed.recover()).toBe("refused");
    // Nothing is known yet that grows old while somebody thinks about it.
    expect(killed.done).toEqual(["lock"]);
    killed.answer = true;
    expect(await killed.recover()).toBe("recovered");
    expect(killed.asked[1]).toBe(
      "Stack dev is locked by ana on laptop, and whether that runs cannot be seen from here. Is it certain that nobody does?",
    );
  });

  it("takes a service's refusal to cancel for what it is: nothing runs there", async () => {
    const killed = new Killed([operation("updating", container)]);
    killed.lock = undefined;
    killed.fatal = "cancel";
    expect(await killed.recover()).toBe("recovered");
    expect(killed.done).toEqual(RECOVERED.filter((what) => !/secrets|remove/.test(what)));
  });

  const CHANGED = "Nothing further was done: the state has changed meanwhile: recover again.";
  const other = state([operation("creating", volume)]);

  it.each<readonly [string, (killed: Killed) => void]>([
    ["the state", (killed) => (killed.exported = other)],
    ["the lock's owner", (killed) => (killed.lock = { kind: "left", owners: ["ben"] })],
    ["the lock's time", (killed) => (killed.lock = { kind: "left", owners: ["ana"], begun: new Date() })],
    ["the lock, which is gone", (killed) => (killed.lock = { kind: "free" })],
  ])("stops before it does anything when something has changed: %s", async (_, change) => {
    const killed = new Killed();
    killed.during("export secrets", () => {
      change(killed);
    });
    expect(await killed.recover()).toBe("refused");
    expect(killed.done.filter((what) => !/^(lock|export)/.test(what))).toEqual([]);
    expect([killed.said.at(-1), killed.things.size]).toEqual([CHANGED, 3]);
  });

  it.each<readonly [string, (killed: Killed) => void]>([
    ["the state", (killed) => (killed.exported = other)],
    ["the lock", (killed) => (killed.lock = { kind: "held", owners: ["ben"] })],
  ])("does not overwrite what somebody began after the lock was taken away: %s", async (_, change) => {
    const killed = new Killed();
    killed.during("cancel", () => {
      change(killed);
    });
    expect(await killed.recover()).toBe("refused");
    expect([killed.done.includes("cancel"), killed.done.includes("import")]).toEqual([true, false]);
    expect(killed.said.at(-1)).toBe(CHANGED);
  });

  it("removes nothing that was there before the update began", async () => {
    const killed = new Killed([operation("creating", container)]);
    killed.things.set("atalaya-dev-co", { id: "c1", ours: true, made: new Date("2026-11-20T09:00:00Z") });
    killed.lock = { kind: "left", owners: ["ana"], begun: new Date("2026-11-21T09:00:00Z") };
    expect(await killed.recover()).toBe("refused");
    expect([killed.done, killed.things.size]).toEqual([["lock", "export"], 3]);
    expect(killed.said.at(-1)).toBe("Nothing was changed. Do what is said above, and recover again.");
  });

  it("says when what was kept cannot be read now", async () => {
    const killed = new Killed();
    killed.refreshes = 255;
    expect(await killed.recover()).toBe("recovered");
    expect(killed.said.at(-1)).toBe(
      "It could not be read now. The state knows it all the same, and npm run refresh reads it.",
    );
  });
});
