import type { PoolView } from "armful-client";
import { describe, expect, it } from "vitest";
import { inForce } from "./pool-note";

const POOL = {
  in_force: {
    prior: null,
    prior_learnt: false,
    prior_by_features: false,
    sharpness: 1,
    random_control: 0,
    exploration_floor: 0,
  },
  delay: null,
} as unknown as PoolView;

describe("what is in force in a pool", () => {
  it("is said in sentences", () => {
    expect(inForce(POOL)).toEqual(["Each variant has its own prior."]);
    const learnt: PoolView = {
      ...POOL,
      in_force: {
        ...POOL.in_force,
        prior: { alpha: 5, beta: 115, mean: 0.0417, strength: 120 },
        prior_learnt: true,
        prior_by_features: true,
        sharpness: 2,
        random_control: 0.02,
      },
      delay: { curve: [], pending: 12.4 },
    };
    const sentences = inForce(learnt);
    expect(sentences[0]).toMatch(/^Prior learnt: 4\.\d+.%, worth 120 impressions\.$/);
    expect(sentences.slice(1)).toEqual([
      "It also depends on what a variant is like.",
      "Draws are sharpened by 2.",
      expect.stringMatching(/^2\.0.% of selections are at random\.$/),
      "12 impressions may still become a success.",
    ]);
  });
});
