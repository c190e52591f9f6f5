/** Simulates selection policies on the same arms, with the same random outcomes for all of them. */

import { draw, seeded, type Uniform } from "./beta";

export const POLICIES = ["thompson", "greedy", "random"] as const;
export type Policy = (typeof POLICIES)[number];

export const POLICY_LABELS: Record<Policy, string> = {
  thompson: "Thompson sampling",
  greedy: "Greedy (best so far)",
  random: "Random",
};

interface Counts {
  successes: number;
  failures: number;
}

/** The state of one policy: the outcomes of each arm, and the regret against always showing the best arm. */
export interface PolicyRun {
  counts: Counts[];
  regret: number;
  /** The cumulative regret after each round; the first value is 0. */
  regretByRound: number[];
}

export interface Simulation {
  /** The true success rate of each arm. */
  rates: number[];
  round: number;
  runs: Record<Policy, PolicyRun>;
}

function newRun(arms: number): PolicyRun {
  return { counts: Array.from({ length: arms }, () => ({ successes: 0, failures: 0 })), regret: 0, regretByRound: [0] };
}

export function newSimulation(rates: number[]): Simulation {
  const runs = { thompson: newRun(rates.length), greedy: newRun(rates.length), random: newRun(rates.length) };
  return { rates, round: 0, runs };
}

function indexOfLargest(values: number[]): number {
  return values.reduce((best, value, i) => (value > (values[best] ?? -Infinity) ? i : best), 0);
}

function chooseArm(policy: Policy, counts: Counts[], uniform: Uniform): number {
  switch (policy) {
    case "thompson":
      return indexOfLargest(counts.map(({ successes, failures }) => draw(1 + successes, 1 + failures, uniform)));
    case "greedy": {
      // Show each arm once, then always the one with the best rate so far.
      const untried = counts.findIndex(({ successes, failures }) => successes + failures === 0);
      return untried >= 0
        ? untried
        : indexOfLargest(counts.map(({ successes, failures }) => successes / (successes + failures)));
    }
    case "random":
      return Math.floor(uniform() * counts.length);
  }
}

/** Simulate more rounds. Each round draws once, for all policies, which arms would succeed. */
export function simulateRounds(simulation: Simulation, rounds: number, uniform: Uniform): Simulation {
  const best = Math.max(...simulation.rates);
  const runs = Object.fromEntries(
    POLICIES.map((policy) => [
      policy,
      {
        ...simulation.runs[policy],
        counts: simulation.runs[policy].counts.map((armCounts) => ({ ...armCounts })),
        regretByRound: [...simulation.runs[policy].regretByRound],
      },
    ]),
  ) as Record<Policy, PolicyRun>;
  for (let i = 0; i < rounds; i++) {
    const outcomes = simulation.rates.map((rate) => uniform() < rate);
    for (const policy of POLICIES) {
      const run = runs[policy];
      const arm = chooseArm(policy, run.counts, uniform);
      const armCounts = run.counts[arm];
      if (armCounts === undefined) continue;
      if (outcomes[arm]) armCounts.successes++;
      else armCounts.failures++;
      run.regret += best - (simulation.rates[arm] ?? 0);
      run.regretByRound.push(run.regret);
    }
  }
  return { rates: simulation.rates, round: simulation.round + rounds, runs };
}

/** Each policy's regret after `rounds` rounds, averaged over `repetitions` simulations. */
export function averageRegret(
  rates: number[],
  rounds: number,
  repetitions: number,
  seed: number,
): Record<Policy, number> {
  const sums: Record<Policy, number> = { thompson: 0, greedy: 0, random: 0 };
  for (let i = 0; i < repetitions; i++) {
    const result = simulateRounds(newSimulation(rates), rounds, seeded(seed + i));
    for (const policy of POLICIES) sums[policy] += result.runs[policy].regret / repetitions;
  }
  return sums;
}
