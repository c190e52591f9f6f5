export { Armful, type Options, type TableQuery, type VariantFilter } from "./client.js";
export { ArmfulError } from "./error.js";
export { ABTestingAPI, type ExperimentConfig, type Variant, type VariantPerformance } from "./reference.js";
export type * from "./schema.js";
