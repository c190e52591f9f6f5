//! Exact draws from the upper tail: whether θ > t and, if so, θ given θ > t.
//!
//! Over log-odds, a Beta density is log-concave. So above t it is below the exponential function that is tangent to it at
//! t. With d = logit θ − logit t ≥ 0, this exponential has the rate s = nt − α and the mass M = tᵅ(1−t)ᵝ / (B(α, β) s).
//! The ratio of the density to it is e^(−n(ln(1 + t(eᵈ−1)) − td)).
use rand::{Rng, RngExt};
use rand_distr::Exp1;

use crate::beta::Drawn;
use crate::quadrature::Rule;

/// Decides an arm that was proposed with probability exp(−`x`) ≥ P(θ > t). Returns θ with its distribution given θ > t, or
/// `None` with the remaining probability. So, over both steps, P(θ ∈ dy) = f(y) dy for every y > t.
///
/// Needs 0 < t < 1 and `excess` = nt − α > 0.
#[inline(never)]
pub(crate) fn draw_above<R: Rng + ?Sized>(
    (alpha, beta): (f64, f64),
    t: f64,
    excess: f64,
    x: f64,
    rng: &mut R,
) -> Option<Drawn> {
    let ln_mass = ln_envelope(alpha, beta, excess);
    if ln_mass <= -x {
        let chance: f64 = rng.sample(Exp1);
        if chance < -x - ln_mass {
            return None;
        }
        return from_envelope(alpha + beta, t, excess, rng);
    }
    // The envelope is wider than the proposal (never observed for x > 2): then use the mass of the tail itself.
    let chance: f64 = rng.sample(Exp1);
    if chance < -x - (ln_mass + share_of_envelope(alpha + beta, t, excess).ln()) {
        return None;
    }
    loop {
        if let Some(drawn) = from_envelope(alpha + beta, t, excess, rng) {
            return Some(drawn);
        }
    }
}

/// One draw from the tangent exponential, accepted with the ratio of the density to it.
#[inline]
fn from_envelope<R: Rng + ?Sized>(n: f64, t: f64, excess: f64, rng: &mut R) -> Option<Drawn> {
    let step: f64 = rng.sample(Exp1);
    let chance: f64 = rng.sample(Exp1);
    let d = step / excess;
    let grown = t * d.exp_m1();
    if chance < n * (grown.ln_1p() - t * d) {
        return None;
    }
    let theta = if grown < f64::INFINITY { (t + grown) / (1.0 + grown) } else { 1.0 };
    Some(Drawn { theta, fine: if theta < 1.0 { 0.0 } else { t.ln() - (-t).ln_1p() + d } })
}

/// ln M, written with t/μ = 1 + s/α and (1−t)/(1−μ) = 1 − s/β so that no digits cancel, as in C. Loader (2000), Fast and
/// accurate computation of binomial probabilities.
fn ln_envelope(alpha: f64, beta: f64, excess: f64) -> f64 {
    let n = alpha + beta;
    let divergence = alpha * (excess / alpha).ln_1p() + beta * (-excess / beta).ln_1p();
    let peak = 0.5 * (alpha / n * beta / std::f64::consts::TAU).ln() + stirling(n) - stirling(alpha) - stirling(beta);
    divergence + peak - excess.ln()
}

/// The error of Stirling's formula: ln Γ(x) − ((x − ½) ln x − x + ½ ln 2π).
fn stirling(mut x: f64) -> f64 {
    // Go from x to x + 1 by ln Γ(x) = ln Γ(x + 1) − ln x, until the series is exact except for rounding.
    let mut below = 0.0;
    for _ in 0..8 {
        if x >= 8.0 {
            break;
        }
        below += (x + 0.5) * (1.0 / x).ln_1p() - 1.0;
        x += 1.0;
    }
    let y = 1.0 / (x * x);
    let series = 1.0 / 1680.0 - y * (1.0 / 1188.0 - y * (691.0 / 360_360.0 - y / 156.0));
    below + (1.0 / 12.0 - y * (1.0 / 360.0 - y * (1.0 / 1260.0 - y * series))) / x
}

/// The density's mass as a fraction of the envelope's mass, by quadrature.
#[cold]
fn share_of_envelope(n: f64, t: f64, excess: f64) -> f64 {
    let rule = Rule::get();
    let kept = |step: f64| {
        let d = step / excess;
        (-step - n * ((t * d.exp_m1()).ln_1p() - t * d)).exp()
    };
    // The width of the panels doubles, because the density may fall much faster than the envelope.
    let (mut start, mut width, mut share) = (0.0, 1e-9, 0.0);
    while start < 45.0 {
        share += 0.5 * width * rule.integral(&rule.nodes.map(|x| kept(start + 0.5 * width * (1.0 + x))));
        start += width;
        width = f64::min(start, 4.0);
    }
    share
}

/// P(θ > t) for t above the mean.
#[cfg(test)]
pub(crate) fn tail_probability(alpha: f64, beta: f64, t: f64) -> f64 {
    let excess = t * (alpha + beta) - alpha;
    ln_envelope(alpha, beta, excess).exp() * share_of_envelope(alpha + beta, t, excess)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::generator;

    #[test]
    fn stirlings_error_is_that_of_known_factorials() {
        let half_ln_tau = 0.5 * std::f64::consts::TAU.ln();
        let mut ln_factorial = 0.0;
        for x in 1..40 {
            let x = f64::from(x);
            let exact = ln_factorial - ((x - 0.5) * x.ln() - x + half_ln_tau);
            assert!((stirling(x) - exact).abs() < 1e-13, "{x}: {} and {exact}", stirling(x));
            ln_factorial += x.ln();
        }
        let half = 0.5 * std::f64::consts::PI.ln() - (half_ln_tau - 0.5);
        assert!((stirling(0.5) - half).abs() < 1e-14);
    }

    #[test]
    fn tails_with_a_closed_form() {
        for (beta, t) in [(1.0, 0.9), (5.0, 0.5), (100.0, 0.1), (0.5, 0.99)] {
            let exact = f64::powf(1.0 - t, beta);
            assert!((tail_probability(1.0, beta, t) / exact - 1.0).abs() < 1e-12, "Beta(1, {beta}) above {t}");
        }
        for (alpha, t) in [(3.0, 0.9), (0.5, 0.5)] {
            let exact = 1.0 - f64::powf(t, alpha);
            assert!((tail_probability(alpha, 1.0, t) / exact - 1.0).abs() < 1e-12, "Beta({alpha}, 1) above {t}");
        }
    }

    #[test]
    fn both_ways_draw_the_tail() {
        // Beta(1, 5) above ½: P = 1/32, and θ given that is ½ + ½ Beta(1, 5), of mean 7/12.
        let (alpha, beta, t) = (1.0, 5.0, 0.5);
        let excess = t * 6.0 - 1.0;
        let mut rng = generator(Some(8));
        // The second proposal is narrower than the envelope.
        let narrow = -(tail_probability(alpha, beta, t) * 1.001).ln();
        assert!(ln_envelope(alpha, beta, excess) > -narrow);
        for (x, rounds) in [(1.0, 400_000), (narrow, 20_000)] {
            let (mut kept, mut sum) = (0.0, 0.0);
            for _ in 0..rounds {
                if let Some(Drawn { theta, .. }) = draw_above((alpha, beta), t, excess, x, &mut rng) {
                    assert!(theta > t);
                    kept += 1.0;
                    sum += theta;
                }
            }
            let share = kept / f64::from(rounds);
            let expected = 1.0 / 32.0 * f64::exp(x);
            // Five standard errors.
            assert!(
                (share - expected).abs() <= 5.0 * (expected * (1.0 - expected) / f64::from(rounds)).sqrt(),
                "{share}"
            );
            let deviation = 0.5 * (5.0 / (36.0 * 7.0) / kept).sqrt();
            assert!((sum / kept - 7.0 / 12.0).abs() < 5.0 * deviation, "{}", sum / kept);
        }
    }
}
