import { describe, expect, it } from "vitest";
import { inverseNormal, normal } from "./normal";
import { smallestRise } from "./power";

describe("the normal distribution", () => {
  it("has the textbook's values", () => {
    expect(normal(-1.959963984540054)).toBeCloseTo(0.025, 12);
    expect(normal(-5)).toBeCloseTo(2.866515718791939e-7, 15);
    expect(inverseNormal(0.975)).toBeCloseTo(1.959963984540054, 9);
    expect(inverseNormal(0.8)).toBeCloseTo(0.8416212335729143, 9);
    expect(inverseNormal(1e-6)).toBeCloseTo(-4.753424308822899, 8);
  });
});

describe("the smallest rise an experiment finds", () => {
  it("inverts the sample sizes armful plans with", () => {
    for (const [baseline, rate, size] of [
      [0.08, 0.12, 882],
      [0.05, 0.06, 8158],
      [0.1, 0.11, 14751],
      [0.04, 0.06, 1863],
    ] as const) {
      expect(smallestRise(baseline, size, size)).toBeLessThanOrEqual(rate - baseline);
      expect(smallestRise(baseline, size - 1, size - 1)).toBeGreaterThan(rate - baseline);
    }
  });

  it("is nothing where there is nobody to ask", () => {
    expect(smallestRise(0.1, 0, 0)).toBeNull();
    expect(smallestRise(0.5, 2, 2)).toBeNull();
  });
});
