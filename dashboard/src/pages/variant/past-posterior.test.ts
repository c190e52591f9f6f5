import type { VariantHistory } from "armful-client";
import { expect, it } from "vitest";
import { firstDay, posteriorBefore } from "./past-posterior";

const NOW = Date.parse("2026-11-21T12:00:00Z");
const counts = { success_rate: 0, lower_bound: 0, upper_bound: 0 };
const HISTORY: VariantHistory = {
  variant_id: "v",
  days: [
    { day: "2026-11-14", impressions: 100, successes: 10, ...counts },
    { day: "2026-11-15", impressions: 50, successes: 5, ...counts },
    { day: "2026-11-21", impressions: 20, successes: 2, ...counts },
  ],
  personas: [],
  changes: [],
  created_by: null,
};

it("counts today as one of the last days", () => {
  expect(firstDay(1, NOW)).toBe("2026-11-21");
  expect(firstDay(7, NOW)).toBe("2026-11-15");
});

it("subtracts the outcomes of the last days, but never goes below the prior", () => {
  const current = { alpha: 18, beta: 154 };
  const prior = { alpha: 1, beta: 1 };
  expect(posteriorBefore(current, prior, HISTORY, 1, NOW)).toEqual({ alpha: 16, beta: 136 });
  expect(posteriorBefore(current, prior, HISTORY, 7, NOW)).toEqual({ alpha: 11, beta: 91 });
  expect(posteriorBefore(current, { alpha: 40, beta: 1 }, HISTORY, 30, NOW)).toEqual({ alpha: 40, beta: 1 });
});
