/** The power of a fixed traffic split, for the two-sided pooled z test of two rates that the service plans with. */

import { inverseNormal } from "./normal";

const POWER = 0.8;
const ALPHA = 0.05;

/**
 * By how much the difference of `rate` and `baseline` falls short of 80 % power at the given sample sizes; negative if it
 * exceeds that. The significance level of 5 % is divided by the number of comparisons.
 */
function powerShortfall(
  baseline: number,
  rate: number,
  control: number,
  treatment: number,
  comparisons: number,
): number {
  const pooled = (baseline * control + rate * treatment) / (control + treatment);
  const nullDeviation = Math.sqrt(pooled * (1 - pooled) * (1 / control + 1 / treatment));
  const alternativeDeviation = Math.sqrt((baseline * (1 - baseline)) / control + (rate * (1 - rate)) / treatment);
  return (
    inverseNormal(1 - ALPHA / comparisons / 2) * nullDeviation +
    inverseNormal(POWER) * alternativeDeviation -
    Math.abs(rate - baseline)
  );
}

/** The smallest increase over `baseline` with 80 % power to detect it, as a difference of rates; null if there is none. */
export function minimumDetectableIncrease(
  baseline: number,
  control: number,
  treatment: number,
  comparisons = 1,
): number | null {
  if (!(baseline > 0 && baseline < 1 && control >= 1 && treatment >= 1)) return null;
  const shortfall = (rate: number) => powerShortfall(baseline, rate, control, treatment, comparisons);
  let low = baseline;
  let high = 1 - 1e-9;
  if (shortfall(high) > 0) return null;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (shortfall(middle) > 0) low = middle;
    else high = middle;
  }
  return high - baseline;
}
