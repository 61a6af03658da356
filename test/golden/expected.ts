import { loadStack } from "../../src/cli/load";
import { maskSecrets } from "../../src/preview/mask";
import { record } from "../../src/preview/recorder";
import { toYaml } from "../../src/render/yaml";
import { declareStack } from "../../src/stack/program";

/** Everything that the shipped tenant list stands for in a stack: its files and the sorted dump of its resources, by path. */
export async function environmentFiles(stack: string): Promise<ReadonlyMap<string, string>> {
  const input = loadStack({ stack });
  const recording = await record(() => declareStack(input), {
    project: input.project,
    stack,
    config: input.config,
    secretConfigKeys: input.secretKeys,
  });
  const resources = recording.resources.map(({ secrets = [], inputs, ...resource }) => ({
    ...resource,
    inputs: maskSecrets(inputs, secrets),
  }));
  const outputs = maskSecrets(recording.outputs, recording.secretOutputs);
  return new Map([
    ["outputs.yaml", toYaml(outputs)],
    ["resources.yaml", toYaml(resources)],
    ...input.files.map(({ path, content }) => [`files/${path}`, content] as const),
  ]);
}
