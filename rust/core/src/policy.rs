//! Policies that choose one arm a step from what was seen so far.
use rand::{Rng, RngExt};

use crate::error::Error;
use crate::race::Race;

/// How to choose.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Policy {
    /// The arm of the largest draw from the posteriors.
    Thompson,
    /// With the given probability Thompson sampling among the arms with fewer than so many impressions, else among the
    /// others; among all where there are none of them.
    ThompsonExploration {
        /// From how many impressions on an arm counts as experienced.
        min_impressions: u64,
        /// In [0, 1].
        exploration_ratio: f64,
    },
    /// With probability ε any arm, else that of the largest share of successes so far (0 before the first pull), of
    /// equal ones any.
    EpsilonGreedy {
        /// In [0, 1].
        epsilon: f64,
    },
    /// The largest mean + √(2 ln t / n), each arm once first. P. Auer, N. Cesa-Bianchi & P. Fischer (2002). Finite-time
    /// analysis of the multiarmed bandit problem. Machine Learning 47, 235–256.
    Ucb1,
    /// The largest q with n kl(mean, q) ≤ ln t, each arm once first. A. Garivier & O. Cappé (2011). The KL-UCB algorithm
    /// for bounded stochastic bandits and beyond. COLT.
    KlUcb,
    /// The largest posterior mean, of equal ones any.
    Greedy,
    /// Any arm.
    Random,
}

impl Policy {
    /// Checks that shares are within [0, 1].
    pub fn check(&self) -> Result<(), Error> {
        let (argument, value) = match *self {
            Policy::ThompsonExploration { exploration_ratio, .. } => ("exploration_ratio", exploration_ratio),
            Policy::EpsilonGreedy { epsilon } => ("epsilon", epsilon),
            _ => return Ok(()),
        };
        if (0.0..=1.0).contains(&value) {
            Ok(())
        } else {
            Err(Error::NotAShare { argument, value })
        }
    }
}

/// What was seen of the arms.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    prior: (f64, f64),
    /// Posterior parameters.
    alpha: Vec<f64>,
    beta: Vec<f64>,
    pub pulls: Vec<u64>,
    steps: u64,
    race: Race,
}

impl Seen {
    pub fn new(arms: usize, prior: (f64, f64)) -> Self {
        let (alpha, beta) = (vec![prior.0; arms], vec![prior.1; arms]);
        Self { prior, alpha, beta, pulls: vec![0; arms], steps: 0, race: Race::new(1, 1) }
    }

    pub fn count(&mut self, arm: usize, success: bool) {
        if success {
            self.alpha[arm] += 1.0;
        } else {
            self.beta[arm] += 1.0;
        }
        self.pulls[arm] += 1;
        self.steps += 1;
    }

    pub fn choose<R: Rng + ?Sized>(&mut self, policy: Policy, rng: &mut R) -> usize {
        match policy {
            Policy::Thompson => self.thompson(|_| true, rng),
            Policy::ThompsonExploration { min_impressions, exploration_ratio } => {
                let explores = rng.random::<f64>() < exploration_ratio;
                let is_new = |pulls: u64| pulls < min_impressions;
                if self.pulls.iter().any(|&pulls| is_new(pulls) == explores) {
                    self.thompson(|pulls| is_new(pulls) == explores, rng)
                } else {
                    self.thompson(|_| true, rng)
                }
            }
            Policy::EpsilonGreedy { epsilon } if rng.random::<f64>() < epsilon => self.any(rng),
            Policy::EpsilonGreedy { .. } => self.largest(rng, |seen, arm| seen.observed(arm).unwrap_or(0.0)),
            Policy::Greedy => self.largest(rng, |seen, arm| seen.mean(arm)),
            Policy::Random => self.any(rng),
            Policy::Ucb1 => {
                let ln_t = (self.steps.max(1) as f64).ln();
                self.optimistic(rng, |mean, pulls| mean + (2.0 * ln_t / pulls).sqrt())
            }
            Policy::KlUcb => {
                let ln_t = (self.steps.max(1) as f64).ln();
                self.optimistic(rng, |mean, pulls| kl_upper(mean, ln_t / pulls))
            }
        }
    }

    fn thompson<R: Rng + ?Sized>(&mut self, takes_part: impl Fn(u64) -> bool, rng: &mut R) -> usize {
        let arms = 0..self.pulls.len();
        // The likeliest first: its draw mostly settles the others without theirs.
        let likeliest = arms.clone().filter(|&arm| takes_part(self.pulls[arm]));
        let likeliest = likeliest.max_by(|&i, &j| self.mean(i).total_cmp(&self.mean(j))).unwrap_or(0);
        self.race.clear();
        self.race.draw(likeliest as u32, self.alpha[likeliest], self.beta[likeliest], rng);
        for arm in arms {
            if arm != likeliest && takes_part(self.pulls[arm]) {
                self.race.contend(arm as u32, self.alpha[arm], self.beta[arm], rng);
            }
        }
        self.race.best.kept().first().map_or(0, |best| best.slot as usize)
    }

    fn mean(&self, arm: usize) -> f64 {
        self.alpha[arm] / (self.alpha[arm] + self.beta[arm])
    }

    /// The share of successes, if there was any pull.
    fn observed(&self, arm: usize) -> Option<f64> {
        let pulls = self.pulls[arm] as f64;
        (pulls > 0.0).then(|| (self.alpha[arm] - self.prior.0) / pulls)
    }

    fn any<R: Rng + ?Sized>(&self, rng: &mut R) -> usize {
        rng.random_range(0..self.pulls.len())
    }

    /// The largest index of an observed mean and a number of pulls; an arm not pulled yet goes first.
    fn optimistic<R: Rng + ?Sized>(&self, rng: &mut R, index: impl Fn(f64, f64) -> f64) -> usize {
        self.largest(rng, |seen, arm| {
            seen.observed(arm).map_or(f64::INFINITY, |mean| index(mean, seen.pulls[arm] as f64))
        })
    }

    /// The arm of the largest value, of equal ones any.
    fn largest<R: Rng + ?Sized>(&self, rng: &mut R, value: impl Fn(&Self, usize) -> f64) -> usize {
        let (mut best, mut highest, mut equal) = (0, f64::NEG_INFINITY, 0);
        for arm in 0..self.pulls.len() {
            let value = value(self, arm);
            if value > highest {
                (best, highest, equal) = (arm, value, 1);
            } else if value == highest {
                equal += 1;
                if rng.random_range(0..equal) == 0 {
                    best = arm;
                }
            }
        }
        best
    }
}

/// The largest q ≥ p with kl(p, q) ≤ bound, by Newton's method from above, where it can't overshoot.
fn kl_upper(p: f64, bound: f64) -> f64 {
    if p <= 0.0 {
        return -(-bound).exp_m1();
    }
    let entropy = p * p.ln() + if p < 1.0 { (1.0 - p) * (-p).ln_1p() } else { return 1.0 };
    // By Pinsker's inequality it is no further than √(bound/2).
    let mut q = (p + (0.5 * bound).sqrt()).min(1.0 - 1e-12);
    for _ in 0..50 {
        let excess = entropy - p * q.ln() - (1.0 - p) * (-q).ln_1p() - bound;
        if excess < 1e-12 {
            break;
        }
        q = (q - excess * q * (1.0 - q) / (q - p)).max(p);
    }
    q
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kl_bound_has_that_divergence() {
        for (p, bound) in [(0.0, 0.3), (0.2, 0.01), (0.5, 0.5), (0.999, 1e-6)] {
            let q = kl_upper(p, bound);
            let part = |p: f64, q: f64| if p > 0.0 { p * (p / q).ln() } else { 0.0 };
            assert!((part(p, q) + part(1.0 - p, 1.0 - q) - bound).abs() < 1e-6, "{p} {bound}: {q}");
        }
        assert_eq!(kl_upper(1.0, 1.0), 1.0);
    }
}
