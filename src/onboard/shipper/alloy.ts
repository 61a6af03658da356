import { agentKit } from "../kit/files";
import { SIGNALS, type Shipper } from "../model";

/** The tenant's own agent on a host of its own; the kit has a README and a check of its own. */
export const alloy: Shipper = {
  title: "Grafana Alloy",
  signals: SIGNALS,
  credential: "clientSecret",
  isAgent: true,
  ownUser: true,
  main: "config.alloy",
  files: (onboarding) => {
    const { declared } = onboarding;
    if (declared === undefined) throw new Error("onboard: alloy works by what is declared of its tenant");
    return agentKit({ host: onboarding, ...declared });
  },
  guide: () => ({
    install: "Docker with Compose 2, or the package `alloy`.",
    start: "docker compose up -d",
    refused: "429 and 503 wait on disk.",
  }),
};
