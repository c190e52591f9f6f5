//! Draws for arms whose rewards are numbers.
//!
//! Rewards of an arm are taken as normal with unknown mean and variance, and the prior of both is normal-inverse-gamma. Then
//! the posterior of the mean is a t distribution. The prior is learnt from all arms: it is centred at the pooled mean, and
//! counts like one reward with the variance of all rewards. A. Gelman et al. (2013). Bayesian Data Analysis, section 3.3.
use rand::{Rng, RngExt};
use rand_distr::StandardNormal;

use crate::beta::check_length;
use crate::error::Error;
use crate::gamma::gamma;
use crate::sharpness::check_sharpness;

/// The weight of the prior mean, in rewards, and the shape of the prior of the variance.
const PRIOR_COUNT: f64 = 1.0;
const PRIOR_SHAPE: f64 = 1.0;

/// The sums of an arm's rewards.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RewardSums {
    /// The number of rewards.
    pub count: f64,
    /// Their sum.
    pub sum: f64,
    /// The sum of their squares.
    pub squares: f64,
}

impl RewardSums {
    /// Adds a reward.
    pub fn add(&mut self, reward: f64) {
        self.add_sums(&RewardSums { count: 1.0, sum: reward, squares: reward * reward });
    }

    /// Adds the sums of another arm.
    pub fn add_sums(&mut self, other: &RewardSums) {
        self.count += other.count;
        self.sum += other.sum;
        self.squares += other.squares;
    }

    /// The mean; 0 without rewards.
    pub fn mean(&self) -> f64 {
        if self.count > 0.0 {
            self.sum / self.count
        } else {
            0.0
        }
    }

    /// The sum of squared differences from the mean.
    fn deviation(&self) -> f64 {
        (self.squares - self.sum * self.mean()).max(0.0)
    }
}

/// A normal-inverse-gamma prior that is learnt from all arms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NormalPrior {
    mean: f64,
    variance: f64,
}

impl NormalPrior {
    /// Learns it from the sums over all arms. With fewer than two rewards, the variance is 1.
    pub fn of(pooled: &RewardSums) -> Self {
        let variance = if pooled.count > 1.0 { pooled.deviation() / pooled.count } else { 1.0 };
        Self { mean: pooled.mean(), variance: variance.max(f64::MIN_POSITIVE) }
    }

    /// Draws an arm's mean from its posterior. The spread is divided by √`sharpness`.
    pub fn draw<R: Rng + ?Sized>(&self, arm: &RewardSums, sharpness: f64, rng: &mut R) -> f64 {
        let count = PRIOR_COUNT + arm.count;
        let mean = (PRIOR_COUNT * self.mean + arm.sum) / count;
        let between = PRIOR_COUNT * arm.count / count * (arm.mean() - self.mean).powi(2);
        let scale = PRIOR_SHAPE * self.variance + 0.5 * (arm.deviation() + between);
        let variance = scale / gamma(PRIOR_SHAPE + 0.5 * arm.count, rng);
        let normal: f64 = rng.sample(StandardNormal);
        mean + normal * (variance / (count * sharpness)).sqrt()
    }
}

/// Draws each arm's mean into `out`, which must be as long as the arms.
pub fn sample_means<R: Rng + ?Sized>(
    arms: &[RewardSums],
    sharpness: f64,
    out: &mut [f64],
    rng: &mut R,
) -> Result<(), Error> {
    check_sharpness(sharpness)?;
    check_length(("arms", arms.len()), ("out", out.len()))?;
    for (index, arm) in arms.iter().enumerate() {
        let least = if arm.count > 0.0 { arm.sum * arm.sum / arm.count } else { 0.0 };
        let refused = |argument, value, range| Err(Error::OutOfRange { argument, index: Some(index), value, range });
        if !(0.0..f64::INFINITY).contains(&arm.count) {
            return refused("counts", arm.count, "finite and not negative");
        }
        if !arm.sum.is_finite() || (arm.count == 0.0 && arm.sum != 0.0) {
            return refused("sums", arm.sum, "finite, and 0 without rewards");
        }
        if !(arm.squares >= least * (1.0 - 1e-9) && arm.squares < f64::INFINITY) {
            return refused("squares", arm.squares, "finite and at least sum² / count");
        }
    }
    let mut pooled = RewardSums::default();
    arms.iter().for_each(|arm| pooled.add_sums(arm));
    let prior = NormalPrior::of(&pooled);
    for (draw, arm) in out.iter_mut().zip(arms) {
        *draw = prior.draw(arm, sharpness, rng);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::generator;

    #[test]
    fn draws_have_the_moments_of_the_t_distribution() {
        let mut arm = RewardSums::default();
        [4.0, 6.0, 8.0, 5.0, 7.0, 6.5, 5.5, 6.0].into_iter().for_each(|reward| arm.add(reward));
        let prior = NormalPrior::of(&arm);
        let mut rng = generator(Some(3));
        for sharpness in [1.0, 4.0] {
            let draws: Vec<f64> = (0..200_000).map(|_| prior.draw(&arm, sharpness, &mut rng)).collect();
            let mean = draws.iter().sum::<f64>() / 2e5;
            let variance = draws.iter().map(|draw| (draw - mean).powi(2)).sum::<f64>() / 2e5;
            // Shape 5, scale variance + deviation / 2, so the variance is scale / ((shape − 1) × 9).
            let expected = (prior.variance + 0.5 * arm.deviation()) / (4.0 * 9.0 * sharpness);
            assert!((mean - 6.0).abs() < 5.0 * (expected / 2e5).sqrt(), "{mean}");
            assert!((variance / expected - 1.0).abs() < 0.05, "{variance} and {expected}");
        }
    }

    #[test]
    fn refusals() {
        let message =
            |arm: RewardSums| sample_means(&[arm], 1.0, &mut [0.0], &mut generator(Some(1))).unwrap_err().to_string();
        assert!(message(RewardSums { count: -1.0, sum: 0.0, squares: 0.0 }).starts_with("counts[0] is -1"));
        assert!(message(RewardSums { count: 0.0, sum: 1.0, squares: 1.0 }).starts_with("sums[0] is 1"));
        assert!(message(RewardSums { count: 2.0, sum: 4.0, squares: 7.0 }).starts_with("squares[0] is 7"));
    }
}
