import { describe, expect, it } from "vitest";
import { seeded } from "./beta";
import { averageRegret, newSimulation, simulateRounds } from "./policies";

describe("a simulation", () => {
  it("counts every round once for every policy, and regret never decreases", () => {
    const simulation = simulateRounds(simulateRounds(newSimulation([0.1, 0.3]), 50, seeded(1)), 50, seeded(2));
    expect(simulation.round).toBe(100);
    for (const { counts, regretByRound } of Object.values(simulation.runs)) {
      expect(counts.reduce((sum, { successes, failures }) => sum + successes + failures, 0)).toBe(100);
      expect(regretByRound).toHaveLength(101);
      expect(regretByRound.every((value, i) => i === 0 || value >= (regretByRound[i - 1] ?? 0))).toBe(true);
    }
  });

  it("does not change the simulation it continues", () => {
    const before = newSimulation([0.1, 0.3]);
    simulateRounds(before, 10, seeded(1));
    expect(before.runs.random.regretByRound).toEqual([0]);
  });
});

it("gives the random policy the regret of equal shares, and Thompson sampling far less", () => {
  const regret = averageRegret([0.1, 0.2, 0.4], 600, 60, 5);
  // Random shows each arm a third of the time: 600 × (0.3 + 0.2 + 0) / 3 = 100, with a standard error of 0.4.
  expect(Math.abs(regret.random - 100)).toBeLessThan(2);
  expect(regret.thompson).toBeLessThan(35);
});
