import type { FatigueView } from "armful-client";
import { describe, expect, it } from "vitest";
import { sentence } from "./fatigue";

const counts = { impressions: 100, successes: 10, success_rate: 0.1, lower_bound: 0.05, upper_bound: 0.17 };
const result = (changes: Partial<FatigueView>): FatigueView => ({
  variant_id: "a",
  status: "fresh",
  decline: null,
  p_value: 1,
  power: 0.9,
  recent: counts,
  earlier: counts,
  recent_days: 30,
  earlier_days: 90,
  all_variants: { recent: counts, earlier: counts },
  ...changes,
});

describe("the sentence about fatigue", () => {
  it("says by how much a fatigued variant declined", () => {
    expect(sentence(result({ status: "fatigued", decline: 0.31, p_value: 0.002 }))).toContain("31\u202f% lower");
  });
  it("says that a small decline may be chance", () => {
    expect(sentence(result({ decline: 0.08 }))).toContain("may be chance");
    expect(sentence(result({ decline: -0.2 }))).toContain("has not declined");
  });
  it("says what is missing", () => {
    expect(sentence(result({ status: "insufficient_data", power: 0.3 }))).toContain("power 30\u202f%");
  });
});
