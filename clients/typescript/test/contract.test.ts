import { Armful, type operations } from "armful-client";
import { describe, expect, it } from "vitest";
import { contractViolations } from "./openapi";

/** The methods of the client, without its properties. */
type Method = {
  [Name in keyof Armful]: Armful[Name] extends (...args: never[]) => unknown ? Name : never;
}[keyof Armful];

/** The operation of the API that each method calls. */
interface OperationOf {
  variants: operations["listVariants"];
  createVariants: operations["createVariants"];
  variant: operations["readVariant"];
  changeVariant: operations["changeVariant"];
  archiveVariant: operations["archiveVariant"];
  stats: operations["readVariantStats"];
  history: operations["readVariantHistory"];
  standings: operations["readStandings"];
  table: operations["listStandings"];
  variantFatigue: operations["readVariantFatigue"];
  fatigue: operations["listFatigue"];
  select: operations["selectVariants"];
  report: operations["updatePerformance"];
  startExperiment: operations["startExperiment"];
  experiments: operations["listExperiments"];
  experiment: operations["readExperiment"];
  results: operations["readResults"];
  resultsCsv: operations["readResults"];
  assign: operations["assignParticipant"];
  setCovariates: operations["updateCovariates"];
  covariates: operations["readCovariates"];
  audit: operations["listExperimentChanges"];
  power: operations["planSampleSize"];
  changeExperiment:
    | operations["startDraft"]
    | operations["pauseExperiment"]
    | operations["resumeExperiment"]
    | operations["stopExperiment"];
  promote: operations["promoteVariant"];
  similar: operations["readSimilarVariants"];
  pools: operations["listPools"];
  pool: operations["readPool"];
  changePool: operations["changePool"];
  poolReport: operations["readPoolReport"];
  holdout: operations["readHoldout"];
  holdoutReport: operations["readHoldoutReport"];
  changeHoldout: operations["changeHoldout"];
  stopHoldout: operations["stopHoldout"];
  currentKey: operations["readCurrentKey"];
  live: operations["streamChanges"];
}

type SuccessOf<Operation> = Operation extends { responses: infer Responses }
  ? Responses extends { 200: { content: infer Content } } | { 201: { content: infer Content } }
    ? Content[keyof Content]
    : never
  : never;
type Resolved<Result> = Result extends AsyncGenerator<infer Item> ? Item : Awaited<Result>;
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- compares the types exactly
type IsSame<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type IsOneOf<A, Union> = true extends (Union extends unknown ? IsSame<A, Union> : never) ? true : false;

/** The methods whose declared type is not a success response of their operation. The type checker fails if there are any. */
type MistypedMethod = {
  [Name in Method]: IsOneOf<Resolved<ReturnType<Armful[Name]>>, SuccessOf<OperationOf[Name]>> extends true
    ? never
    : Name;
}[Method];
const noMistypedMethods: [MistypedMethod] extends [never] ? true : MistypedMethod = true;

/** A call of each method, with every parameter that it takes. */
const CALLS: Record<Method, (armful: Armful) => unknown> = {
  variants: (armful) => armful.variants({ min_impressions: 1, status: "all", limit: 10, cursor: "c", tone: "casual" }),
  createVariants: (armful) =>
    armful.createVariants([
      {
        variant_id: "a",
        dimensions: { tone: "casual" },
        content: "Hello",
        prior_alpha: 1,
        prior_beta: 1,
        impressions: 10,
        successes: 1,
      },
    ]),
  variant: (armful) => armful.variant("a"),
  changeVariant: (armful) =>
    armful.changeVariant("a", {
      dimensions: { tone: "casual" },
      content: "Hello",
      prior_alpha: 1,
      prior_beta: 1,
      status: "active",
    }),
  archiveVariant: (armful) => armful.archiveVariant("a", { retire: true }),
  stats: (armful) => armful.stats("a", 0.9),
  history: (armful) => armful.history("a", 7),
  standings: (armful) => armful.standings(["a", "b"]),
  table: (armful) =>
    armful.table({
      search: "a",
      dimensions: { tone: "casual" },
      status: "all",
      sort: "rate",
      order: "ascending",
      offset: 100,
      limit: 50,
    }),
  variantFatigue: (armful) => armful.variantFatigue("a"),
  fatigue: (armful) => armful.fatigue({ status: "fatigued", limit: 10 }),
  select: (armful) => armful.select({ top_k: 1, algorithm: "thompson_sampling", persona_id: "p" }),
  report: (armful) => armful.report("a", { impression: true, success: false, selection_id: "s", persona_id: "p" }),
  startExperiment: (armful) =>
    armful.startExperiment({
      experiment_name: "e",
      variant_ids: ["a", "b"],
      traffic_allocation: [0.5, 0.5],
      target_persona: "p",
      success_metrics: ["m", { name: "spend", type: "number", unit: "participant", goal: "increase", winsorize: 0.99 }],
      duration_days: 7,
      guardrail_metrics: ["g", { name: "h", harm: "decrease" }, { name: "wait", type: "number", goal: "decrease" }],
      stop_rule: { loss_threshold: 0.01, minimum_days: 7, minimum_sample: 100 },
      floors: { a: 0.05 },
      namespace: "n",
      namespace_range: [0, 0.5],
    }),
  experiments: (armful) => armful.experiments({ limit: 10, cursor: "c" }),
  experiment: (armful) => armful.experiment("e"),
  results: (armful) => armful.results("e", { include_interim: true, segment_by: "persona_id", phase: 1 }),
  resultsCsv: (armful) => armful.resultsCsv("e"),
  assign: (armful) => armful.assign("e", { participant_id: "u" }),
  setCovariates: (armful) => armful.setCovariates("exp_12345678", { ada: 12.5, bob: 0 }),
  covariates: (armful) => armful.covariates("exp_12345678"),
  audit: (armful) => armful.audit("e"),
  power: (armful) => armful.power({ baseline: 0.1, mde: 0.2, relative: true, variants: 3, daily_participants: 100 }),
  changeExperiment: (armful) =>
    Promise.all((["start", "pause", "resume", "stop"] as const).map((action) => armful.changeExperiment("e", action))),
  promote: (armful) => armful.promote("e", { variant_id: "a", archive_others: true }),
  similar: (armful) => armful.similar("a", 5),
  pools: (armful) => armful.pools(),
  pool: (armful) => armful.pool("p"),
  changePool: (armful) =>
    armful.changePool("p", { learning: "plain", prior: { alpha: 1, beta: 9 }, sharpness: "auto" }),
  poolReport: (armful) => armful.poolReport("p"),
  holdout: (armful) => armful.holdout(),
  holdoutReport: (armful) => armful.holdoutReport(),
  changeHoldout: (armful) => armful.changeHoldout({ share: 0.05, baseline: ["a"] }),
  stopHoldout: (armful) => armful.stopHoldout(),
  currentKey: (armful) => armful.currentKey(),
  live: (armful) => armful.live(["a", "b"]).next(),
};

/** Make a call with a stubbed `fetch`, and return the requests that it sends. */
async function requestsOf(call: (armful: Armful) => unknown): Promise<Request[]> {
  const requests: Request[] = [];
  const armful = new Armful({
    baseUrl: "http://armful.test",
    apiKey: "key",
    fetch: (request) => {
      requests.push(request.clone());
      return Promise.resolve(new Response("{}", { headers: { "content-type": "application/json" } }));
    },
  });
  await call(armful);
  return requests;
}

describe("the client and the OpenAPI document", () => {
  it("are compared for every method", () => {
    const methods = Object.getOwnPropertyNames(Armful.prototype).filter((name) => name !== "constructor");
    expect(Object.keys(CALLS).sort()).toEqual(methods.sort());
    expect(noMistypedMethods).toBe(true);
  });

  it.each(Object.entries(CALLS))("agree on the requests of %s", async (_, call) => {
    const requests = await requestsOf(call);
    expect(requests.length).toBeGreaterThan(0);
    for (const request of requests) expect(await contractViolations(request)).toEqual([]);
  });
});

describe("contractViolations", () => {
  const violations = async (path: string, init?: RequestInit) =>
    contractViolations(new Request(`http://armful.test${path}`, init));

  it("reports unknown paths, methods and query parameters", async () => {
    expect(await violations("/nowhere")).toEqual(["no operation GET /nowhere"]);
    expect(await violations("/variants", { method: "PUT" })).toEqual(["no operation PUT /variants"]);
    expect(await violations("/experiments?colour=red")).toEqual(["no query parameter colour"]);
    expect(await violations("/power?baseline=0.1")).toEqual(["missing query parameter mde"]);
  });

  it("reports unknown and missing fields of a body", async () => {
    const body = JSON.stringify({ participant: "u" });
    expect(await violations("/experiments/e/assign", { method: "POST", body })).toEqual([
      "missing field body.participant_id",
      "no field body.participant",
    ]);
  });
});
