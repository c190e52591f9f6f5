import { Armful, type VariantFilter } from "./client.js";
import type * as schema from "./schema.js";

export type Variant = schema.VariantView;
export type VariantPerformance = schema.PerformanceView;

/** An experiment to start; success is "conversion" unless named. */
export type ExperimentConfig = Omit<schema.StartRequest, "success_metrics"> & { success_metrics?: string[] };

const A_PAGE = 10_000;

/** The client under the names of the API's reference documents; `armful` is the whole of it. */
export class ABTestingAPI {
  readonly armful: Armful;

  constructor(baseUrl: string, apiKey: string | undefined) {
    this.armful = new Armful({ baseUrl, apiKey: apiKey ?? "" });
  }

  /** Every variant that matches, however many there are. */
  async getVariants(filters: VariantFilter = {}): Promise<Variant[]> {
    const found: Variant[] = [];
    let cursor: string | null = null;
    do {
      const page: schema.VariantPage = await this.armful.variants({
        limit: A_PAGE,
        ...filters,
        ...(cursor === null ? {} : { cursor }),
      });
      found.push(...page.variants);
      cursor = page.next_cursor;
    } while (cursor !== null);
    return found;
  }

  startExperiment(config: ExperimentConfig): Promise<schema.ExperimentView> {
    return this.armful.startExperiment({ success_metrics: ["conversion"], ...config });
  }
}
