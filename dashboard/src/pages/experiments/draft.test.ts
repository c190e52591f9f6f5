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
    const sent = request({ ...DRAFT, guardrails: "unsubscribed, complained" });
    expect(sent).toEqual({
      experiment_name: "Hooks",
      variant_ids: ["a", "b", "c"],
      traffic_allocation: [0.33340000000000003, 0.3333, 0.3333],
      target_persona: "reader",
      success_metrics: ["conversion"],
      duration_days: 14,
      control_variant_id: "b",
      guardrail_metrics: ["unsubscribed", "complained"],
    });
    expect(Math.abs(sent.traffic_allocation.reduce((a, b) => a + b) - 1)).toBeLessThan(1e-6);
  });
});
