import type { Context } from "./context";
import type { PlacedFile } from "./files";
import { nothing, type Rule, type Violation } from "./rule";

export const storesAskForPasswords: Rule = {
  name: "stores-ask-for-passwords",
  description:
    "PostgreSQL and Redis let nobody in without a password: a process on their network is not by that somebody who may read them.",
  check: (context) => [...postgres(context), ...redis(context)],
};

const filesOf = ({ files }: Context, service: string, name: string): readonly PlacedFile[] =>
  files.filter(({ container, path }) => container.service === service && path.endsWith(`/${name}`));

/** Methods of pg_hba.conf by which nobody gets in without proof. */
const PROOF: readonly string[] = ["scram-sha-256", "cert", "reject"];

function postgres(context: Context): readonly Violation[] {
  const found = filesOf(context, "postgres", "pg_hba.conf").filter(({ content }) => content !== undefined);
  if (found.length === 0) return [nothing("pg_hba.conf of postgres")];
  return found.flatMap((file) =>
    linesOf(file).flatMap((line) => {
      const words = line.split(/\s+/);
      // Options, as `name=value`, come after the method.
      const method = words.findLast((word) => !word.includes("="));
      return PROOF.includes(method ?? "")
        ? []
        : [
            {
              resource: file.resource,
              message: `PostgreSQL lets in by "${method ?? line}" (${line.replaceAll(/\s+/g, " ")}).`,
              remedy: "Use scram-sha-256 in src/render/postgres.ts.",
            },
          ];
    }),
  );
}

const linesOf = ({ content }: PlacedFile): readonly string[] =>
  (content ?? "").split("\n").flatMap((line) => {
    const said = line.replace(/#.*$/, "").trim();
    return said === "" ? [] : [said];
  });

/** Users who get in without a password may do this much. */
const HARMLESS: readonly string[] = ["-@all", "+ping"];

function redis(context: Context): readonly Violation[] {
  const configs = filesOf(context, "redis", "redis.conf");
  const lists = filesOf(context, "redis", "users.acl");
  if (configs.length === 0) return [nothing("redis.conf of redis")];
  if (lists.length === 0) return [nothing("users.acl of redis")];
  const paths = lists.map(({ path }) => path);
  return [
    ...configs
      .filter(
        (file) =>
          !(file.content ?? "").split("\n").some((line) => paths.some((path) => line === `aclfile ${path}`)),
      )
      .map(({ resource }) => ({
        resource,
        message: "Redis does not read its list of users.",
        remedy:
          "Set aclfile in src/render/redis.ts to the file that is written: without it everybody may do everything.",
      })),
    // Only the update itself knows a list that is secret.
    ...lists.filter(({ content }) => content !== undefined).flatMap(users),
  ];
}

function users(file: PlacedFile): readonly Violation[] {
  const rules = (file.content ?? "").split("\n").flatMap((line) => {
    const [word, name = "", ...said] = line.trim().split(/\s+/);
    return word === "user" ? [{ name, said }] : [];
  });
  const open = rules.filter(
    ({ said }) =>
      said.includes("on") &&
      said.includes("nopass") &&
      said.some((rule) => /^[+~&%]|^all/.test(rule) && !HARMLESS.includes(rule)),
  );
  const { resource } = file;
  return [
    ...(rules.some(({ name, said }) => name === "default" && said.includes("off") && !said.includes("on"))
      ? []
      : [
          {
            resource,
            message: "Redis' default user is not off: whoever reaches it is that user.",
            remedy: 'Begin the list of users with "user default off" (src/render/redis.ts).',
          },
        ]),
    ...open.map(({ name }) => ({
      resource,
      message: `Redis' user ${name} needs no password and may do more than PING.`,
      remedy: "Give it a password's hash, or take its rights away (src/render/redis.ts).",
    })),
  ];
}
