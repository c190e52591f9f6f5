import createHttp, { type Client } from "openapi-fetch";
import { ArmfulError } from "./error.js";
import { events } from "./events.js";
import type * as schema from "./schema.js";

/** Which variants to list: dimensions by their names, least impressions, states. */
export interface VariantFilter {
  min_impressions?: number;
  status?: "active" | "archived" | "all";
  limit?: number;
  cursor?: string;
  [dimension: string]: string | number | undefined;
}

/** Which rows of the table of variants: those with every word of `search`, in this order. */
export interface TableQuery {
  search?: string;
  dimensions?: Record<string, string>;
  status?: "active" | "archived" | "all";
  sort?: "name" | "rate" | "impressions" | "chance" | "share" | "used";
  order?: "ascending" | "descending";
  offset?: number;
  limit?: number;
}

export interface Options {
  /** Where armful is; default: the page's own origin. */
  baseUrl?: string;
  /** The key, or a function that gives the present one. */
  apiKey: string | (() => string | null);
  /** Used instead of the global `fetch`. */
  fetch?: (request: Request) => Promise<Response>;
}

type Answer = Promise<{ data?: unknown; error?: unknown; response: Response }>;

/** A client of armful's HTTP API; every method rejects with an `ArmfulError`. */
export class Armful {
  /** The typed client underneath, for whatever has no method here. */
  readonly http: Client<schema.paths>;

  constructor({ baseUrl = "", apiKey, fetch: given }: Options) {
    const send = given ?? ((request: Request) => fetch(request));
    this.http = createHttp<schema.paths>({
      baseUrl,
      fetch: (request) =>
        send(request).catch((cause: unknown) => {
          throw request.signal.aborted ? cause : ArmfulError.unreachable(cause);
        }),
    });
    this.http.use({
      onRequest({ request }) {
        const key = typeof apiKey === "string" ? apiKey : apiKey();
        if (key) request.headers.set("Authorization", `Bearer ${key}`);
      },
    });
  }

  variants(filter: VariantFilter = {}, signal?: AbortSignal): Promise<schema.VariantPage> {
    return answer(this.http.GET("/variants", { params: { query: filter }, ...given(signal) }));
  }

  createVariants(variants: schema.NewVariant[]): Promise<schema.CreatedVariants> {
    return answer(this.http.POST("/variants", { body: { variants } }));
  }

  variant(variant_id: string, signal?: AbortSignal): Promise<schema.VariantView> {
    return answer(this.http.GET("/variants/{variant_id}", { params: { path: { variant_id } }, ...given(signal) }));
  }

  changeVariant(variant_id: string, changes: schema.VariantPatch): Promise<schema.VariantView> {
    return answer(this.http.PATCH("/variants/{variant_id}", { params: { path: { variant_id } }, body: changes }));
  }

  /** Never selected again; its counts are kept. */
  archiveVariant(variant_id: string): Promise<schema.VariantView> {
    return answer(this.http.DELETE("/variants/{variant_id}", { params: { path: { variant_id } } }));
  }

  stats(variant_id: string, confidence_level = 0.95, signal?: AbortSignal): Promise<schema.StatsView> {
    const params = { path: { variant_id }, query: { confidence_level } };
    return answer(this.http.GET("/variants/{variant_id}/stats", { params, ...given(signal) }));
  }

  history(variant_id: string, days = 30, signal?: AbortSignal): Promise<schema.VariantHistory> {
    const params = { path: { variant_id }, query: { days } };
    return answer(this.http.GET("/variants/{variant_id}/history", { params, ...given(signal) }));
  }

  /** How the active variants stand against each other; at most 50 may be named, else all. */
  standings(variant_id?: string[], signal?: AbortSignal): Promise<schema.StandingsView> {
    return answer(
      this.http.GET("/standings", { params: { query: variant_id ? { variant_id } : {} }, ...given(signal) }),
    );
  }

  /** Variants with how they stand, searched, sorted and paged by armful. */
  table({ dimensions = {}, ...query }: TableQuery = {}, signal?: AbortSignal): Promise<schema.TableView> {
    const named = Object.fromEntries(Object.entries(dimensions).map(([name, value]) => [`dimension.${name}`, value]));
    const params = { query: { ...query, ...named } };
    return answer(this.http.GET("/standings/table", { params, ...given(signal) }));
  }

  /** Which variants to show now. */
  select(request: schema.SelectRequest): Promise<schema.Selection> {
    return answer(this.http.POST("/variants/select", { body: request }));
  }

  /** What happened to a variant; resolves when it is counted for good. */
  report(variant_id: string, update: schema.PerformanceUpdate): Promise<schema.PerformanceAnswer> {
    return answer(
      this.http.POST("/variants/{variant_id}/performance", { params: { path: { variant_id } }, body: update }),
    );
  }

  startExperiment(request: schema.StartRequest): Promise<schema.ExperimentView> {
    return answer(this.http.POST("/experiments/start", { body: request }));
  }

  experiments(query: { limit?: number; cursor?: string } = {}, signal?: AbortSignal): Promise<schema.ExperimentPage> {
    return answer(this.http.GET("/experiments", { params: { query }, ...given(signal) }));
  }

  experiment(experiment_id: string, signal?: AbortSignal): Promise<schema.ExperimentView> {
    return answer(
      this.http.GET("/experiments/{experiment_id}", { params: { path: { experiment_id } }, ...given(signal) }),
    );
  }

  results(
    experiment_id: string,
    query: { include_interim?: boolean; segment_by?: string } = {},
    signal?: AbortSignal,
  ): Promise<schema.ResultsView> {
    const params = { path: { experiment_id }, query };
    return answer(this.http.GET("/experiments/{experiment_id}/results", { params, ...given(signal) }));
  }

  /** An experiment's results as the text of a CSV file. */
  resultsCsv(experiment_id: string): Promise<string> {
    const params = { path: { experiment_id }, query: { format: "csv" as const } };
    return answer(this.http.GET("/experiments/{experiment_id}/results", { params, parseAs: "text" }));
  }

  /** The variant for a participant: always the same one. */
  assign(experiment_id: string, request: schema.AssignRequest): Promise<schema.AssignmentView> {
    const params = { path: { experiment_id } };
    return answer(this.http.POST("/experiments/{experiment_id}/assign", { params, body: request }));
  }

  /** Who changed an experiment, how and when, newest first. */
  audit(experiment_id: string, signal?: AbortSignal): Promise<schema.AuditList> {
    const params = { path: { experiment_id } };
    return answer(this.http.GET("/experiments/{experiment_id}/audit", { params, ...given(signal) }));
  }

  /** How many participants each variant needs to find an effect. */
  power(
    query: { baseline: number; mde: number; relative?: boolean; variants?: number; daily_participants?: number },
    signal?: AbortSignal,
  ): Promise<schema.Plan> {
    return answer(this.http.GET("/power", { params: { query }, ...given(signal) }));
  }

  changeExperiment(
    experiment_id: string,
    action: "start" | "pause" | "resume" | "stop",
  ): Promise<schema.ExperimentView> {
    return answer(this.http.POST(`/experiments/{experiment_id}/${action}`, { params: { path: { experiment_id } } }));
  }

  promote(experiment_id: string, promotion: schema.Promotion = {}): Promise<schema.ExperimentView> {
    return answer(
      this.http.POST("/experiments/{experiment_id}/promote", { params: { path: { experiment_id } }, body: promotion }),
    );
  }

  /** The key in use and what it may do. */
  currentKey(signal?: AbortSignal): Promise<schema.KeyView> {
    return answer(this.http.GET("/keys/current", given(signal)));
  }

  /**
   * What happens, as it happens: the first tick holds every named variant, later ones those that changed.
   * Ends when the server ends it, which it does now and then, or when `signal` is aborted: connect again then.
   */
  async *live(variant_id: string[], signal?: AbortSignal): AsyncGenerator<schema.LiveTick> {
    const params = { query: { variant_id } };
    const body = await answer<ReadableStream<Uint8Array>>(
      this.http.GET("/live", { params, parseAs: "stream", ...given(signal) }),
    );
    try {
      for await (const data of events(body)) yield JSON.parse(data) as schema.LiveTick;
    } catch (cause) {
      throw signal?.aborted ? cause : ArmfulError.unreachable(cause);
    }
  }
}

function given(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal ? { signal } : {};
}

async function answer<T>(pending: Answer): Promise<T> {
  const { data, error, response } = await pending;
  if (!response.ok) throw ArmfulError.of(response, error);
  return data as T;
}
