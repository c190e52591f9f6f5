/** What a fixed split can find: the same two-sided test of two rates, pooled under the null, as armful's own planning. */

import { inverseNormal } from "./normal";

const POWER = 0.8;
const ALPHA = 0.05;

/**
 * The chance to find that treatment's rate is `rate` where control's is `baseline`, at the given sizes.
 * `comparisons` share the error of 5 %.
 */
export function deficit(
  baseline: number,
  rate: number,
  control: number,
  treatment: number,
  comparisons: number,
): number {
  const pooled = (baseline * control + rate * treatment) / (control + treatment);
  const none = Math.sqrt(pooled * (1 - pooled) * (1 / control + 1 / treatment));
  const some = Math.sqrt((baseline * (1 - baseline)) / control + (rate * (1 - rate)) / treatment);
  return inverseNormal(1 - ALPHA / comparisons / 2) * none + inverseNormal(POWER) * some - Math.abs(rate - baseline);
}

/** The smallest rise over `baseline` found with 80 % power, as a difference of rates; null where none is. */
export function smallestRise(baseline: number, control: number, treatment: number, comparisons = 1): number | null {
  if (!(baseline > 0 && baseline < 1 && control >= 1 && treatment >= 1)) return null;
  const missing = (rate: number) => deficit(baseline, rate, control, treatment, comparisons);
  let low = baseline;
  let high = 1 - 1e-9;
  if (missing(high) > 0) return null;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (missing(middle) > 0) low = middle;
    else high = middle;
  }
  return high - baseline;
}
