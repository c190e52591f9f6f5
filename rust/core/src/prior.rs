//! A Beta prior for the rate of a new arm, learnt from the counts of others.
//!
//! The success rates of arms are taken as draws from Beta(ms, (1−m)s), so that their counts are beta-binomial. Given the
//! strength s, the mean m is the mean of the rates with weights n/(n+s) (J. C. Kleinman (1973). Proportions with extraneous
//! variance: single and independent samples. JASA 68, 46–54). The strength is the posterior mean of ln s on a grid, from the
//! marginal likelihood and a uniform prior for ln s. Unlike the most likely strength, it is moderate while counts say little.
use crate::beta::check_length;
use crate::error::Error;
use crate::ln_gamma::ln_gamma;

/// With fewer arms with impressions than this, the strength is limited to [`STRENGTH_OF_FEW`].
const FEW: usize = 20;
const STRENGTH_OF_FEW: (f64, f64) = (2.0, 200.0);

/// With fewer successes than this, nothing is learnt: a prior from a few lucky arms can keep the best one from being shown.
const FEWEST_SUCCESSES: f64 = 10.0;

/// The range of strengths otherwise.
const STRENGTH: (f64, f64) = (0.1, 10_000.0);

/// The number of strengths on a grid. The first grid spans the range, and each further grid spans what is likely on the last.
const GRID: usize = 25;
const GRIDS: usize = 3;

/// Strengths whose log-likelihood is lower than the highest one by more than this are not on the next grid.
const LIKELY: f64 = 12.0;

/// A Beta prior by its mean and its strength α + β, in impressions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LearntPrior {
    /// α / (α + β), in (0, 1).
    pub mean: f64,
    /// α + β.
    pub strength: f64,
}

impl LearntPrior {
    /// The result with fewer than ten successes: Beta(1, 1).
    pub const UNIFORM: Self = Self { mean: 0.5, strength: 2.0 };

    /// α.
    pub fn alpha(&self) -> f64 {
        self.mean * self.strength
    }

    /// β.
    pub fn beta(&self) -> f64 {
        (1.0 - self.mean) * self.strength
    }
}

/// Learns the prior from each arm's impressions and successes, which may be fractions. Arms without impressions are ignored.
///
/// With fewer than ten successes it is Beta(1, 1). If all outcomes are successes, the mean is (successes + ½) /
/// (impressions + 1) and the strength 2. With a single arm, the strength is 2. `stop` is called from time to time, and ends the work.
pub fn learn_prior(impressions: &[f64], successes: &[f64], stop: &dyn Fn() -> bool) -> Result<LearntPrior, Error> {
    check_counts(impressions, successes)?;
    let arms = impressions.iter().zip(successes).filter(|(&n, _)| n > 0.0).map(|(&n, &s)| (n, s));
    let (count, total, pooled) =
        arms.clone().fold((0, 0.0, 0.0), |(count, total, pooled), (n, s)| (count + 1, total + n, pooled + s));
    if pooled < FEWEST_SUCCESSES {
        return Ok(LearntPrior::UNIFORM);
    }
    if pooled >= total {
        return Ok(LearntPrior { mean: (pooled + 0.5) / (total + 1.0), strength: 2.0 });
    }
    if count == 1 {
        return Ok(LearntPrior { mean: pooled / total, strength: 2.0 });
    }
    let counts = [grouped(arms.clone().map(|arm| arm.1)), grouped(arms.clone().map(|(n, s)| (n - s).max(0.0)))];
    let all = grouped(arms.clone().map(|arm| arm.0));
    let mean = |strength: f64| {
        let (weights, sum) = arms
            .clone()
            .fold((0.0, 0.0), |(weights, sum), (n, s)| (weights + n / (n + strength), sum + s / (n + strength)));
        sum / weights
    };
    let likelihood = |strength: f64| {
        let mean = mean(strength);
        rises(&counts[0], mean * strength) + rises(&counts[1], (1.0 - mean) * strength) - rises(&all, strength)
    };
    let strength = likely_strength(count, &likelihood, stop)?;
    Ok(LearntPrior { mean: mean(strength), strength })
}

/// The posterior mean of ln s, as a strength s, for a uniform prior over the range for this number of arms.
pub(crate) fn likely_strength(
    arms: usize,
    log_likelihood: &dyn Fn(f64) -> f64,
    stop: &dyn Fn() -> bool,
) -> Result<f64, Error> {
    let range = if arms < FEW { STRENGTH_OF_FEW } else { STRENGTH };
    let (mut low, mut high, mut ln_strength) = (range.0.ln(), range.1.ln(), 0.0);
    for _ in 0..GRIDS {
        let step = (high - low) / (GRID - 1) as f64;
        let mut values = [0.0; GRID];
        for (i, value) in values.iter_mut().enumerate() {
            if stop() {
                return Err(Error::Interrupted);
            }
            *value = log_likelihood((low + i as f64 * step).exp());
        }
        let highest = values.iter().fold(f64::NEG_INFINITY, |highest: f64, &value| highest.max(value));
        // The ends have half the weight of the other points (trapezoidal rule).
        let weight = |i: usize| {
            let end = i == 0 || i == GRID - 1;
            (values[i] - highest).exp() * if end { 0.5 } else { 1.0 }
        };
        let (mass, moment) =
            (0..GRID).fold((0.0, 0.0), |(mass, moment), i| (mass + weight(i), moment + weight(i) * i as f64));
        ln_strength = low + step * moment / mass;
        let likely = |&i: &usize| values[i] > highest - LIKELY;
        let first = (0..GRID).find(likely).unwrap_or(0).saturating_sub(1);
        let last = (0..GRID).rev().find(likely).map_or(GRID - 1, |last| (last + 1).min(GRID - 1));
        (low, high) = (low + first as f64 * step, low + last as f64 * step);
    }
    Ok(ln_strength.exp())
}

/// Checks that impressions are finite and not negative, and that successes are between 0 and them.
pub(crate) fn check_counts(impressions: &[f64], successes: &[f64]) -> Result<(), Error> {
    check_length(("impressions", impressions.len()), ("successes", successes.len()))?;
    for (index, (&n, &s)) in impressions.iter().zip(successes).enumerate() {
        if !(0.0..f64::INFINITY).contains(&n) {
            let range = "finite and not negative";
            return Err(Error::OutOfRange { argument: "impressions", index: Some(index), value: n, range });
        }
        if !(0.0..=n).contains(&s) {
            let range = "between 0 and the arm's impressions";
            return Err(Error::OutOfRange { argument: "successes", index: Some(index), value: s, range });
        }
    }
    Ok(())
}

/// The distinct values and how often each occurs.
fn grouped(values: impl Iterator<Item = f64>) -> Vec<(f64, f64)> {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values.chunk_by(|one, next| one == next).map(|equal| (equal[0], equal.len() as f64)).collect()
}

/// Σ ln Γ(x + c) − ln Γ(x) over the counts c.
fn rises(counts: &[(f64, f64)], x: f64) -> f64 {
    let at_zero = ln_gamma(x);
    counts.iter().filter(|(count, _)| *count > 0.0).map(|&(count, times)| times * (ln_gamma(x + count) - at_zero)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learnt(impressions: &[f64], successes: &[f64]) -> LearntPrior {
        learn_prior(impressions, successes, &|| false).unwrap()
    }

    #[test]
    fn without_data() {
        assert_eq!(learnt(&[], &[]), LearntPrior::UNIFORM);
        assert_eq!(learnt(&[0.0, 0.0], &[0.0, 0.0]), LearntPrior::UNIFORM);
        assert_eq!((LearntPrior::UNIFORM.alpha(), LearntPrior::UNIFORM.beta()), (1.0, 1.0));
    }

    #[test]
    fn with_little_data() {
        assert_eq!(learnt(&[50.0, 0.0], &[10.0, 0.0]), LearntPrior { mean: 0.2, strength: 2.0 });
        assert_eq!(learnt(&[50.0, 50.0], &[5.0, 4.0]), LearntPrior::UNIFORM);
        assert_eq!(learnt(&[10.0, 9.0], &[10.0, 9.0]), LearntPrior { mean: 0.975, strength: 2.0 });
        // One impression of each arm says nothing about the strength: the middle of the range, in logarithms.
        let outcomes: Vec<f64> = (0..18).map(|arm| if arm < 12 { 1.0 } else { 0.0 }).collect();
        let prior = learnt(&[1.0; 18], &outcomes);
        assert!((prior.mean - 2.0 / 3.0).abs() < 1e-12 && (prior.strength - 20.0).abs() < 1e-6, "{prior:?}");
    }

    #[test]
    fn few_arms_limit_the_strength() {
        let alike = learnt(&[1e6; 19], &[1e5; 19]);
        assert!(alike.strength < 200.0 && alike.strength > 170.0, "{alike:?}");
        let alike = learnt(&[1e6; 20], &[1e5; 20]);
        assert!(alike.strength > 7_000.0, "{alike:?}");
        let apart: Vec<f64> = (0..10).map(|i| if i % 2 == 0 { 1.0 } else { 999.0 }).collect();
        assert!(learnt(&[1000.0; 10], &apart).strength < 3.0);
    }

    #[test]
    fn refusals() {
        let message = |n: &[f64], s: &[f64]| learn_prior(n, s, &|| false).unwrap_err().to_string();
        assert_eq!(message(&[1.0, -1.0], &[0.0, 0.0]), "impressions[1] is -1: it must be finite and not negative");
        assert_eq!(
            message(&[1.0, 2.0], &[0.0, 3.0]),
            "successes[1] is 3: it must be between 0 and the arm's impressions"
        );
        assert!(message(&[1.0], &[f64::NAN]).starts_with("successes[0] is NaN"));
        assert!(message(&[1.0], &[]).starts_with("successes has length 0"));
        assert_eq!(learn_prior(&[50.0, 50.0], &[10.0, 20.0], &|| true), Err(Error::Interrupted));
    }
}
