import type { VariantHistory } from "armful-client";

/** The parameters of a Beta distribution. */
export interface Posterior {
  alpha: number;
  beta: number;
}

const DAY_MS = 86_400_000;

/** The first of the last `days` UTC days, including today, such as 2026-11-21. */
export function firstDay(days: number, now = Date.now()): string {
  return new Date(now - (days - 1) * DAY_MS).toISOString().slice(0, 10);
}

/** The posterior before the last `days` UTC days: the current one without the outcomes of those days. */
export function posteriorBefore(
  current: Posterior,
  prior: Posterior,
  history: VariantHistory,
  days: number,
  now = Date.now(),
): Posterior {
  const first = firstDay(days, now);
  let { alpha, beta } = current;
  for (const { day, impressions, successes } of history.days) {
    if (day < first) continue;
    alpha -= successes;
    beta -= impressions - successes;
  }
  // If the prior was changed since, the result can be below the current prior; then return the prior.
  return { alpha: Math.max(alpha, prior.alpha), beta: Math.max(beta, prior.beta) };
}
