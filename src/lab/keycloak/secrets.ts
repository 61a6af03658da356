import { randomInt } from "node:crypto";
import type { Recording } from "../../model/recording";
import { secretMarkers } from "../../preview/computed";
import { SECRET_MARKER, secretMarker } from "../../preview/markers";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/** As components/passwords.ts has them. */
const LENGTH = 40;
/** Markers of configuration secrets are in no resource: their keys have no colon. */
const CONFIGURED = /^preview:secret:config:[^:\s"']+:value/;

const random = (): string =>
  Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");

/**
 * The values of what a recording only names: one for every secret marker, the same wherever the marker stands. Random
 * letters and digits, unless `set` said otherwise.
 */
export class Secrets {
  readonly #values = new Map<string, string>();
  readonly #known = new Set<string>();

  constructor(...recordings: readonly Recording[]) {
    for (const recording of recordings) this.learn(recording);
  }

  /** So that `reveal` finds this recording's markers inside longer texts. */
  learn(recording: Recording): void {
    for (const marker of secretMarkers(recording)) this.#known.add(marker);
  }

  of(marker: string): string {
    if (!marker.startsWith(SECRET_MARKER)) throw new Error(`"${marker}" is not the marker of a secret.`);
    const value = this.#values.get(marker) ?? random();
    this.#values.set(marker, value);
    return value;
  }

  /** The secret that a provider makes up: `ofOutput("keycloak:openid/client:Client", "agent-mx-client", "clientSecret")`. */
  ofOutput(type: string, label: string, property: string): string {
    return this.of(secretMarker(type, label, property));
  }

  /** For secrets with a form of their own, such as keys. Throws when the marker already has another value. */
  set(marker: string, value: string): void {
    const given = this.#values.get(marker);
    if (given !== undefined && given !== value) throw new Error(`${marker} already has another value.`);
    this.#values.set(marker, value);
  }

  /** A copy in which every marker, also inside longer texts, is its value. Throws on one that no recording explains. */
  reveal<T>(value: T): T {
    return this.#revealed(value) as T;
  }

  #revealed(value: unknown): unknown {
    if (typeof value === "string") return this.#text(value);
    if (Array.isArray(value)) return value.map((item) => this.#revealed(item));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#revealed(item)]));
  }

  #text(text: string): string {
    const at = text.indexOf(SECRET_MARKER);
    if (at === -1) return text;
    const rest = text.slice(at);
    const marker = this.#markerAt(rest);
    return text.slice(0, at) + this.of(marker) + this.#text(rest.slice(marker.length));
  }

  /** No marker is the beginning of another. */
  #markerAt(text: string): string {
    for (const marker of this.#known) if (text.startsWith(marker)) return marker;
    const configured = CONFIGURED.exec(text)?.[0];
    if (configured === undefined) throw new Error(`Nothing explains the secret "${text.slice(0, 80)}".`);
    return configured;
  }
}
