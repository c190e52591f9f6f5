/** The Beta distribution: densities for charts, and draws for the demos of Thompson sampling. */

const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** ln Γ(x) for x > 0, by the Lanczos approximation with g = 7; relative error under 1e-13. */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const t = x + 6.5;
  const sum = LANCZOS.reduce((total, coefficient, i) => total + (i === 0 ? coefficient : coefficient / (x - 1 + i)), 0);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum);
}

/** ln B(a, b). */
export function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

/** Density of Beta(a, b) at x in (0, 1). */
export function density(x: number, a: number, b: number): number {
  if (x <= 0 || x >= 1) {
    if (x === 0 && a === 1) return b;
    if (x === 1 && b === 1) return a;
    return 0;
  }
  return Math.exp((a - 1) * Math.log(x) + (b - 1) * Math.log1p(-x) - logBeta(a, b));
}

/** P(θ ≤ x) for θ ~ Beta(a, b), by the continued fraction of DLMF 8.17.22, evaluated with Lentz's algorithm. */
export function cumulative(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - cumulative(1 - x, b, a);
  const front = Math.exp(a * Math.log(x) + b * Math.log1p(-x) - logBeta(a, b)) / a;
  const tiny = 1e-300;
  let c = 1;
  let d = 1 / awayFromZero(1 - ((a + b) * x) / (a + 1), tiny);
  let fraction = d;
  for (let m = 1; m < 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / awayFromZero(1 + even * d, tiny);
    c = awayFromZero(1 + even / c, tiny);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / awayFromZero(1 + odd * d, tiny);
    c = awayFromZero(1 + odd / c, tiny);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return front * fraction;
}

/** The value, or `tiny` in place of a value near 0, to avoid dividing by it. */
function awayFromZero(value: number, tiny: number): number {
  return Math.abs(value) < tiny ? tiny : value;
}

/** The x with P(θ ≤ x) = p, by bisection to double precision. */
export function quantile(p: number, a: number, b: number): number {
  let low = 0;
  let high = 1;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (cumulative(middle, a, b) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The mean of Beta(a, b). */
export function mean(a: number, b: number): number {
  return a / (a + b);
}

/** The standard deviation of Beta(a, b). */
export function deviation(a: number, b: number): number {
  return Math.sqrt((a * b) / (a + b + 1)) / (a + b);
}

/** The posterior of one arm. */
export interface Arm {
  alpha: number;
  beta: number;
}

/**
 * Each arm's probability of having the highest rate: ∫ fₖ ∏ Fⱼ, by the midpoint rule over log-odds, where every
 * Beta density is smooth and vanishes at both ends. Absolute error under 1e-6 for α, β from 1 to 10⁵.
 */
export function chanceToBeBest(arms: readonly Arm[], steps = 4000): number[] {
  if (arms.length === 0) return [];
  const logOdds = (x: number) => Math.log(x) - Math.log1p(-x);
  const tail = 1e-13;
  const low = Math.min(...arms.map(({ alpha, beta }) => logOdds(Math.max(quantile(tail, alpha, beta), 1e-15))));
  const high = Math.max(...arms.map(({ alpha, beta }) => -logOdds(Math.max(quantile(tail, beta, alpha), 1e-15))));
  const width = (high - low) / steps;
  const best = arms.map(() => 0);
  const below = arms.map(() => 0);
  for (let i = 0; i < steps; i++) {
    const t = low + (i + 0.5) * width;
    // Compute ln x and ln(1 − x) from the log-odds, which avoids cancellation at both ends.
    const logX = -Math.log1p(Math.exp(-t));
    const logY = -Math.log1p(Math.exp(t));
    const mass = arms.map(({ alpha, beta }) => width * Math.exp(alpha * logX + beta * logY - logBeta(alpha, beta)));
    arms.forEach((_, k) => {
      let others = 1;
      for (let j = 0; j < arms.length; j++) {
        if (j !== k) others *= Math.min(1, (below[j] ?? 0) + (mass[j] ?? 0) / 2);
      }
      best[k] = (best[k] ?? 0) + (mass[k] ?? 0) * others;
    });
    arms.forEach((_, k) => (below[k] = (below[k] ?? 0) + (mass[k] ?? 0)));
  }
  const total = best.reduce((sum, value) => sum + value, 0);
  return best.map((value) => value / total);
}

/** A source of uniform numbers in (0, 1). */
export type Uniform = () => number;

/** The Mulberry32 generator: fast and reproducible, but good enough for illustrations only. */
export function seeded(seed: number): Uniform {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 4294967296;
  };
}

function drawNormal(uniform: Uniform): number {
  return Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** A draw from Gamma(shape, 1), by the method of Marsaglia and Tsang (2000). */
function drawGamma(shape: number, uniform: Uniform): number {
  if (shape < 1) return drawGamma(shape + 1, uniform) * uniform() ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = drawNormal(uniform);
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** A draw from Beta(a, b). */
export function draw(a: number, b: number, uniform: Uniform): number {
  const x = drawGamma(a, uniform);
  return x / (x + drawGamma(b, uniform));
}
