import { CREDENTIAL_HEADERS, REQUESTED_TENANT_HEADER } from "../../model/headers";
import type { Listener } from "../../model/routes";
import { size } from "../../model/units";
import type { RenderInput } from "../input";
import {
  authServiceFilter,
  bindingsFilter,
  composeBindingFilter,
  tenantDecidedFilter,
  tenantOfTokenFilter,
  tokenFilter,
} from "./checks";
import { FILTERS } from "./names";
import { extension, remove, type Message } from "./protobuf";
import { sourceLimitFilter, tenantLimitsFilter } from "./rate-limits";
import { finishFilter, mendGrpcFilter, upstreamErrorsFilter } from "./responses";

/**
 * The chain, in the order that was tried (reference: envoy-chain.md). Both verifiers are on unless a route switches one off;
 * with both off, no tenant is set and `tenantDecided` refuses. Responses pass it from the end to the beginning.
 */
export const httpFilters = (input: RenderInput, listener: Listener): readonly Message[] => [
  finishFilter(),
  sourceLimitFilter(input),
  tokenFilter(input),
  composeBindingFilter(),
  bindingsFilter(input),
  tenantOfTokenFilter(),
  authServiceFilter(input),
  tenantDecidedFilter(),
  tenantLimitsFilter(input),
  forgetCredentialsFilter(),
  bodyLimitFilter(),
  listener === "otlpGrpc" ? mendGrpcFilter() : upstreamErrorsFilter(),
  routerFilter(),
];

/** Credentials end here. Off on the tenant API's route alone, which judges them itself. */
const forgetCredentialsFilter = (): Message =>
  extension(FILTERS.forgetCredentials, "envoy.extensions.filters.http.header_mutation.v3.HeaderMutation", {
    mutations: { request_mutations: [...CREDENTIAL_HEADERS, REQUESTED_TENANT_HEADER].map(remove) },
  });

/**
 * Holds a body until it is whole, after all checks, and refuses it with 413 when it is too large: a limit that only looked
 * at Content-Length would let chunks pass. Routes set their own; streams are not held.
 */
const bodyLimitFilter = (): Message =>
  extension(FILTERS.bodyLimit, "envoy.extensions.filters.http.buffer.v3.Buffer", {
    max_request_bytes: size("1MiB"),
  });

const routerFilter = (): Message =>
  extension(FILTERS.router, "envoy.extensions.filters.http.router.v3.Router");
