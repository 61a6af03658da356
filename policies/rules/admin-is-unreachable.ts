import { pb, pbAt } from "./envoy";
import { nothing, type Rule, type Violation } from "./rule";
import { text } from "./values";

export const adminIsUnreachable: Rule = {
  name: "admin-is-unreachable",
  description:
    "Envoy's admin interface listens on a socket of its own and on no address: it shows every tenant's name and can drain or stop the edge.",
  check: ({ edge }) => {
    if (edge.listeners.length === 0) return [nothing("Envoy listener")];
    return edge.admins.flatMap(({ file, config }): readonly Violation[] => {
      const address = pb(config, "address");
      return address === undefined || text(pbAt(address, "pipe", "path")) !== undefined
        ? []
        : [
            {
              resource: file.resource,
              message: `Envoy's admin interface listens on ${JSON.stringify(pb(address, "socket_address") ?? address)}.`,
              remedy:
                "Give it a pipe, and let the health listener pass on what may be asked (src/render/envoy).",
            },
          ];
    });
  },
};
