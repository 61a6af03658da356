import { FORBIDDEN_METHODS, FORBIDDEN_PATH, LONGEST_STREAM, TENANT_API } from "./demands";
import { pb, pbAt, seconds, type EdgeRoute, type Manager } from "./envoy";
import { fields, text } from "./values";

/** What no route may do, though it be in the route table. */
export function forbidden(
  route: EdgeRoute,
  methods: readonly string[],
  manager: Pick<Manager, "config">,
): readonly string[] {
  const path = pathOf(route);
  return [
    ...(FORBIDDEN_PATH.test(path) ? [`leads to ${path}, which no tenant may reach`] : []),
    ...(/(^|[^a-z])rules([^a-z]|$)/.test(path) && methods.join() !== "GET" ? ["lets rules be written"] : []),
    ...methods
      .filter((method) => FORBIDDEN_METHODS.includes(method) && prefixOf(route) !== TENANT_API)
      .map((method) => `lets ${method} pass, which the tenant API alone may take`),
    ...below(route),
    ...streams(route, manager),
  ];
}

const prefixOf = ({ match }: EdgeRoute): string | undefined =>
  text(pb(match, "path_separated_prefix")) ?? text(match["prefix"]);

const regexOf = ({ match }: EdgeRoute): string | undefined => text(fields(pb(match, "safe_regex"))["regex"]);

const pathOf = (route: EdgeRoute): string =>
  text(route.match["path"]) ?? prefixOf(route) ?? regexOf(route) ?? "";

/** A match that takes more than it names: what a backend adds tomorrow would be open today. */
function below(route: EdgeRoute): readonly string[] {
  const prefix = prefixOf(route);
  const regex = regexOf(route);
  return [
    ...(prefix === undefined || (prefix === TENANT_API && text(route.match["prefix"]) === undefined)
      ? []
      : [`takes everything below ${prefix}`]),
    ...(regex !== undefined && /\.[*+{]|\[\^[^\]/]*\][*+{]|\\S/.test(regex)
      ? [`takes everything that ${regex} takes`]
      : []),
  ];
}

/** What lives longer than a suspension may take. */
export function streams({ action }: EdgeRoute, { config }: Pick<Manager, "config">): readonly string[] {
  const timeout = seconds(pb(action, "timeout"));
  const own = pbAt(action, "max_stream_duration", "max_stream_duration");
  const everybody = pbAt(config, "common_http_protocol_options", "max_stream_duration");
  const longest = own ?? (timeout === 0 ? (everybody ?? "unset") : undefined);
  const length = seconds(longest);
  return [
    ...(longest === undefined || (length !== undefined && length > 0 && length <= LONGEST_STREAM)
      ? []
      : [
          `lets a stream live for ${text(longest) ?? "ever"} (max_stream_duration, at most ${LONGEST_STREAM}s)`,
        ]),
    ...(timeout !== undefined && timeout > LONGEST_STREAM
      ? [`lets a request live for ${timeout} s (timeout, at most ${LONGEST_STREAM})`]
      : []),
  ];
}
