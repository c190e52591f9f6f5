import { describe, expect, it } from "vitest";
import { EMPTY_DRAFT, splitEvenly, toStartRequest, validateDraft } from "./draft";

const DRAFT = {
  ...EMPTY_DRAFT,
  name: "Hooks",
  persona: "reader",
  variants: splitEvenly(["a", "b", "c"]),
  control: "b",
};

describe("an experiment draft", () => {
  it("splits the traffic evenly, to exactly 100 %", () => {
    expect(splitEvenly(["a", "b", "c"]).map(({ percent }) => percent)).toEqual(["33.34", "33.33", "33.33"]);
  });

  it("reports missing fields", () => {
    expect(Object.keys(validateDraft(EMPTY_DRAFT))).toEqual(["name", "variants", "persona"]);
    expect(validateDraft(DRAFT)).toEqual({});
    const uneven = [
      { variant_id: "a", percent: "50" },
      { variant_id: "b", percent: "40" },
    ];
    expect(validateDraft({ ...DRAFT, variants: uneven }).variants).toBe(
      "The traffic shares add up to 90 %, not 100 %.",
    );
    expect(validateDraft({ ...DRAFT, days: "1.5" }).days).toBeDefined();
  });

  it("becomes a request without the fields left empty", () => {
    const sent = toStartRequest({ ...DRAFT, mustNotIncrease: "unsubscribed, complained", mustNotDecrease: "retained" });
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

  it("declares metrics that are not conversions", () => {
    const draft = {
      ...DRAFT,
      metrics: "spend, errors, click",
      mustNotIncrease: "wait, complained",
      mustNotDecrease: "opened",
      declarations: {
        spend: { kind: "number", goal: "increase", quantile: "99.5" },
        errors: { kind: "conversion", goal: "decrease", quantile: "" },
        wait: { kind: "number-per-impression", goal: "increase", quantile: "" },
        opened: { kind: "successes", goal: "increase", quantile: "99" },
        gone: { kind: "number", goal: "increase", quantile: "-1" },
      } as const,
    };
    expect(validateDraft(draft)).toEqual({});
    expect(toStartRequest(draft)).toMatchObject({
      success_metrics: [
        { name: "spend", type: "number", unit: "participant", goal: "increase", winsorize: 0.995 },
        { name: "errors", type: "binary", unit: "participant", goal: "decrease" },
        "click",
      ],
      guardrail_metrics: [
        { name: "wait", harm: "increase", type: "number", unit: "impression" },
        "complained",
        { name: "opened", harm: "decrease", type: "binary", unit: "impression" },
      ],
    });
    expect(validateDraft({ ...draft, adaptive: true }).declarations).toContain("“spend” must count participants");
    const limited = { ...draft.declarations.spend, quantile: "101" };
    expect(validateDraft({ ...draft, declarations: { spend: limited } }).declarations).toContain("“spend” is limited");
    const lower = { ...DRAFT, adaptive: true, declarations: { conversion: draft.declarations.errors } };
    expect(validateDraft(lower).declarations).toContain("“conversion” must be better if higher");
  });

  it("supports every setting of the API", () => {
    const variants = splitEvenly(["a", "b"]).map((variant, i) => (i === 0 ? { ...variant, floor: "5" } : variant));
    const draft = {
      ...DRAFT,
      variants,
      control: "a",
      adaptive: true,
      hasShippingRule: true,
      attributionDays: "3",
      excludeUnresolved: true,
      namespace: "checkout",
      namespaceTo: "50",
      salt: "s",
    };
    expect(validateDraft(draft)).toEqual({});
    expect(toStartRequest(draft, { asDraft: true })).toMatchObject({
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

  it("reports errors in the advanced settings", () => {
    const variants = splitEvenly(["a", "b"]).map((variant) => ({ ...variant, floor: "60" }));
    expect(validateDraft({ ...DRAFT, variants, adaptive: true }).floors).toContain("120");
    expect(validateDraft({ ...DRAFT, excludeUnresolved: true }).attributionDays).toBeDefined();
    expect(
      validateDraft({ ...DRAFT, namespace: "n", namespaceFrom: "50", namespaceTo: "50" }).namespaceRange,
    ).toBeDefined();
    expect(validateDraft({ ...DRAFT, hasShippingRule: true, acceptedLoss: "0" }).acceptedLoss).toBeDefined();
    expect(validateDraft({ ...DRAFT, metrics: "a", mustNotIncrease: "a" }).guardrails).toContain("“a”");
  });
});
