import createHttp, { type Client } from "openapi-fetch";
import { ArmfulError } from "./error.js";
import { events } from "./events.js";
import type * as schema from "./schema.js";

type QueryOf<Path extends keyof schema.paths> = schema.paths[Path] extends {
  get: { parameters: { query?: infer Query } };
}
  ? NonNullable<Query>
  : never;

/** Which variants to list. Every name that is not a parameter of the endpoint is a dimension to filter by. */
export type VariantFilter = QueryOf<"/variants"> & Record<string, string | number | null | undefined>;

/** Which rows of the table of variants to load, in which order; `dimensions` has the required value of each dimension. */
export type TableQuery = QueryOf<"/standings/table"> & { dimensions?: Record<string, string> };

export interface Options {
  /** The address of armful; by default the origin of the page. */
  baseUrl?: string;
  /** The API key, or a function that returns the current one. */
  apiKey: string | (() => string | null);
  /** A replacement for the global `fetch`. */
  fetch?: (request: Request) => Promise<Response>;
}

type Pending = Promise<{ data?: unknown; error?: unknown; response: Response }>;

/** A client of armful's HTTP API. Its methods reject with an `ArmfulError` if a request fails. */
export class Armful {
  /** The underlying typed client, for endpoints without a method here. */
  readonly http: Client<schema.paths>;

  constructor({ baseUrl = "", apiKey, fetch: customFetch }: Options) {
    const send = customFetch ?? ((request: Request) => fetch(request));
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

  /** A page of the variants that match a filter. */
  variants(filter: VariantFilter = {}, signal?: AbortSignal): Promise<schema.VariantPage> {
    return unwrap(this.http.GET("/variants", { params: { query: filter }, ...withSignal(signal) }));
  }

  /** Create one or more variants. */
  createVariants(variants: schema.NewVariant[]): Promise<schema.CreatedVariants> {
    return unwrap(this.http.POST("/variants", { body: { variants } }));
  }

  /** A variant and its performance. */
  variant(variant_id: string, signal?: AbortSignal): Promise<schema.VariantView> {
    return unwrap(this.http.GET("/variants/{variant_id}", { params: { path: { variant_id } }, ...withSignal(signal) }));
  }

  /** Change some fields of a variant; the others keep their values. */
  changeVariant(variant_id: string, changes: schema.VariantPatch): Promise<schema.VariantView> {
    return unwrap(this.http.PATCH("/variants/{variant_id}", { params: { path: { variant_id } }, body: changes }));
  }

  /**
   * Archive a variant: nothing shows it any more, and its data is kept. With `retire`, running experiments continue without
   * it. Otherwise, and for their control, the response is a 409.
   */
  archiveVariant(variant_id: string, query: { retire?: boolean } = {}): Promise<schema.VariantView> {
    return unwrap(this.http.DELETE("/variants/{variant_id}", { params: { path: { variant_id }, query } }));
  }

  /** A variant's success rate with its intervals, and its posterior. */
  stats(variant_id: string, confidence_level = 0.95, signal?: AbortSignal): Promise<schema.StatsView> {
    const params = { path: { variant_id }, query: { confidence_level } };
    return unwrap(this.http.GET("/variants/{variant_id}/stats", { params, ...withSignal(signal) }));
  }

  /** A variant's daily results, results by persona, and latest changes. */
  history(variant_id: string, days = 30, signal?: AbortSignal): Promise<schema.VariantHistory> {
    const params = { path: { variant_id }, query: { days } };
    return unwrap(this.http.GET("/variants/{variant_id}/history", { params, ...withSignal(signal) }));
  }

  /** How the active variants compare: all of them, or up to 50 named ones. */
  standings(variant_id?: string[], signal?: AbortSignal): Promise<schema.StandingsView> {
    return unwrap(
      this.http.GET("/standings", { params: { query: variant_id ? { variant_id } : {} }, ...withSignal(signal) }),
    );
  }

  /** A page of the table of variants, searched and sorted by the service. */
  table({ dimensions = {}, ...query }: TableQuery = {}, signal?: AbortSignal): Promise<schema.TableView> {
    const dimensionParams = Object.fromEntries(
      Object.entries(dimensions).map(([name, value]) => [`dimension.${name}`, value]),
    );
    const params = { query: { ...query, ...dimensionParams } };
    return unwrap(this.http.GET("/standings/table", { params, ...withSignal(signal) }));
  }

  /** Whether a variant's rate has declined in the last 30 days, compared with the 60 days before and with the others. */
  variantFatigue(variant_id: string, signal?: AbortSignal): Promise<schema.FatigueView> {
    return unwrap(
      this.http.GET("/variants/{variant_id}/fatigue", { params: { path: { variant_id } }, ...withSignal(signal) }),
    );
  }

  /** The active variants with their fatigue: fatigued ones first, then those that have declined most. */
  fatigue(query: QueryOf<"/fatigue"> = {}, signal?: AbortSignal): Promise<schema.FatigueList> {
    return unwrap(this.http.GET("/fatigue", { params: { query }, ...withSignal(signal) }));
  }

  /** Select the variants to show now. */
  select(request: schema.SelectRequest): Promise<schema.Selection> {
    return unwrap(this.http.POST("/variants/select", { body: request }));
  }

  /** Report the outcome of showing a variant; resolves once the service has stored it durably. */
  report(variant_id: string, update: schema.PerformanceUpdate): Promise<schema.PerformanceAnswer> {
    return unwrap(
      this.http.POST("/variants/{variant_id}/performance", { params: { path: { variant_id } }, body: update }),
    );
  }

  /** Start an experiment, or save it as a draft. */
  startExperiment(request: schema.StartRequest): Promise<schema.ExperimentView> {
    return unwrap(this.http.POST("/experiments/start", { body: request }));
  }

  /** A page of the experiments, newest first. */
  experiments(query: QueryOf<"/experiments"> = {}, signal?: AbortSignal): Promise<schema.ExperimentPage> {
    return unwrap(this.http.GET("/experiments", { params: { query }, ...withSignal(signal) }));
  }

  /** An experiment and its status. */
  experiment(experiment_id: string, signal?: AbortSignal): Promise<schema.ExperimentView> {
    return unwrap(
      this.http.GET("/experiments/{experiment_id}", { params: { path: { experiment_id } }, ...withSignal(signal) }),
    );
  }

  /** An experiment's results so far. */
  results(
    experiment_id: string,
    query: Omit<QueryOf<"/experiments/{experiment_id}/results">, "format"> = {},
    signal?: AbortSignal,
  ): Promise<schema.ResultsView> {
    const params = { path: { experiment_id }, query };
    return unwrap(this.http.GET("/experiments/{experiment_id}/results", { params, ...withSignal(signal) }));
  }

  /** An experiment's results in CSV format. */
  resultsCsv(experiment_id: string): Promise<string> {
    const params = { path: { experiment_id }, query: { format: "csv" as const } };
    return unwrap(this.http.GET("/experiments/{experiment_id}/results", { params, parseAs: "text" }));
  }

  /** Assign a participant to a variant; the same participant always gets the same one. */
  assign(experiment_id: string, request: schema.AssignRequest): Promise<schema.AssignmentView> {
    const params = { path: { experiment_id } };
    return unwrap(this.http.POST("/experiments/{experiment_id}/assign", { params, body: request }));
  }

  /** Set a number of each participant from before they took part, by which results are adjusted; up to 10,000 a call. */
  setCovariates(experiment_id: string, covariates: Record<string, number>): Promise<schema.CovariatesView> {
    const params = { path: { experiment_id } };
    return unwrap(this.http.PUT("/experiments/{experiment_id}/covariates", { params, body: { covariates } }));
  }

  /** How many participants of an experiment have a covariate. */
  covariates(experiment_id: string, signal?: AbortSignal): Promise<schema.CovariatesView> {
    const params = { path: { experiment_id } };
    return unwrap(this.http.GET("/experiments/{experiment_id}/covariates", { params, ...withSignal(signal) }));
  }

  /** Every change of an experiment, newest first: when, what, and with which key. */
  audit(experiment_id: string, signal?: AbortSignal): Promise<schema.AuditList> {
    const params = { path: { experiment_id } };
    return unwrap(this.http.GET("/experiments/{experiment_id}/audit", { params, ...withSignal(signal) }));
  }

  /** The number of participants that each variant needs to detect an effect. */
  power(query: QueryOf<"/power">, signal?: AbortSignal): Promise<schema.Plan> {
    return unwrap(this.http.GET("/power", { params: { query }, ...withSignal(signal) }));
  }

  /** Start a draft, or pause, resume or stop an experiment. */
  changeExperiment(
    experiment_id: string,
    action: "start" | "pause" | "resume" | "stop",
  ): Promise<schema.ExperimentView> {
    return unwrap(this.http.POST(`/experiments/{experiment_id}/${action}`, { params: { path: { experiment_id } } }));
  }

  /** Promote a variant, which ends the experiment; by default the winner. */
  promote(experiment_id: string, promotion: schema.Promotion = {}): Promise<schema.ExperimentView> {
    return unwrap(
      this.http.POST("/experiments/{experiment_id}/promote", { params: { path: { experiment_id } }, body: promotion }),
    );
  }

  /** The active variants of the same pool that are most like a variant. */
  similar(variant_id: string, limit = 10, signal?: AbortSignal): Promise<schema.SimilarVariants> {
    const params = { path: { variant_id }, query: { limit } };
    return unwrap(this.http.GET("/variants/{variant_id}/similar", { params, ...withSignal(signal) }));
  }

  /** All named pools. */
  pools(signal?: AbortSignal): Promise<schema.PoolPage> {
    return unwrap(this.http.GET("/pools", withSignal(signal)));
  }

  /** A pool's settings, and what is in force. */
  pool(name: string, signal?: AbortSignal): Promise<schema.PoolView> {
    return unwrap(this.http.GET("/pools/{name}", { params: { path: { name } }, ...withSignal(signal) }));
  }

  /** Change settings of a pool, or create it. */
  changePool(name: string, changes: schema.PoolPatch): Promise<schema.PoolView> {
    return unwrap(this.http.PATCH("/pools/{name}", { params: { path: { name } }, body: changes }));
  }

  /** What learning has earned in a pool: the selections that learn, compared with those made at random. */
  poolReport(name: string, signal?: AbortSignal): Promise<schema.PoolReportView> {
    return unwrap(this.http.GET("/pools/{name}/report", { params: { path: { name } }, ...withSignal(signal) }));
  }

  /** The global holdout; without one, the share is 0. */
  holdout(signal?: AbortSignal): Promise<schema.HoldoutView> {
    return unwrap(this.http.GET("/holdout", withSignal(signal)));
  }

  /** The effect since the holdout began: everybody else compared with the held-out participants. */
  holdoutReport(signal?: AbortSignal): Promise<schema.HoldoutReportView> {
    return unwrap(this.http.GET("/holdout/report", withSignal(signal)));
  }

  /** Hold out a share of all participants from every experiment and every policy, or change the share. */
  changeHoldout(request: schema.HoldoutRequest): Promise<schema.HoldoutView> {
    return unwrap(this.http.PUT("/holdout", { body: request }));
  }

  /** Stop the global holdout. */
  stopHoldout(): Promise<schema.HoldoutView> {
    return unwrap(this.http.DELETE("/holdout"));
  }

  /** The API key in use and its scopes. */
  currentKey(signal?: AbortSignal): Promise<schema.KeyView> {
    return unwrap(this.http.GET("/keys/current", withSignal(signal)));
  }

  /**
   * A live stream of posteriors. The first tick has every named variant, later ones only those that changed.
   * The stream ends when `signal` is aborted, and from time to time because the server ends it; in that case call again.
   */
  async *live(variant_id: string[], signal?: AbortSignal): AsyncGenerator<schema.LiveTick> {
    const params = { query: { variant_id } };
    const body = await unwrap<ReadableStream<Uint8Array>>(
      this.http.GET("/live", { params, parseAs: "stream", ...withSignal(signal) }),
    );
    try {
      for await (const data of events(body)) yield JSON.parse(data) as schema.LiveTick;
    } catch (cause) {
      throw signal?.aborted ? cause : ArmfulError.unreachable(cause);
    }
  }
}

function withSignal(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal ? { signal } : {};
}

/**
 * The data of a successful response; throws an `ArmfulError` for any other. openapi-fetch turns the tuples of a response
 * type into arrays, so each method declares its type from the schema; test/contract.test.ts checks that it is the right one.
 */
async function unwrap<T>(pending: Pending): Promise<T> {
  const { data, error, response } = await pending;
  if (!response.ok) throw ArmfulError.fromResponse(response, error);
  return data as T;
}
