//! A Beta prior for each arm, learnt from the counts of arms with similar features.
//!
//! A logistic regression of successes on features gives an arm's expected rate p, and the model's variance v of its log-odds.
//! The rates of arms with the same features differ, as draws from Beta(κp, κ(1−p)). So the n impressions of an arm count as
//! n(κ+1)/(n+κ) in the regression, and the prior's strength is 1/(1/(κ+1) + p(1−p)v) − 1. This is κ if the model is certain.
//!
//! κ and the variance of the coefficients are those that predict each arm's counts best from the counts of the other arms, so
//! that features that say nothing do little harm. The regression without an arm is approximated by one Newton step (D. Pregibon
//! (1981). Logistic regression diagnostics. Annals of Statistics 9, 705–724).
use crate::error::Error;
use crate::ln_gamma::ln_gamma;
use crate::prior::{check_counts, learn_prior, likely_strength, LearntPrior};

/// The number of times that the regression and κ are fitted in turn, and the number of Newton steps of each regression.
const ROUNDS: usize = 3;
const NEWTON_STEPS: usize = 12;

/// The variances of coefficients that are tried. With the smallest one, features say almost nothing.
const VARIANCES: [f64; 6] = [0.001, 0.01, 0.03, 0.1, 0.3, 1.0];

/// The same for the intercept, around the log-odds of the pooled rate.
const VARIANCE_OF_INTERCEPT: f64 = 100.0;

/// The smallest strength of a prior.
const WEAKEST: f64 = 0.1;

/// The largest number of features.
pub const MOST_FEATURES: usize = 256;

/// Learns each arm's prior. `features` has a row of `width` numbers for each arm, such as 0 and 1 for the values of its
/// dimensions. Numbers of another size should be standardised.
///
/// Arms without impressions get a prior, too. Without any impressions, or if all outcomes are equal, every arm has the prior
/// of [`learn_prior`]. `stop` is called from time to time, and ends the work.
pub fn learn_prior_by_features(
    features: &[f64],
    width: usize,
    impressions: &[f64],
    successes: &[f64],
    stop: &dyn Fn() -> bool,
) -> Result<Vec<LearntPrior>, Error> {
    check_counts(impressions, successes)?;
    if width > MOST_FEATURES {
        let range = "at most 256 (the number of features)";
        return Err(Error::OutOfRange { argument: "features", index: None, value: width as f64, range });
    }
    let (expected, actual) = (impressions.len() * width, features.len());
    if expected != actual {
        return Err(Error::LengthMismatch {
            reference: "impressions × width", expected, argument: "features", actual
        });
    }
    if let Some(index) = features.iter().position(|value| !value.is_finite()) {
        return Err(Error::OutOfRange {
            argument: "features",
            index: Some(index),
            value: features[index],
            range: "finite",
        });
    }
    let pooled = learn_prior(impressions, successes, stop)?;
    let observed: Vec<usize> = (0..impressions.len()).filter(|&arm| impressions[arm] > 0.0).collect();
    let (total, sum) = (impressions.iter().sum::<f64>(), successes.iter().sum::<f64>());
    if width == 0 || observed.len() < 2 || sum == 0.0 || sum >= total {
        return Ok(vec![pooled; impressions.len()]);
    }
    let row = |arm: usize| &features[arm * width..(arm + 1) * width];
    let arms: Vec<Observed<'_>> = observed
        .iter()
        .map(|&arm| Observed { features: row(arm), impressions: impressions[arm], successes: successes[arm] })
        .collect();
    let mut best: Option<Fitted> = None;
    for variance in VARIANCES {
        let fitted = fit(&arms, width, variance, pooled, stop)?;
        if best.as_ref().is_none_or(|best| fitted.score > best.score) {
            best = Some(fitted);
        }
    }
    let Some(Fitted { model, strength, .. }) = best else { return Ok(vec![pooled; impressions.len()]) };
    let prior = |arm: usize| {
        let mean = model.rate(row(arm));
        let spread = 1.0 / (strength + 1.0) + mean * (1.0 - mean) * model.variance(row(arm));
        LearntPrior { mean, strength: (1.0 / spread - 1.0).max(WEAKEST) }
    };
    Ok((0..impressions.len()).map(prior).collect())
}

/// An arm with impressions.
struct Observed<'a> {
    features: &'a [f64],
    impressions: f64,
    successes: f64,
}

/// A regression, the strength of rates around it, and the log-likelihood of each arm's counts, given the other arms.
struct Fitted {
    model: Model,
    strength: f64,
    score: f64,
}

fn fit(
    arms: &[Observed<'_>],
    width: usize,
    variance: f64,
    pooled: LearntPrior,
    stop: &dyn Fn() -> bool,
) -> Result<Fitted, Error> {
    let mut model = Model::new(width, (pooled.mean / (1.0 - pooled.mean)).ln(), variance);
    let (mut strength, mut score) = (pooled.strength, f64::NEG_INFINITY);
    for _ in 0..ROUNDS {
        let worth = |n: f64| n * (strength + 1.0) / (n + strength);
        let rows: Vec<(&[f64], f64, f64)> =
            arms.iter().map(|arm| (arm.features, worth(arm.impressions), arm.successes / arm.impressions)).collect();
        for _ in 0..NEWTON_STEPS {
            if stop() {
                return Err(Error::Interrupted);
            }
            if model.improve(&rows) < 1e-6 {
                break;
            }
        }
        let means = rows.iter().map(|&(features, weight, rate)| model.rate_without(features, weight, rate));
        let predicted: Vec<(f64, f64, f64)> =
            means.zip(arms).map(|(mean, arm)| (mean, arm.impressions, arm.successes)).collect();
        strength = likely_strength(arms.len(), &|s| log_likelihood(&predicted, s), stop)?;
        score = log_likelihood(&predicted, strength);
    }
    Ok(Fitted { model, strength, score })
}

/// The beta-binomial log-likelihood of arms (mean, impressions, successes), up to a constant.
fn log_likelihood(arms: &[(f64, f64, f64)], strength: f64) -> f64 {
    let rise = |x: f64, count: f64| if count > 0.0 { ln_gamma(x + count) - ln_gamma(x) } else { 0.0 };
    arms.iter()
        .map(|&(mean, n, s)| {
            rise(mean * strength, s) + rise((1.0 - mean) * strength, (n - s).max(0.0)) - rise(strength, n)
        })
        .sum()
}

/// A Bayesian logistic regression: coefficients, of which the first is the intercept, and the factor L of their precision LLᵀ.
struct Model {
    centre: f64,
    /// The variance of the coefficients before any data.
    prior_variance: f64,
    coefficients: Vec<f64>,
    factor: Vec<f64>,
}

impl Model {
    fn new(width: usize, centre: f64, prior_variance: f64) -> Self {
        let size = width + 1;
        let mut coefficients = vec![0.0; size];
        coefficients[0] = centre;
        Self { centre, prior_variance, coefficients, factor: vec![0.0; size * size] }
    }

    fn log_odds(&self, features: &[f64]) -> f64 {
        self.coefficients[0] + features.iter().zip(&self.coefficients[1..]).map(|(x, b)| x * b).sum::<f64>()
    }

    fn rate(&self, features: &[f64]) -> f64 {
        logistic(self.log_odds(features))
    }

    /// The rate that the other arms predict for an arm of this weight and observed rate.
    fn rate_without(&self, features: &[f64], weight: f64, observed: f64) -> f64 {
        let p = self.rate(features);
        let variance = p * (1.0 - p);
        let leverage = (weight * variance * self.variance(features)).min(0.999);
        logistic(self.log_odds(features) - leverage / (1.0 - leverage) * (observed - p) / variance)
    }

    /// The variance of the log-odds.
    fn variance(&self, features: &[f64]) -> f64 {
        let size = self.coefficients.len();
        let mut solved: Vec<f64> = std::iter::once(1.0).chain(features.iter().copied()).collect();
        forward(&self.factor, size, &mut solved);
        solved.iter().map(|x| x * x).sum()
    }

    /// Makes a Newton step for rows of (features, weight, rate), and returns the largest change of a coefficient.
    fn improve(&mut self, rows: &[(&[f64], f64, f64)]) -> f64 {
        let size = self.coefficients.len();
        let (mut precision, mut gradient) = (vec![0.0; size * size], vec![0.0; size]);
        for i in 0..size {
            let (variance, centre) =
                if i == 0 { (VARIANCE_OF_INTERCEPT, self.centre) } else { (self.prior_variance, 0.0) };
            precision[i * size + i] = 1.0 / variance;
            gradient[i] = (centre - self.coefficients[i]) / variance;
        }
        let mut x = vec![1.0; size];
        for &(features, weight, rate) in rows {
            x[1..].copy_from_slice(features);
            let p = self.rate(features);
            let (residual, curvature) = (weight * (rate - p), weight * p * (1.0 - p));
            for i in 0..size {
                if x[i] == 0.0 {
                    continue;
                }
                gradient[i] += residual * x[i];
                for j in 0..=i {
                    precision[i * size + j] += curvature * x[i] * x[j];
                }
            }
        }
        factorise(&mut precision, size);
        self.factor = precision;
        forward(&self.factor, size, &mut gradient);
        backward(&self.factor, size, &mut gradient);
        // Steps are limited, so that the first ones cannot overshoot.
        let largest = gradient.iter().fold(0.0, |largest: f64, step| largest.max(step.abs()));
        let kept = if largest > 2.0 { 2.0 / largest } else { 1.0 };
        for (coefficient, step) in self.coefficients.iter_mut().zip(&gradient) {
            *coefficient += kept * step;
        }
        largest
    }
}

/// Rates remain within (0, 1) in double precision.
fn logistic(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds.clamp(-30.0, 30.0)).exp())
}

/// Replaces the lower triangle of a positive definite matrix by its Cholesky factor.
fn factorise(matrix: &mut [f64], size: usize) {
    for i in 0..size {
        for j in 0..=i {
            let done: f64 = (0..j).map(|k| matrix[i * size + k] * matrix[j * size + k]).sum();
            let rest = matrix[i * size + j] - done;
            matrix[i * size + j] = if i == j { rest.max(1e-12).sqrt() } else { rest / matrix[j * size + j] };
        }
    }
}

/// Solves Lx = b in place.
fn forward(factor: &[f64], size: usize, vector: &mut [f64]) {
    for i in 0..size {
        let done: f64 = (0..i).map(|k| factor[i * size + k] * vector[k]).sum();
        vector[i] = (vector[i] - done) / factor[i * size + i];
    }
}

/// Solves Lᵀx = b in place.
fn backward(factor: &[f64], size: usize, vector: &mut [f64]) {
    for i in (0..size).rev() {
        let done: f64 = (i + 1..size).map(|k| factor[k * size + i] * vector[k]).sum();
        vector[i] = (vector[i] - done) / factor[i * size + i];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arm_without_impressions_starts_where_its_like_are() {
        // Arms with the feature have a rate of 0.2, the others 0.02.
        let features: Vec<f64> = (0..40).map(|arm| f64::from(arm % 2)).collect();
        let impressions: Vec<f64> = (0..40).map(|arm| if arm < 2 { 0.0 } else { 500.0 }).collect();
        let successes: Vec<f64> = (0..40).map(|arm| impressions[arm] * if arm % 2 == 1 { 0.2 } else { 0.02 }).collect();
        let priors = learn_prior_by_features(&features, 1, &impressions, &successes, &|| false).unwrap();
        assert!((priors[0].mean - 0.02).abs() < 0.002, "{:?}", priors[0]);
        assert!((priors[1].mean - 0.2).abs() < 0.005, "{:?}", priors[1]);
        assert!(priors[1].strength > 100.0, "{:?}", priors[1]);
    }

    #[test]
    fn without_features_or_data_it_is_the_pooled_prior() {
        let (n, s) = ([100.0, 200.0], [10.0, 30.0]);
        let pooled = learn_prior(&n, &s, &|| false).unwrap();
        assert_eq!(learn_prior_by_features(&[], 0, &n, &s, &|| false).unwrap(), [pooled; 2]);
        let nothing = learn_prior_by_features(&[1.0, 2.0], 1, &[0.0; 2], &[0.0; 2], &|| false).unwrap();
        assert_eq!(nothing, [LearntPrior::UNIFORM; 2]);
    }

    #[test]
    fn refusals() {
        let message = |features: &[f64], width| {
            learn_prior_by_features(features, width, &[1.0], &[0.0], &|| false).unwrap_err().to_string()
        };
        assert!(message(&[f64::NAN], 1).starts_with("features[0] is NaN: it must be finite"));
        assert!(message(&[1.0], 2).starts_with("features has length 1"));
        assert!(message(&[1.0; 300], 300).starts_with("features is 300: it must be at most 256"));
    }
}
