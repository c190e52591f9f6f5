//! The arms of a simulation. They are few, and each step chooses one.
use rand::{Rng, RngExt};

use crate::error::Error;
use crate::policies::{Candidates, Known, Places};
use crate::threshold_top_k::ThresholdTopK;

/// The observations of the arms so far.
#[derive(Debug, Clone)]
pub(crate) struct SimulatedArms {
    prior: (f64, f64),
    /// Posterior parameters.
    alpha: Vec<f64>,
    beta: Vec<f64>,
    pub pulls: Vec<u64>,
    steps: u64,
    kept: ThresholdTopK,
}

impl SimulatedArms {
    pub fn new(arms: usize, prior: (f64, f64)) -> Self {
        let (alpha, beta) = (vec![prior.0; arms], vec![prior.1; arms]);
        Self { prior, alpha, beta, pulls: vec![0; arms], steps: 0, kept: ThresholdTopK::new(1, 1) }
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

    fn largest_draw<R: Rng + ?Sized>(&mut self, takes_part: impl Fn(u64) -> bool, rng: &mut R) -> usize {
        let arms = 0..self.pulls.len();
        // Draw the most promising arm first: then most other arms need no draw.
        let likeliest = arms.clone().filter(|&arm| takes_part(self.pulls[arm]));
        let likeliest = likeliest.max_by(|&i, &j| self.mean(i).total_cmp(&self.mean(j))).unwrap_or(0);
        self.kept.clear();
        self.kept.draw(likeliest as u32, self.alpha[likeliest], self.beta[likeliest], rng);
        for arm in arms {
            if arm != likeliest && takes_part(self.pulls[arm]) {
                self.kept.contend(arm as u32, self.alpha[arm], self.beta[arm], rng);
            }
        }
        self.kept.best.kept().first().map_or(0, |best| best.slot as usize)
    }

    fn mean(&self, arm: usize) -> f64 {
        self.alpha[arm] / (self.alpha[arm] + self.beta[arm])
    }

    fn known(&self, arm: usize) -> Known {
        Known { alpha: self.alpha[arm], beta: self.beta[arm], prior_alpha: self.prior.0, pulls: self.pulls[arm] }
    }
}

/// Each step chooses one arm; k is ignored.
impl Candidates for SimulatedArms {
    type Chosen = usize;

    fn thompson<R: Rng + ?Sized>(&mut self, places: Places, rng: &mut R) -> Result<usize, Error> {
        let explores = places.new > 0;
        let is_new = |pulls: u64| i64::try_from(pulls).unwrap_or(i64::MAX) < places.min_impressions;
        Ok(if self.pulls.iter().any(|&pulls| is_new(pulls) == explores) {
            self.largest_draw(|pulls| is_new(pulls) == explores, rng)
        } else {
            self.largest_draw(|_| true, rng)
        })
    }

    fn largest<R: Rng + ?Sized>(
        &mut self,
        _k: usize,
        rng: &mut R,
        index: impl Fn(&Known) -> f64,
    ) -> Result<usize, Error> {
        let (mut best, mut highest, mut equal) = (0, f64::NEG_INFINITY, 0);
        for arm in 0..self.pulls.len() {
            let value = index(&self.known(arm));
            if value > highest {
                (best, highest, equal) = (arm, value, 1);
            } else if value == highest {
                equal += 1;
                if rng.random_range(0..equal) == 0 {
                    best = arm;
                }
            }
        }
        Ok(best)
    }

    fn any<R: Rng + ?Sized>(&mut self, _k: usize, rng: &mut R) -> Result<usize, Error> {
        Ok(rng.random_range(0..self.pulls.len()))
    }

    fn steps(&self) -> u64 {
        self.steps
    }
}
