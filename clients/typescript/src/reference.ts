import { Armful, type VariantFilter } from "./client.js";
import type * as schema from "./schema.js";

export type Variant = schema.VariantView;
export type VariantPerformance = schema.PerformanceView;

/** An experiment to start; the default success metric is "conversion". */
export type ExperimentConfig = Omit<schema.StartRequest, "success_metrics"> & {
  success_metrics?: NonNullable<schema.StartRequest["success_metrics"]>;
};

const PAGE_SIZE = 10_000;

/** The client with the names that the API's reference documents use. `armful` has all other methods. */
export class ABTestingAPI {
  readonly armful: Armful;

  constructor(baseUrl: string, apiKey: string | undefined) {
    this.armful = new Armful({ baseUrl, apiKey: apiKey ?? "" });
  }

  /** All variants that match the filter, from all pages. */
  async getVariants(filters: VariantFilter = {}): Promise<Variant[]> {
    const variants: Variant[] = [];
    let cursor: string | null = null;
    do {
      const page: schema.VariantPage = await this.armful.variants({
        limit: PAGE_SIZE,
        ...filters,
        ...(cursor === null ? {} : { cursor }),
      });
      variants.push(...page.variants);
      cursor = page.next_cursor;
    } while (cursor !== null);
    return variants;
  }

  /** Start an experiment. */
  startExperiment(config: ExperimentConfig): Promise<schema.ExperimentView> {
    return this.armful.startExperiment({ success_metrics: ["conversion"], ...config });
  }
}
