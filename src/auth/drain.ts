import type { Server, ServerResponse } from "node:http";

/**
 * Watches what is in flight on a server from now on. The function that it returns takes no new connections, waits for the
 * answers that are still to be given and then closes every connection; false when they took too long and were cut off.
 */
export function drainable(server: Server): (milliseconds: number) => Promise<boolean> {
  let inFlight = 0;
  let onIdle = (): void => undefined;
  server.on("request", (_request, response: ServerResponse) => {
    inFlight++;
    response.once("close", () => {
      inFlight--;
      if (inFlight === 0) onIdle();
    });
  });
  return (milliseconds) =>
    new Promise((resolve) => {
      const end = (whole: boolean): void => {
        clearTimeout(late);
        resolve(whole);
        // Node itself would wait for those that never sent a request.
        server.closeAllConnections();
      };
      const late = setTimeout(end, milliseconds, false);
      onIdle = () => {
        end(true);
      };
      server.close();
      if (inFlight === 0) end(true);
    });
}
