/** Φ⁻¹(p), by Acklam's rational approximation and one step of Halley's method; relative error below 1e-9. */
export function inverseNormal(p: number): number {
  if (p > 0.5) return -inverseNormal(1 - p);
  const q = p < 0.02425 ? Math.sqrt(-2 * Math.log(p)) : p - 0.5;
  const r = q * q;
  const start =
    p < 0.02425
      ? polynomial(
          [
            -7.784894002430293e-3, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
            2.938163982698783,
          ],
          q,
        ) / polynomial([7.784695709041462e-3, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1], q)
      : (polynomial(
          [
            -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716,
            2.506628277459239,
          ],
          r,
        ) *
          q) /
        polynomial(
          [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1],
          r,
        );
  const error = normal(start) - p;
  const u = error * Math.sqrt(2 * Math.PI) * Math.exp((start * start) / 2);
  return start - u / (1 + (start * u) / 2);
}

function polynomial(coefficients: number[], x: number): number {
  return coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0);
}

/** Φ(z) for z ≤ 0, by the continued fraction of Mills' ratio for z < −3 and by the series otherwise. */
export function normal(z: number): number {
  if (z > 0) return 1 - normal(-z);
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z < -3) {
    let fraction = 0;
    for (let k = 60; k > 0; k--) fraction = k / (-z + fraction);
    return density / (-z + fraction);
  }
  let term = z;
  let sum = z;
  for (let k = 1; k < 200 && Math.abs(term) > 1e-17; k++) {
    term *= (z * z) / (2 * k + 1);
    sum += term;
  }
  return 0.5 + density * sum;
}
