import { describe, expect, it } from "vitest";
import { chanceToBeBest, cumulative, density, draw, logGamma, quantile, seeded } from "./beta";

describe("logGamma", () => {
  it("is the logarithm of the factorial", () => {
    expect(logGamma(1)).toBeCloseTo(0, 12);
    expect(logGamma(11)).toBeCloseTo(Math.log(3628800), 10);
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 12);
  });
});

describe("the Beta distribution", () => {
  it("matches SciPy's density, distribution function and quantiles", () => {
    expect(density(0.12, 121, 881)).toBeCloseTo(38.8334215, 6);
    expect(cumulative(0.3, 2, 5)).toBeCloseTo(0.579825, 9);
    expect(quantile(0.025, 5, 1)).toBeCloseTo(0.478176, 6);
    expect(quantile(0.975, 5, 1)).toBeCloseTo(0.994949, 6);
    expect(cumulative(0.1, 121, 881)).toBeCloseTo(1 - cumulative(0.9, 881, 121), 12);
  });

  it("has 26 % of Beta(5, 1) between 0.8 and 0.9", () => {
    expect(cumulative(0.9, 5, 1) - cumulative(0.8, 5, 1)).toBeCloseTo(0.26281, 5);
  });

  it("has draws with the right mean", () => {
    const uniform = seeded(7);
    const draws = Array.from({ length: 20_000 }, () => draw(5, 15, uniform));
    const average = draws.reduce((sum, x) => sum + x, 0) / draws.length;
    // The standard error is 0.0007, so one seed in two million exceeds five of them.
    expect(Math.abs(average - 0.25)).toBeLessThan(0.0034);
  });
});

describe("chanceToBeBest", () => {
  const arms = (...pairs: [number, number][]) => pairs.map(([alpha, beta]) => ({ alpha, beta }));

  it("gives the exact values of the examples on the how-it-works page", () => {
    const clear = chanceToBeBest(arms([25, 11], [45, 6], [15, 21]));
    expect(clear[0]).toBeCloseTo(0.0141, 4);
    expect(clear[1]).toBeCloseTo(0.9859, 4);
    expect(clear[2]).toBeLessThan(1e-6);
    const early = chanceToBeBest(arms([4, 1], [5, 1], [3, 1]));
    expect(early[0]).toBeCloseTo(4 / 12, 6);
    expect(early[1]).toBeCloseTo(5 / 12, 6);
    expect(early[2]).toBeCloseTo(3 / 12, 6);
  });

  it("agrees with the service on 120 of 1000 against 64 of 800", () => {
    expect(chanceToBeBest(arms([121, 881], [65, 737]))[0]).toBeCloseTo(0.99739, 5);
  });

  it("is one third each without data", () => {
    for (const chance of chanceToBeBest(arms([1, 1], [1, 1], [1, 1]))) expect(chance).toBeCloseTo(1 / 3, 6);
  });
});
