import { ABTestingAPI } from "armful-client";
import { afterEach, describe, expect, it, vi } from "vitest";

const json = (body: unknown) => new Response(JSON.stringify(body), { headers: { "content-type": "application/json" } });

afterEach(() => vi.unstubAllGlobals());

describe("the client under the reference's names", () => {
  it("lists every variant that matches, page by page", async () => {
    const asked: string[] = [];
    vi.stubGlobal("fetch", (request: Request) => {
      asked.push(request.url);
      const last = request.url.includes("cursor=");
      return Promise.resolve(json({ variants: [{ variant_id: last ? "b" : "a" }], next_cursor: last ? null : "7" }));
    });
    const api = new ABTestingAPI("http://armful.test/api", "key");
    const found = await api.getVariants({ min_impressions: 100, tone: "casual" });
    expect(found.map(({ variant_id }) => variant_id)).toEqual(["a", "b"]);
    expect(asked[0]).toBe("http://armful.test/api/variants?limit=10000&min_impressions=100&tone=casual");
  });

  it("starts an experiment from what the reference sends", async () => {
    let body: unknown;
    vi.stubGlobal("fetch", async (request: Request) => {
      body = await request.json();
      return json({ experiment_id: "exp_1" });
    });
    const config = {
      experiment_name: "e",
      variant_ids: ["a", "b"],
      traffic_allocation: [0.5, 0.5],
      target_persona: "p",
      duration_days: 7,
    };
    const started = await new ABTestingAPI("http://armful.test", "key").startExperiment(config);
    expect(started.experiment_id).toBe("exp_1");
    expect(body).toEqual({ ...config, success_metrics: ["conversion"] });
  });
});
