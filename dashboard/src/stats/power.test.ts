import { describe, expect, it } from "vitest";
import { inverseNormal, normal } from "./normal";
import { minimumDetectableIncrease } from "./power";

describe("the normal distribution", () => {
  it("matches textbook values", () => {
    expect(normal(-1.959963984540054)).toBeCloseTo(0.025, 12);
    expect(normal(-5)).toBeCloseTo(2.866515718791939e-7, 15);
    expect(inverseNormal(0.975)).toBeCloseTo(1.959963984540054, 9);
    expect(inverseNormal(0.8)).toBeCloseTo(0.8416212335729143, 9);
    expect(inverseNormal(1e-6)).toBeCloseTo(-4.753424308822899, 8);
  });
});

describe("minimumDetectableIncrease", () => {
  it("inverts the sample sizes that the service computes", () => {
    for (const [baseline, rate, size] of [
      [0.08, 0.12, 882],
      [0.05, 0.06, 8158],
      [0.1, 0.11, 14751],
      [0.04, 0.06, 1863],
    ] as const) {
      expect(minimumDetectableIncrease(baseline, size, size)).toBeLessThanOrEqual(rate - baseline);
      expect(minimumDetectableIncrease(baseline, size - 1, size - 1)).toBeGreaterThan(rate - baseline);
    }
  });

  it("is null without enough participants", () => {
    expect(minimumDetectableIncrease(0.1, 0, 0)).toBeNull();
    expect(minimumDetectableIncrease(0.5, 2, 2)).toBeNull();
  });
});
