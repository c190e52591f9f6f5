import type { VariantHistory } from "armful-client";

export interface Posterior {
  alpha: number;
  beta: number;
}

const DAY = 86_400_000;

/** The first of the last `days` UTC days, today included, as 2026-11-21. */
export function firstDay(days: number, now = Date.now()): string {
  return new Date(now - (days - 1) * DAY).toISOString().slice(0, 10);
}

/** The posterior as it was before the last `days` UTC days, by taking what happened in them off again. */
export function before(
  now: Posterior,
  prior: Posterior,
  history: VariantHistory,
  days: number,
  clock = Date.now(),
): Posterior {
  const first = firstDay(days, clock);
  let { alpha, beta } = now;
  for (const { day, impressions, successes } of history.days) {
    if (day < first) continue;
    alpha -= successes;
    beta -= impressions - successes;
  }
  // A prior that was changed since can leave less than it: then the prior is all that was known.
  return { alpha: Math.max(alpha, prior.alpha), beta: Math.max(beta, prior.beta) };
}
