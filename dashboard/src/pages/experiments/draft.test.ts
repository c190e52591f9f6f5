import { describe, expect, it } from "vitest";
import { EMPTY, evenly, problems, request } from "./draft";

const DRAFT = { ...EMPTY, name: "Hooks", persona: "reader", arms: evenly(["a", "b", "c"]), control: "b" };

describe("a draft", () => {
  it("is split evenly to exactly 100 %", () => {
    expect(evenly(["a", "b", "c"]).map(({ percent }) => percent)).toEqual(["33.34", "33.33", "33.33"]);
  });

  it("says what is missing", () => {
    expect(Object.keys(problems(EMPTY))).toEqual(["name", "arms", "persona"]);
    expect(problems(DRAFT)).toEqual({});
    const uneven = [
      { variant_id: "a", percent: "50" },
      { variant_id: "b", percent: "40" },
    ];
    expect(problems({ ...DRAFT, arms: uneven }).arms).toBe("The shares sum to 90 %, not 100 %.");
    expect(problems({ ...DRAFT, days: "1.5" }).days).toBeDefined();
  });

  it("is sent as the API wants it, without what was left out", () => {
    const sent = request({ ...DRAFT, rising: "unsubscribed, complained", falling: "retained" });
    expect(sent).toEqual({
      experiment_name: "Hooks",
      variant_ids: ["a", "b", "c"],
      traffic_allocation: [0.33340000000000003, 0.3333, 0.3333],
      target_persona: "reader",
      success_metrics: ["conversion"],
      duration_days: 14,
      control_variant_id: "b",
      guardrail_metrics: ["unsubscribed", "complained", { name: "retained", harm: "decrease" }],
    });
    expect(Math.abs(sent.traffic_allocation.reduce((a, b) => a + b) - 1)).toBeLessThan(1e-6);
  });

  it("can have everything the API offers", () => {
    const arms = evenly(["a", "b"]).map((arm, i) => (i === 0 ? { ...arm, floor: "5" } : arm));
    const draft = {
      ...DRAFT,
      arms,
      control: "a",
      adaptive: true,
      rule: true,
      attribution: "3",
      pending: true,
      namespace: "checkout",
      to: "50",
      salt: "s",
    };
    expect(problems(draft)).toEqual({});
    expect(request(draft, { asDraft: true })).toMatchObject({
      allocation: "thompson",
      floors: { a: 0.05 },
      stop_rule: { loss_threshold: 0.01, minimum_days: 7, minimum_sample: 100 },
      attribution_days: 3,
      unresolved: "pending",
      namespace: "checkout",
      namespace_range: [0, 0.5],
      salt: "s",
      draft: true,
    });
  });

  it("says what is wrong with the rarer settings", () => {
    const arms = evenly(["a", "b"]).map((arm) => ({ ...arm, floor: "60" }));
    expect(problems({ ...DRAFT, arms, adaptive: true }).floors).toContain("120");
    expect(problems({ ...DRAFT, pending: true }).attribution).toBeDefined();
    expect(problems({ ...DRAFT, namespace: "n", from: "50", to: "50" }).range).toBeDefined();
    expect(problems({ ...DRAFT, rule: true, loss: "0" }).loss).toBeDefined();
    expect(problems({ ...DRAFT, metrics: "a", rising: "a" }).guardrails).toContain("“a”");
  });
});
