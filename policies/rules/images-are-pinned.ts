import type { ResourceRecord } from "../../src/model/recording";
import { nothing, type Rule } from "./rule";
import { leaves, text, UNKNOWN } from "./values";

const DIGEST = /@sha256:[0-9a-f]{64}$/;
/** `18.6`, `3.2.1`, `distroless-v1.40.0`, `24.21.0-slim`: an exact version somewhere in the tag, three numbers or PostgreSQL's two. */
const EXACT = /(?:^|-)v?\d+\.\d+\.\d+(?:[.-]|$)/;
/** Projects that number their releases with two: PostgreSQL since 10. */
const TWO_NUMBERS = /(?:^|\/)postgres:\d{2}\.\d+(?:-|$)/;

const isPinned = (reference: string): boolean => {
  if (DIGEST.test(reference)) return true;
  const tag = /:([^/:@]+)$/.exec(reference)?.[1];
  return tag !== undefined && (EXACT.test(tag) || TWO_NUMBERS.test(reference));
};

/** Where a resource of this type says which image: paths of inputs, or a search for every `image` below a pod template. */
function referencesOf({ type, inputs }: ResourceRecord): readonly string[] {
  switch (type) {
    case "docker:index/remoteImage:RemoteImage":
      // A built image's `name` is what it will be called, and what it is built from is in its build context.
      return inputs["build"] === undefined ? [text(inputs["name"]) ?? ""] : [];
    case "docker:index/container:Container":
      return [text(inputs["image"]) ?? ""];
    default:
      return type.startsWith("kubernetes:") ? podImages(inputs) : [];
  }
}

const podImages = (inputs: unknown): readonly string[] =>
  [...leaves(inputs)].flatMap(({ path, value }) =>
    /containers\[\d+\]\.image$/i.test(path) ? String(value) : [],
  );

/** What stands for an image that another resource pulled or built: that resource is checked itself. */
const isResolved = (reference: string): boolean =>
  reference.startsWith("preview:docker-") || reference.startsWith("sha256:") || reference === UNKNOWN;

export const imagesArePinned: Rule = {
  name: "images-are-pinned",
  description:
    "Every image is pinned by exact version or digest: the same list must give the same programs, and a new one must show in a review.",
  check: ({ recording }) => {
    const found = recording.resources.flatMap((resource) =>
      referencesOf(resource).map((reference) => ({ resource, reference })),
    );
    if (found.length === 0) return [nothing("image")];
    return found
      .filter(({ reference }) => !isResolved(reference) && !isPinned(reference))
      .map(({ resource, reference }) => ({
        resource,
        message: `${resource.name} takes the image "${reference}", which is not one exact version.`,
        remedy: "Pin major, minor and patch (or a sha256 digest) in src/model/images.ts.",
      }));
  },
};
