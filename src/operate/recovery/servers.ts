import { settingsOf, type Settings } from "./credentials";
import type { Found } from "./decide";
import { parseExported, type Exported, type Operation } from "./deployment";
import { dockerServer } from "./docker";
import { grafanaServer } from "./grafana";
import { keycloakServer } from "./keycloak";
import type { DockerPlace, GrafanaPlace, KeycloakPlace, Place } from "./rules";
import type { StackCli } from "./stack-cli";

/** One of those that keep things. Throws ClientError or OperateError when it does not answer, or not as it should. */
export interface Server<P extends Place> {
  find(place: P): Promise<Found | undefined>;
  remove(place: P, id: string): Promise<void>;
}

/** How each is reached; `settings` are those of the provider that the state has. */
export interface Servers {
  readonly docker: () => Server<DockerPlace>;
  readonly keycloak: (settings: Settings) => Server<KeycloakPlace>;
  readonly grafana: (settings: Settings) => Server<GrafanaPlace>;
}

export const SERVERS: Servers = {
  docker: dockerServer,
  keycloak: keycloakServer,
  grafana: grafanaServer,
};

/** Speaks to the servers of a stack's things, as the state's own providers reach them. Secrets are asked for when one is needed. */
export class Reach {
  #revealed: Promise<Exported> | undefined;
  #docker: Server<DockerPlace> | undefined;

  constructor(
    private readonly servers: Servers,
    private readonly pulumi: StackCli,
  ) {}

  async find(operation: Operation, place: Place): Promise<Found | undefined> {
    switch (place.server) {
      case "docker":
        return (this.#docker ??= this.servers.docker()).find(place);
      case "keycloak":
        return this.servers.keycloak(await this.#settings(operation)).find(place);
      case "grafana":
        return this.servers.grafana(await this.#settings(operation)).find(place);
      default:
        return place satisfies never;
    }
  }

  async remove(operation: Operation, place: Place, id: string): Promise<void> {
    switch (place.server) {
      case "docker":
        return (this.#docker ??= this.servers.docker()).remove(place, id);
      case "keycloak":
        return this.servers.keycloak(await this.#settings(operation)).remove(place, id);
      case "grafana":
        return this.servers.grafana(await this.#settings(operation)).remove(place, id);
      default:
        return place satisfies never;
    }
  }

  async #settings({ resource }: Operation): Promise<Settings> {
    this.#revealed ??= this.pulumi.export({ showSecrets: true }).then(parseExported);
    return settingsOf(await this.#revealed, resource.provider ?? "");
  }
}
