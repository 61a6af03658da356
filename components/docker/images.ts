import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import type { ImageBuild } from "../host";

/** Images of one daemon: each is pulled once, however many containers run it. */
export class Images {
  readonly #pulled = new Map<string, docker.RemoteImage>();

  constructor(
    private readonly name: string,
    private readonly opts: pulumi.CustomResourceOptions,
  ) {}

  /**
   * The exact tag, and not the image's id: a tag is known in a preview, and it is what Docker says a container runs, so that
   * a second `up` finds nothing to do.
   */
  pull(reference: string): pulumi.Output<string> {
    const known = this.#pulled.get(reference);
    if (known !== undefined) return known.name;
    const short = reference.slice(reference.lastIndexOf("/") + 1).replace(":", "-");
    const image = new docker.RemoteImage(
      `${this.name}-${short}`,
      // Other stacks on this machine may use the same image.
      { name: reference, keepLocally: true },
      this.opts,
    );
    this.#pulled.set(reference, image);
    return image.name;
  }
}

/** Builds on this daemon, for this daemon: nothing is pushed. Returns the image's id. */
export function buildImage(
  name: string,
  reference: string,
  build: ImageBuild,
  opts: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
  const image = new docker.Image(
    name,
    {
      imageName: reference,
      skipPush: true,
      build: {
        context: build.context,
        dockerfile: `${build.context}/Dockerfile`,
        args: { ...build.arguments },
        builderVersion: docker.types.enums.BuilderVersion.BuilderBuildKit,
      },
    },
    opts,
  );
  return image.repoDigest;
}
