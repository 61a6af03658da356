import type { Limits } from "../../model/limits";
import type { Signal } from "../../model/names";
import type { PlannedContact, PlannedTenant, PlannedViolation } from "../plan";
import type { Unit } from "./quantities";

/** What becomes of one plan on its way to another: plain data, nothing of it formatted, sorted, without any secret. */
export interface Changes {
  /** The environment's name. */
  readonly environment: string;
  /** Nothing is different at all. */
  readonly empty: boolean;
  readonly counts: Counts;
  /** Where everybody sends to and looks. */
  readonly addresses: Addresses;
  /** What may be lost, the worst first. */
  readonly risks: readonly Risk[];
  /** What `up` would not do. */
  readonly refusals: readonly Refusal[];
  /** By id; those that stay as they are are left out. */
  readonly tenants: readonly TenantChanges[];
  readonly settings: readonly EnvironmentChange[];
  /** By name, shared ones first. */
  readonly processes: readonly ProcessChange[];
  /** By URN. */
  readonly resources: readonly ResourceChange[];
  /** By path. */
  readonly files: readonly FileChange[];
  readonly policies: PolicyChanges;
  /** By path. */
  readonly outputs: readonly OutputChange[];
  readonly warnings: { readonly raised: readonly string[]; readonly gone: readonly string[] };
}

export interface Counts {
  readonly tenantsBefore: number;
  readonly tenantsAfter: number;
}

/** From the outputs; undefined where there is none. */
export interface Addresses {
  readonly otlpHttp?: string;
  readonly otlpGrpc?: string;
  readonly grafana?: string;
}

/** Who it is, as people and as programs call them. */
export interface Who {
  readonly id: string;
  readonly name: string;
}

export interface TenantChanges extends Who {
  readonly changes: readonly TenantChange[];
}

/** Numbers are in the model's units: seconds, bytes, per second. */
export type TenantChange =
  | {
      readonly kind: "added";
      readonly tenant: PlannedTenant;
      readonly groups: readonly string[];
      readonly users: readonly string[];
    }
  | { readonly kind: "removed"; readonly tenant: PlannedTenant }
  | {
      readonly kind: "suspended" | "resumed";
      readonly agents: readonly string[];
      /** Those of them that run elsewhere: nobody stops or starts them. */
      readonly elsewhere?: readonly string[];
    }
  | { readonly kind: "renamed" | "plan"; readonly from: string; readonly to: string }
  | RetentionChange
  | {
      readonly kind: "limit";
      readonly group: keyof Limits;
      readonly field: string;
      readonly unit: Unit;
      readonly from: number;
      readonly to: number;
    }
  | {
      readonly kind: "sampling";
      readonly field: string;
      readonly unit: Unit;
      readonly from: number;
      readonly to: number;
    }
  | ({ readonly kind: "agent-added" | "agent-removed"; readonly suspended: boolean } & ChangedAgent)
  | ({ readonly kind: "agent-suspended" | "agent-resumed" } & ChangedAgent)
  | ({ readonly kind: "agent-left" | "agent-came"; readonly other: Who } & ChangedAgent)
  /** It runs elsewhere, and what it was handed is not its configuration any more. */
  | { readonly kind: "agent-stale"; readonly agent: string; readonly tenant: string }
  | {
      readonly kind: "service-added" | "service-removed";
      readonly client: string;
      readonly scopes: readonly string[];
    }
  | {
      readonly kind: "scopes";
      readonly client: string;
      readonly gained: readonly string[];
      readonly lost: readonly string[];
    }
  | { readonly kind: "contact-added" | "contact-removed"; readonly contact: PlannedContact }
  | { readonly kind: "contact-changed"; readonly from: PlannedContact; readonly to: PlannedContact }
  /** Groups and users of people in the realm, by their names without the tenant in front. */
  | {
      readonly kind: "groups" | "users";
      readonly gained: readonly string[];
      readonly lost: readonly string[];
    };

interface ChangedAgent {
  readonly agent: string;
  /** On a machine of the tenant's; of one that goes, where it ran. */
  readonly elsewhere?: true;
}

export interface RetentionChange {
  readonly kind: "retention";
  readonly signal: Signal;
  /** Of logs only. */
  readonly logClass?: string;
  /** What becomes of a log class: one that is not declared is kept as `application` is. */
  readonly declared: "still" | "now" | "no-more";
  readonly from: number;
  readonly to: number;
}

/** A setting's value; a list is a list of names. */
export type Setting = number | string | boolean | readonly string[];

export interface EnvironmentChange {
  /** As `Pulumi.<stack>.yaml` has it, without the namespace: `capacity.requests`. */
  readonly setting: string;
  readonly unit?: Unit;
  /** Undefined where it is not set. */
  readonly from?: Setting;
  readonly to?: Setting;
}

export type Action = "create" | "delete" | "update" | "replace";

/** What a resource is for; see roles.ts. */
export type Role =
  | "process"
  | "writer"
  | "helper"
  | "data"
  | "file-volume"
  | "network"
  | "image"
  | "data-password"
  | "credential"
  | "realm"
  | "organisation"
  | "other";

/** How much a change of it matters, the least first. */
export type Impact = "none" | "writer" | "tenant-process" | "shared-process" | "data";

export interface ResourceChange {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly action: Action;
  readonly role: Role;
  readonly impact: Impact;
  /** Inputs that are different, by their first names; of a replacement those that cause it. */
  readonly because: readonly string[];
  /** The tenant whose own it is. */
  readonly tenant?: string;
  /** The process it belongs to. */
  readonly process?: string;
  /** It was protected until now. */
  readonly protected: boolean;
}

/** `resized`: it runs on with other memory. */
export type Effect = "starts" | "restarts" | "stops" | "removed" | "resized" | "declared";

export interface ProcessChange {
  readonly process: string;
  /** Whose agent it is; undefined is shared by all. */
  readonly tenant?: Who;
  readonly effect: Effect;
  readonly because: readonly Cause[];
}

export type Cause =
  | { readonly kind: "files"; readonly paths: readonly string[] }
  | {
      readonly kind: "image" | "cpus" | "memory";
      readonly from: string;
      readonly to: string;
    }
  | { readonly kind: "input"; readonly input: string };

export interface FileChange {
  readonly path: string;
  readonly process: string;
  readonly fileKind: "static" | "live";
  readonly action: "added" | "removed" | "changed";
  /** Of the file's text, in hexadecimal. */
  readonly from?: string;
  readonly to?: string;
  /** Undefined: its process goes on; a live one is reloaded. */
  readonly effect?: Effect;
}

export interface PolicyChanges {
  readonly violated: readonly PlannedViolation[];
  readonly mended: readonly PlannedViolation[];
  /** Violations that were there and still are. */
  readonly still: readonly PlannedViolation[];
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** How many pass now. */
  readonly passed: number;
}

/** Undefined is not there. What only an engine knows is null. */
export interface OutputChange {
  readonly path: string;
  readonly from?: string | null;
  readonly to?: string | null;
}

export type Risk =
  | {
      readonly kind: "tenant-removed";
      readonly tenant: Who;
      /** What its agents have queued goes with them. */
      readonly agents: readonly string[];
      /** What is stored of it is kept as long as the environment keeps anything. */
      readonly kept: { readonly metrics: number; readonly logs: number; readonly traces: number };
    }
  | ({ readonly tenant: Who } & RetentionChange)
  | ({ readonly kind: "queue"; readonly tenant: Who; readonly moved: boolean } & ChangedAgent)
  /** Of tenants that were removed: nothing else keeps their data. */
  | {
      readonly kind: "maximum-retention";
      readonly signal: Signal;
      readonly from: number;
      readonly to: number;
    }
  | {
      readonly kind: "volume" | "password" | "realm" | "organisation" | "protected";
      readonly action: "delete" | "replace";
      readonly urn: string;
      readonly name: string;
      readonly process?: string;
      readonly tenant?: Who;
      readonly because: readonly string[];
    };

export type Refusal =
  | { readonly kind: "tenants-removed"; readonly tenants: readonly string[]; readonly message: string }
  | {
      readonly kind: "agent-removed" | "agent-moved";
      readonly agent: string;
      readonly tenant: string;
      readonly message: string;
    }
  | { readonly kind: "protected"; readonly urn: string; readonly name: string; readonly message: string };
