export { parseEnvironment, parseStack, type StackOptions, type StackSettings } from "./environment";
export { loadInputs, loadProjectList, type InputOptions, type Inputs } from "./inputs";
export { tenantListJsonSchema } from "./json-schema";
export { ConfigError, formatProblem, formatProblems, type Problem } from "./problems";
export { tenantsOf, type Selection, type SelectionOptions } from "./selection";
export { loadStackConfig, stacksOf, type StackConfig } from "./stack-files";
export { PREVIEW_SECRET, PROJECT } from "./stack-values";
export {
  loadTenantList,
  parseTenantList,
  type FileOptions,
  type ListedTenant,
  type ListOptions,
  type TenantList,
} from "./tenants";
