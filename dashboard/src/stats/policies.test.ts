import { describe, expect, it } from "vitest";
import { seeded } from "./beta";
import { average, newGame, play } from "./policies";

describe("a game", () => {
  it("counts every round once for every policy, and never loses regret", () => {
    const game = play(play(newGame([0.1, 0.3]), 50, seeded(1)), 50, seeded(2));
    expect(game.round).toBe(100);
    for (const { tallies, path } of Object.values(game.plays)) {
      expect(tallies.reduce((sum, { successes, failures }) => sum + successes + failures, 0)).toBe(100);
      expect(path).toHaveLength(101);
      expect(path.every((value, i) => i === 0 || value >= (path[i - 1] ?? 0))).toBe(true);
    }
  });

  it("leaves the game before it as it was", () => {
    const before = newGame([0.1, 0.3]);
    play(before, 10, seeded(1));
    expect(before.plays.random.path).toEqual([0]);
  });
});

it("costs random choice its share of every gap, and Thompson sampling far less", () => {
  const regret = average([0.1, 0.2, 0.4], 600, 60, 5);
  // Random shows each arm a third of the time: 600 × (0.3 + 0.2 + 0) / 3 = 100, with a standard error of 0.4.
  expect(Math.abs(regret.random - 100)).toBeLessThan(2);
  expect(regret.thompson).toBeLessThan(35);
});
