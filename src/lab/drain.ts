import { request } from "node:http";
import { DRAIN_PATHS } from "../render/envoy/listeners";
import { LabError } from "./error";

/** Asks Envoy, at its admin socket, to let go of its clients. Throws LabError when it does not take that. */
export async function drain(adminSocket: string): Promise<void> {
  for (const path of DRAIN_PATHS) {
    const status = await post(adminSocket, path);
    if (status !== 200) throw new LabError(`Envoy does not drain: POST ${path}: ${status}.`);
  }
}

const post = (socketPath: string, path: string): Promise<number> =>
  new Promise((resolve, reject) => {
    request({ socketPath, path, method: "POST", timeout: 5_000 }, (response) => {
      response.resume().on("end", () => {
        resolve(response.statusCode ?? 0);
      });
    })
      .on("error", reject)
      .end();
  });
