import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Environment } from "../../src/model/environment";
import { imageReference } from "../../src/model/images";
import { hostName } from "../../src/model/names";
import type { ServiceSpec } from "../../src/model/workload";
import type { Host, RunningService, RunOptions, Workload } from "../host";
import { makeContainer } from "./container";
import { buildImage, Images } from "./images";
import { labelsOf, partName, serviceLabels } from "./labels";
import { Networks } from "./networks";
import { probe } from "./readiness";
import { makeVolume, prepareVolumes } from "./volumes";
import { deliver, type Delivery } from "./writer";

/** Processes as containers of one Docker daemon, with a network per zone. */
export class DockerHost extends pulumi.ComponentResource implements Host {
  readonly #environment: string;
  readonly #networks: Networks;
  readonly #images: Images;
  readonly #helperImage: pulumi.Output<string>;
  readonly #names = new Set<string>();

  constructor(name: string, environment: Environment, opts?: pulumi.ComponentResourceOptions) {
    const publishAddress = environment.publish.address;
    super("atalaya:docker:Host", name, { environment: environment.name, publishAddress }, opts);
    this.#environment = environment.name;
    this.#networks = new Networks(name, environment.name, environment.debugPorts, { parent: this });
    this.#images = new Images(name, { parent: this });
    this.#helperImage = this.#images.pull(imageReference("busybox", environment.imageRegistry));
    this.registerOutputs({});
  }

  run(name: string, workload: Workload, { parent, dependsOn = [] }: RunOptions): RunningService {
    const { spec } = workload;
    if (this.#names.has(spec.name)) throw new Error(`Two processes are called "${spec.name}".`);
    this.#names.add(spec.name);
    const child = { parent };
    const own = spec.ownNetwork === true ? this.#networks.own(name, spec, child) : undefined;
    const publishing =
      spec.publishedAlone === true ? this.#networks.publishing(name, spec, child) : undefined;
    const data = this.#dataVolumes(name, workload, parent);
    const files = this.#files(name, workload, parent);
    const container = makeContainer(
      name,
      workload,
      {
        environment: this.#environment,
        image:
          workload.build === undefined
            ? this.#images.pull(spec.image)
            : buildImage(`${name}-image`, spec.image, workload.build, child),
        networks: this.#networks.attachments(spec, own, publishing),
        volumes: [...files.mounts, ...data.mounts],
      },
      { parent, dependsOn: [...dependsOn, ...files.writers, ...data.prepared] },
    );
    const ready = probe(
      name,
      spec,
      {
        environment: this.#environment,
        image: this.#helperImage,
        networks: this.#networks.probing(spec, own),
        container,
      },
      child,
    );
    return {
      started: container,
      ready: ready ?? container,
      live: files.writers,
      store: data.volumes[0] ?? container,
    };
  }

  /** Volumes that are protected, and with them whoever wants to remove them has to say so. */
  #dataVolumes(name: string, { spec, protectData = true }: Workload, parent: pulumi.Resource) {
    const volumes = spec.volumes.map((volume) => ({
      path: volume.path,
      volume: makeVolume(name, volume.name, this.#environment, spec, { parent, protect: protectData }),
    }));
    const mounted = volumes.map(({ path, volume }) => ({ path, volume: volume.name }));
    const preparation = { image: this.#helperImage, environment: this.#environment, volumes: mounted };
    return {
      volumes: volumes.map(({ volume }) => volume),
      mounts: mounted.map(({ path, volume }) => ({ containerPath: path, volumeName: volume })),
      prepared: volumes.length === 0 ? [] : [prepareVolumes(name, spec, preparation, { parent })],
    };
  }

  /** One writer for what everybody may read, one for secrets: a new tenant replaces at most these two of a process. */
  #files(name: string, workload: Workload, parent: pulumi.Resource) {
    const { spec, secretFiles = {}, liveFilesAfter = [] } = workload;
    const { directories } = spec;
    const volumeOf = (part: string) => makeVolume(name, part, this.#environment, spec, { parent }).name;
    const mounts: docker.types.input.ContainerVolume[] = [];
    const mount = (directory: string, part: string) => {
      const volume = volumeOf(part);
      mounts.push({ containerPath: directory, volumeName: volume, readOnly: true });
      return { directory, volume };
    };
    const writer = (part: string, delivery: Pick<Delivery, "volumes" | "files" | "owner" | "mode">) =>
      deliver(
        `${name}-${part}`,
        {
          ...delivery,
          containerName: partName(hostName(this.#environment, spec.name), part),
          image: this.#helperImage,
          labels: labelsOf(this.#environment, serviceLabels(spec)),
        },
        {
          parent,
          dependsOn: [...liveFilesAfter],
          ...(part === "secrets" ? { additionalSecretOutputs: ["uploads"] } : {}),
        },
      );
    const writers: docker.Container[] = [];
    const kinds = (["static", "live"] as const).filter((kind) =>
      spec.files.some((file) => file.kind === kind),
    );
    if (kinds.length > 0) {
      const volumes = kinds.map((kind) =>
        kind === "static" ? mount(directories.config, "config") : mount(directories.live, "live"),
      );
      writers.push(writer("files", { volumes, files: spec.files, owner: "0:0", mode: "0444" }));
    }
    const secrets = secretsOf(spec, secretFiles);
    if (secrets.length > 0) {
      const volumes = [mount(directories.secrets, "secrets")];
      writers.push(writer("secrets", { volumes, files: secrets, owner: spec.user, mode: "0400" }));
    }
    return { mounts, writers };
  }
}

const secretsOf = ({ directories }: ServiceSpec, files: Readonly<Record<string, pulumi.Input<string>>>) =>
  Object.entries(files)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, content]) => ({
      target: `${directories.secrets}/${path}`,
      content: pulumi.secret(content),
    }));
