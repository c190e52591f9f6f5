//! Upper bounds of P(θ > t) for θ ~ Beta(α, β), as exponents: P(θ > t) ≤ exp(−x).
//!
//! The better one of two published bounds is used. With n = α + β, μ = α/n and ε = t − μ > 0:
//!
//! - O. Marchal & J. Arbel (2017). On the sub-Gaussianity of the Beta and Dirichlet distributions. Electronic
//!   Communications in Probability 22, 54: x = 2(n+1)ε².
//! - M. Skorski (2023). Bernstein-type bounds for beta distribution. Modern Stochastics 10, 211–228: x = ε²/(2(v + cε/3))
//!   with the variance v = αβ/(n²(n+1)) and c = 2(β−α)/(n(n+2)) for β ≥ α, else 0.
//!
//! Exponents are reduced by a millionth, and arms too narrow for double precision get 0, so that rounding never makes a
//! bound too small.

use pulp::Simd;

/// The fraction of an exponent that is kept. The rest is far more than rounding errors.
const KEPT: f64 = 1.0 - 1e-6;

/// If α + β exceeds this, the distance to a threshold is not precise enough in double precision for a bound.
const SHARPEST: f64 = 1e18;

/// x ≥ 0 with P(θ > t) ≤ exp(−x), and n t − α.
#[inline]
pub(crate) fn exponent(alpha: f64, beta: f64, t: f64) -> (f64, f64) {
    let n = alpha + beta;
    let excess = t * n - alpha;
    if !(excess > 0.0 && n < SHARPEST) {
        return (0.0, excess);
    }
    let square = excess * excess * (n + 1.0);
    let gaussian = 2.0 * square / (n * n);
    // Skorski's with (n+1)/(n+2) ≤ 1 left out of the second term, which only loosens it.
    let bernstein = 0.5 * square / (alpha * beta + 2.0 / 3.0 * (beta - alpha).max(0.0) * excess);
    (gaussian.max(bernstein) * KEPT, excess)
}

/// Tests without divisions whether an arm's tail is certainly below exp(−level), for a fixed level and threshold.
///
/// The result is true only for positive, finite parameters. If a product overflows, the left side of the comparison is
/// infinite, and then it really is large, or the result is false.
pub(crate) trait Quiet: Copy {
    /// Whether P(θ > t) ≤ exp(−level) is certain, for as many arms as fit into a register.
    fn holds<S: Simd>(&self, simd: S, alpha: S::f64s, beta: S::f64s) -> S::m64s;
}

/// The second bound.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bernstein {
    t: f64,
    of_product: f64,
    of_skew: f64,
}

impl Bernstein {
    pub fn new(level: f64, t: f64) -> Self {
        Self { t: lowered(t), of_product: 2.0 / KEPT * level, of_skew: 4.0 / 3.0 / KEPT * level }
    }
}

impl Quiet for Bernstein {
    #[inline(always)]
    fn holds<S: Simd>(&self, simd: S, alpha: S::f64s, beta: S::f64s) -> S::m64s {
        let zero = simd.splat_f64s(0.0);
        let n = simd.add_f64s(alpha, beta);
        let excess = positive(simd, simd.sub_f64s(simd.mul_f64s(simd.splat_f64s(self.t), n), alpha));
        let skew = positive(simd, simd.sub_f64s(beta, alpha));
        let of_product = simd.mul_f64s(simd.splat_f64s(self.of_product), simd.mul_f64s(alpha, positive(simd, beta)));
        let of_skew = simd.mul_f64s(simd.splat_f64s(self.of_skew), simd.mul_f64s(skew, excess));
        let square = simd.mul_f64s(simd.mul_f64s(excess, excess), simd.add_f64s(n, simd.splat_f64s(1.0)));
        let holds = simd.greater_than_f64s(square, simd.add_f64s(of_product, of_skew));
        simd.and_m64s(holds, simd.greater_than_f64s(alpha, zero))
    }
}

/// The second bound with n in place of β and β − α. It takes less work, and is hardly weaker for small rates.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Poisson {
    t: f64,
    of_alpha: f64,
    of_excess: f64,
}

impl Poisson {
    pub fn new(level: f64, t: f64) -> Self {
        Self { t: lowered(t), of_alpha: 2.0 / KEPT * level, of_excess: 4.0 / 3.0 / KEPT * level }
    }
}

impl Quiet for Poisson {
    #[inline(always)]
    fn holds<S: Simd>(&self, simd: S, alpha: S::f64s, beta: S::f64s) -> S::m64s {
        let n = simd.add_f64s(alpha, beta);
        let excess = positive(simd, simd.sub_f64s(simd.mul_f64s(simd.splat_f64s(self.t), n), alpha));
        let of_alpha = simd.mul_f64s(simd.splat_f64s(self.of_alpha), alpha);
        let of_excess = simd.mul_f64s(simd.splat_f64s(self.of_excess), excess);
        let holds = simd.greater_than_f64s(simd.mul_f64s(excess, excess), simd.add_f64s(of_alpha, of_excess));
        simd.and_m64s(holds, simd.greater_than_f64s(alpha, simd.splat_f64s(0.0)))
    }
}

/// A slightly lower threshold, so that rounding never overstates its distance from the mean, however narrow the arm's
/// density.
fn lowered(t: f64) -> f64 {
    t * (1.0 - 4.0 * f64::EPSILON)
}

/// At least 0. NaN results in 0 or, on some processors, in NaN, for which every comparison is false too.
#[inline(always)]
fn positive<S: Simd>(simd: S, value: S::f64s) -> S::f64s {
    simd.max_f64s(value, simd.splat_f64s(0.0))
}

/// The odds u/(1−u) of a rate u above which exp(−level) bounds the tail: x ≥ level for every t ≥ u. Infinite where
/// no rate below 1 is far enough.
#[inline]
pub(crate) fn reach(alpha: f64, beta: f64, level: f64) -> f64 {
    let n = alpha + beta;
    if n.is_nan() || n >= SHARPEST {
        return f64::INFINITY;
    }
    let level = level / KEPT;
    let gaussian = (0.5 * level / (n + 1.0)).sqrt();
    // ε² = 2x(v + cε/3) solved for ε.
    let v = alpha * beta / (n * n * (n + 1.0));
    let half = level / 3.0 * (2.0 * (beta - alpha).max(0.0) / (n * (n + 2.0)));
    let bernstein = half + (half * half + 2.0 * level * v).sqrt();
    let distance = gaussian.min(bernstein);
    let below_one = beta / n - distance;
    let odds = if below_one > 0.0 { (alpha / n + distance) / below_one } else { f64::INFINITY };
    // For α ≤ 1, which new arms have, θ is stochastically smaller than Beta(1, β), whose tail is (1−t)^β.
    let exact = if alpha <= 1.0 { (level / beta).exp_m1() } else { f64::INFINITY };
    odds.min(exact) * (1.0 + 1e-12)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tail::tail_probability;

    const SHAPES: [f64; 12] = [1e-3, 0.1, 0.5, 1.0, 1.5, 2.0, 7.0, 30.0, 400.0, 1e4, 1e6, 1e9];

    #[test]
    fn no_tail_is_above_its_bound() {
        for alpha in SHAPES {
            for beta in SHAPES {
                let (n, mean) = (alpha + beta, alpha / (alpha + beta));
                let deviation = (mean * (1.0 - mean) / (n + 1.0)).sqrt();
                for z in [0.1, 0.5, 1.0, 2.0, 2.5, 3.0, 3.5, 4.0, 4.3, 4.5, 5.0, 6.0, 9.0, 20.0] {
                    let t = mean + z * deviation;
                    if t >= 1.0 {
                        continue;
                    }
                    let exact = tail_probability(alpha, beta, t).ln();
                    let (x, _) = exponent(alpha, beta, t);
                    assert!(exact <= -x, "Beta({alpha:e}, {beta:e}) at {t}: ln P is {exact}, the bound {}", -x);
                    for level in [3.0, 9.0] {
                        let bernstein = Bernstein::new(level, t).holds(pulp::Scalar, alpha, beta);
                        let poisson = Poisson::new(level, t).holds(pulp::Scalar, alpha, beta);
                        if bernstein || poisson {
                            assert!(exact <= -level, "Beta({alpha:e}, {beta:e}) at {t}: {exact}, quiet at {level}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn beyond_its_reach_an_arm_is_bounded() {
        for alpha in SHAPES {
            for beta in SHAPES {
                for level in [2.0, 11.0] {
                    let odds = reach(alpha, beta, level);
                    // Also that of a sharpened arm, with the same mean.
                    for factor in [1.0, 1.01, 2.0, 30.0, 1e4] {
                        if odds < 1e12 && odds > 1e-12 {
                            let tail = tail_probability(factor * alpha, factor * beta, odds / (1.0 + odds));
                            assert!(
                                tail.ln() <= -level,
                                "{factor} × Beta({alpha:e}, {beta:e}): {tail} at the reach of {level}"
                            );
                        }
                    }
                }
            }
        }
    }
}
