import { edit } from "../environment";
import { set, type Mutations } from "./mutation";

const port = (internal: number, ip?: string) => ({
  internal,
  external: internal,
  protocol: "tcp",
  ...(ip !== undefined && { ip }),
});

export const HOSTS: Mutations = {
  "containers-are-confined": [
    {
      what: "an agent sees the Docker socket",
      apply: edit("Container agent-mx-container", ({ inputs }) => {
        const socket = { hostPath: "/var/run/docker.sock", containerPath: "/var/run/docker.sock" };
        inputs["volumes"] = [...(inputs["volumes"] as object[]), socket];
      }),
      messages: ["agent-mx-container mounts /var/run/docker.sock at /var/run/docker.sock."],
    },
    {
      what: "a tenant's agent joins another's network",
      apply: edit("Container agent-pe-container", ({ inputs }) => {
        inputs["networksAdvanced"] = [
          ...(inputs["networksAdvanced"] as object[]),
          { name: "atalaya-dev-agent-mx.network" },
        ];
      }),
      messages: [
        "agent-pe-container is on the network atalaya-dev-agent-mx.network, which belongs to tenant mx.",
      ],
    },
    {
      what: "Mimir is privileged",
      apply: edit("Container mimir-container", set({ privileged: true })),
      messages: ["mimir-container is privileged."],
    },
  ],
  "data-is-protected": [
    {
      what: "Loki's volume can be deleted",
      apply: edit("Volume loki-data", (volume) => {
        volume.protect = false;
      }),
      messages: ["The volume loki-data holds data of loki and is not protected."],
    },
    {
      what: "the database's password can be deleted",
      apply: edit("RandomPassword postgres-password", (password) => {
        password.protect = false;
      }),
      messages: ["postgres-password opens data of postgres and is not protected."],
    },
    {
      what: "an active tenant can be removed",
      apply: edit("RandomUuid co-anchor", (anchor) => {
        anchor.protect = false;
      }),
      messages: ["Tenant co is active and its anchor is not protected."],
    },
    {
      what: "the realm can be deleted",
      apply: edit(
        "Realm realm",
        (realm) => {
          realm.protect = false;
        },
        "keycloak:",
      ),
      messages: ["The realm realm holds everybody's accounts and is not protected."],
    },
  ],
  "images-are-pinned": [
    {
      what: "an image floats",
      apply: edit("RemoteImage docker-mimir-3.2.1", set({ name: "docker.io/grafana/mimir:latest" })),
      messages: [
        'docker-mimir-3.2.1 takes the image "docker.io/grafana/mimir:latest", which is not one exact version.',
      ],
    },
  ],
  "inner-zones-publish-nothing": [
    {
      what: "the data network leads out",
      apply: edit("Network docker-data", set({ internal: false })),
      messages: ["Network atalaya-dev-data is not internal."],
    },
    {
      what: "Mimir is on the edge's network",
      apply: edit("Container mimir-container", ({ inputs }) => {
        inputs["networksAdvanced"] = [
          ...(inputs["networksAdvanced"] as object[]),
          { name: "atalaya-dev-edge" },
        ];
      }),
      messages: ["mimir-container joins the network atalaya-dev-edge, which is not one of its zones (data)."],
    },
    {
      what: "Grafana's listener at the edge is published where the environment is",
      apply: (recording) =>
        edit("Container envoy-container", ({ inputs }) => {
          inputs["ports"] = [...(inputs["ports"] as object[]), port(4320, "192.0.2.1")];
        })(edit("CertRequest envoy-tls-server-request", set({ ipAddresses: ["192.0.2.1"] }))(recording)),
      messages: ["envoy-container publishes its inner port 4320 on 192.0.2.1."],
    },
    {
      what: "the database is published on loopback, though nobody debugs",
      apply: edit("Container postgres-container", set({ ports: [port(5432, "127.0.0.1")] })),
      messages: ["postgres-container publishes its inner port 5432 on 127.0.0.1."],
    },
    {
      what: "the control network leads out",
      apply: edit("Network docker-control", set({ internal: false })),
      messages: ["Network atalaya-dev-control is not internal."],
    },
    {
      what: "Loki is on the view network",
      apply: edit("Container loki-container", ({ inputs }) => {
        inputs["networksAdvanced"] = [
          ...(inputs["networksAdvanced"] as object[]),
          { name: "atalaya-dev-view" },
        ];
      }),
      messages: ["loki-container joins the network atalaya-dev-view, which is not one of its zones (data)."],
    },
  ],
  "names-are-unique": [
    {
      what: "another process answers to Mimir's name",
      apply: edit("Container tempo-container", ({ inputs }) => {
        inputs["networksAdvanced"] = [{ name: "atalaya-dev-data", aliases: ["tempo", "mimir"] }];
      }),
      messages: [
        'tempo-container and mimir-container both claim the name "mimir" on the network atalaya-dev-data.',
      ],
    },
  ],
  "published-ports-name-an-address": [
    {
      what: "a port is published without an address",
      apply: edit("Container envoy-container", set({ ports: [port(4317), port(4318, "127.0.0.1")] })),
      messages: [
        "envoy-container publishes its port 4317 as 4317 without an address, which means on all of them.",
      ],
    },
    {
      what: "Grafana is published on every address",
      apply: edit("Container grafana-container", set({ ports: [port(3000, "0.0.0.0")] })),
      messages: ["grafana-container publishes its port 3000 as 3000 on 0.0.0.0."],
    },
  ],
};
