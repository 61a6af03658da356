import { entries, text, type Fields } from "./provider/table";
import { CONTAINER, VOLUME, type World } from "./provider/world";

/** What holds data, as the servers have it: their own objects, so that one that was made anew is seen. */
export const data = (world: World): readonly unknown[] => [
  ...world.of(VOLUME).filter(({ id }) => id.endsWith(".data")),
  ...world.of("keycloak:index/realm:Realm"),
];

const OF_DATA =
  /\/(postgres\/secrets\/|keycloak\/secrets\/|grafana\/secrets\/(admin|secret)|auth\/secrets\/pepper|redis\/secrets)/;

/** The passwords that open it, as the processes are told them: files by path. */
export const passwords = (world: World): ReadonlyMap<string, string> =>
  new Map(
    world
      .of(CONTAINER)
      .flatMap(({ inputs }) => entries(inputs["uploads"]))
      .map(({ file, content }: Fields) => [text(file), text(content)] as const)
      .filter(([file]) => OF_DATA.test(file)),
  );
