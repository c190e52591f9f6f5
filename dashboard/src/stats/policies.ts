/** Ways to choose among arms, played on the same arms with the same luck. */

import { draw, seeded, type Uniform } from "./beta";

export const POLICIES = ["thompson", "greedy", "random"] as const;
export type Policy = (typeof POLICIES)[number];

export const POLICY_WORDS: Record<Policy, string> = {
  thompson: "Thompson sampling",
  greedy: "Always the best so far",
  random: "At random",
};

interface Tally {
  successes: number;
  failures: number;
}

/** One policy's play: how often it showed each arm, and what that cost against always showing the best. */
export interface Play {
  tallies: Tally[];
  regret: number;
  /** Regret after each round, from 0. */
  path: number[];
}

export interface Game {
  rates: number[];
  round: number;
  plays: Record<Policy, Play>;
}

function start(arms: number): Play {
  return { tallies: Array.from({ length: arms }, () => ({ successes: 0, failures: 0 })), regret: 0, path: [0] };
}

export function newGame(rates: number[]): Game {
  const plays = { thompson: start(rates.length), greedy: start(rates.length), random: start(rates.length) };
  return { rates, round: 0, plays };
}

function largest(values: number[]): number {
  return values.reduce((best, value, i) => (value > (values[best] ?? -Infinity) ? i : best), 0);
}

function choose(policy: Policy, tallies: Tally[], uniform: Uniform): number {
  switch (policy) {
    case "thompson":
      return largest(tallies.map(({ successes, failures }) => draw(1 + successes, 1 + failures, uniform)));
    case "greedy": {
      // Each arm once, then always the one with the best rate so far.
      const untried = tallies.findIndex(({ successes, failures }) => successes + failures === 0);
      return untried >= 0
        ? untried
        : largest(tallies.map(({ successes, failures }) => successes / (successes + failures)));
    }
    case "random":
      return Math.floor(uniform() * tallies.length);
  }
}

/** Play further rounds. In each, every policy meets the same person: who would say yes to which arm is drawn once. */
export function play(game: Game, rounds: number, uniform: Uniform): Game {
  const best = Math.max(...game.rates);
  const plays = Object.fromEntries(
    POLICIES.map((policy) => [
      policy,
      {
        ...game.plays[policy],
        tallies: game.plays[policy].tallies.map((tally) => ({ ...tally })),
        path: [...game.plays[policy].path],
      },
    ]),
  ) as Record<Policy, Play>;
  for (let i = 0; i < rounds; i++) {
    const yes = game.rates.map((rate) => uniform() < rate);
    for (const policy of POLICIES) {
      const mine = plays[policy];
      const arm = choose(policy, mine.tallies, uniform);
      const tally = mine.tallies[arm];
      if (tally === undefined) continue;
      if (yes[arm]) tally.successes++;
      else tally.failures++;
      mine.regret += best - (game.rates[arm] ?? 0);
      mine.path.push(mine.regret);
    }
  }
  return { rates: game.rates, round: game.round + rounds, plays };
}

/** Each policy's regret after `rounds`, averaged over `games` games. */
export function average(rates: number[], rounds: number, games: number, seed: number): Record<Policy, number> {
  const sums: Record<Policy, number> = { thompson: 0, greedy: 0, random: 0 };
  for (let i = 0; i < games; i++) {
    const end = play(newGame(rates), rounds, seeded(seed + i));
    for (const policy of POLICIES) sums[policy] += end.plays[policy].regret / games;
  }
  return sums;
}
