import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderEnvironment } from "../../src/render";
import { run, server, tempDir } from "../servers";
import { localInput, place } from "./local";

/** The rendered .alloy files, by Alloy's own parser and formatter. What the components mean by them it does not check. */
describe("Alloy's syntax module", () => {
  const dir = tempDir();
  let files: readonly string[] = [];

  beforeAll(async () => {
    const alloy = renderEnvironment(await localInput(dir.path)).filter(({ path }) => path.endsWith(".alloy"));
    place(alloy);
    files = alloy.map(({ target }) => target);
  });
  afterAll(() => {
    dir.remove();
  });

  it("accepts every file and would not change a byte of it", async () => {
    expect(files).toHaveLength(4);
    expect(await run(server("alloyfmt").bin, ["-l", ...files])).toEqual({ code: 0, stdout: "", stderr: "" });
  });
});
