import { ABTestingAPI } from "armful-client";
import { afterEach, describe, expect, it, vi } from "vitest";

const jsonResponse = (body: unknown) =>
  new Response(JSON.stringify(body), { headers: { "content-type": "application/json" } });

afterEach(() => vi.unstubAllGlobals());

describe("ABTestingAPI", () => {
  it("loads all pages of matching variants", async () => {
    const requestedUrls: string[] = [];
    vi.stubGlobal("fetch", (request: Request) => {
      requestedUrls.push(request.url);
      const last = request.url.includes("cursor=");
      return Promise.resolve(
        jsonResponse({ variants: [{ variant_id: last ? "b" : "a" }], next_cursor: last ? null : "7" }),
      );
    });
    const api = new ABTestingAPI("http://armful.test/api", "key");
    const found = await api.getVariants({ min_impressions: 100, tone: "casual" });
    expect(found.map(({ variant_id }) => variant_id)).toEqual(["a", "b"]);
    expect(requestedUrls[0]).toBe("http://armful.test/api/variants?limit=10000&min_impressions=100&tone=casual");
  });

  it("starts an experiment with the default success metric", async () => {
    let body: unknown;
    vi.stubGlobal("fetch", async (request: Request) => {
      body = await request.json();
      return jsonResponse({ experiment_id: "exp_1" });
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
