import { CREDENTIAL_HEADERS, REQUESTED_TENANT_HEADER } from "../../model/headers";
import type { Listener } from "../../model/routes";
import type { RenderInput } from "../input";
import {
  authServiceFilter,
  bindingsFilter,
  composeBindingFilter,
  tenantDecidedFilter,
  tenantOfTokenFilter,
  tokenFilter,
  tokenTimesFilter,
} from "./checks";
import { bodyLimitFilter } from "./body-limit";
import { FILTERS } from "./names";
import { extension, remove, type Message } from "./protobuf";
import { sourceLimitFilter, tenantLimitsFilter } from "./rate-limits";
import { finishFilter, fromUpstreamFilter, mendGrpcFilter, upstreamErrorsFilter } from "./responses";

/**
 * The chain, in the order that was tried (reference: envoy-chain.md). Both verifiers are on unless a route switches one off;
 * with both off, no tenant is set and `tenantDecided` refuses. Responses pass it from the end to the beginning.
 */
export const httpFilters = (input: RenderInput, listener: Listener): readonly Message[] => [
  finishFilter(),
  sourceLimitFilter(input),
  tokenFilter(input),
  tokenTimesFilter(),
  composeBindingFilter(),
  bindingsFilter(input),
  tenantOfTokenFilter(),
  authServiceFilter(input),
  tenantDecidedFilter(),
  tenantLimitsFilter(input),
  forgetCredentialsFilter(),
  bodyLimitFilter(),
  listener === "otlpGrpc" ? mendGrpcFilter() : upstreamErrorsFilter(),
  fromUpstreamFilter(),
  routerFilter(),
];

/** Credentials end here. Off on the tenant API's route alone, which judges them itself. */
const forgetCredentialsFilter = (): Message =>
  extension(FILTERS.forgetCredentials, "envoy.extensions.filters.http.header_mutation.v3.HeaderMutation", {
    mutations: { request_mutations: [...CREDENTIAL_HEADERS, REQUESTED_TENANT_HEADER].map(remove) },
  });

const routerFilter = (): Message =>
  extension(FILTERS.router, "envoy.extensions.filters.http.router.v3.Router");
