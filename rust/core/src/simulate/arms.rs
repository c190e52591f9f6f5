//! The arms of a simulation. They are few, and each step chooses one.
use rand::{Rng, RngExt};

use super::late::LateImpressions;
use super::learning::{Late, Learning, Priors};
use super::world::World;
use crate::error::Error;
use crate::normal::{NormalPrior, RewardSums};
use crate::policies::{Candidates, Known, Places};
use crate::prior::learn_prior;
use crate::prior_by_features::learn_prior_by_features;
use crate::sharpness::{sharpened, SHARPEST};
use crate::threshold_top_k::ThresholdTopK;

/// Priors are learnt again when the number of steps has grown by this factor.
const GROWTH: f64 = 1.1;

/// How often evidence is discounted in a half-life.
const DISCOUNTS_A_HALF_LIFE: f64 = 256.0;

/// The observations of the arms so far, and the posteriors that follow from them.
#[derive(Debug)]
pub(super) struct SimulatedArms<'a> {
    world: World<'a>,
    learning: Learning,
    horizon: u64,
    priors: Vec<(f64, f64)>,
    /// Effective counts.
    successes: Vec<f64>,
    impressions: Vec<f64>,
    late: Option<LateImpressions>,
    /// With rewards that are numbers: the sums of each arm, and of all.
    rewards: Vec<RewardSums>,
    pooled: RewardSums,
    /// Posterior parameters.
    alpha: Vec<f64>,
    beta: Vec<f64>,
    pub pulls: Vec<u64>,
    steps: u64,
    /// The arms that have arrived are the first ones.
    present: usize,
    learn_at: u64,
    discount_every: u64,
    kept: ThresholdTopK,
}

impl<'a> SimulatedArms<'a> {
    pub fn new(arms: usize, prior: (f64, f64), world: World<'a>, learning: Learning, horizon: u64) -> Self {
        let waits = world.delay > 0.0 && learning.late != Late::Failure;
        let discounts = learning.half_life.is_finite();
        Self {
            world,
            learning,
            horizon,
            priors: vec![prior; arms],
            successes: vec![0.0; arms],
            impressions: vec![0.0; arms],
            late: waits.then(|| LateImpressions::new(learning.late, world.window, arms)),
            rewards: if world.noise > 0.0 { vec![RewardSums::default(); arms] } else { vec![] },
            pooled: RewardSums::default(),
            alpha: vec![prior.0; arms],
            beta: vec![prior.1; arms],
            pulls: vec![0; arms],
            steps: 0,
            present: arms,
            // Priors are those of success rates.
            learn_at: if learning.priors == Priors::Given || world.noise > 0.0 { u64::MAX } else { 1 },
            discount_every: if discounts {
                (learning.half_life / DISCOUNTS_A_HALF_LIFE).ceil() as u64
            } else {
                u64::MAX
            },
            kept: ThresholdTopK::new(1, 1),
        }
    }

    /// Begins a step: updates what depends on time, or on many arms.
    pub fn begin(&mut self, present: usize) {
        self.present = present;
        if self.steps > 0 && self.steps.is_multiple_of(self.discount_every) {
            let kept = (-(self.discount_every as f64) / self.learning.half_life).exp2();
            self.successes.iter_mut().chain(&mut self.impressions).for_each(|count| *count *= kept);
            if let Some(late) = &mut self.late {
                late.discount(kept);
            }
            self.update_all();
        }
        if let Some(late) = &mut self.late {
            if let Some(arm) = late.expired() {
                self.impressions[arm] += self.kept_after(self.world.window);
                self.update(arm);
            }
        }
        if let Some(late) = self.late.as_mut().filter(|late| late.is_due(self.steps)) {
            self.impressions = late.effective(self.steps);
            self.update_all();
        }
        if self.steps >= self.learn_at {
            self.learn_at = (self.steps as f64 * GROWTH) as u64 + 1;
            self.learn();
        }
    }

    /// Counts an impression and the reward that came with it: 0 or 1, or with noise any number.
    pub fn count(&mut self, arm: usize, success: f64) {
        if let Some(sums) = self.rewards.get_mut(arm) {
            sums.add(success);
            self.pooled.add(success);
        }
        self.impressions[arm] += self.late.as_mut().map_or(1.0, |late| late.show(arm, self.steps));
        self.successes[arm] += success;
        self.pulls[arm] += 1;
        self.steps += 1;
        self.update(arm);
    }

    /// Counts a success of an impression that was shown at an earlier step.
    pub fn succeed(&mut self, arm: usize, shown: u64) {
        let age = self.steps - shown;
        let kept = self.kept_after(age);
        self.impressions[arm] += kept * self.late.as_mut().map_or(0.0, |late| late.succeed(age, self.steps));
        self.successes[arm] += kept;
        self.update(arm);
    }

    /// The weight of evidence of this age, in steps.
    fn kept_after(&self, age: u64) -> f64 {
        (-(age as f64) / self.learning.half_life).exp2()
    }

    fn update(&mut self, arm: usize) {
        let failures = (self.impressions[arm] - self.successes[arm]).max(0.0);
        self.alpha[arm] = self.priors[arm].0 + self.successes[arm];
        self.beta[arm] = self.priors[arm].1 + failures;
    }

    fn update_all(&mut self) {
        (0..self.pulls.len()).for_each(|arm| self.update(arm));
    }

    /// Learns the priors from the counts.
    fn learn(&mut self) {
        let n: Vec<f64> = self.impressions.iter().zip(&self.successes).map(|(&n, &s)| n.max(s)).collect();
        let World { features, width, .. } = self.world;
        let learnt = match self.learning.priors {
            Priors::Given => return,
            Priors::Learnt => learn_prior(&n, &self.successes, &|| false).map(|prior| vec![prior; n.len()]),
            Priors::ByFeatures => learn_prior_by_features(features, width, &n, &self.successes, &|| false),
        };
        // Counts are always valid.
        if let Ok(learnt) = learnt {
            for (prior, learnt) in self.priors.iter_mut().zip(learnt) {
                *prior = (learnt.alpha().max(f64::MIN_POSITIVE), learnt.beta().max(f64::MIN_POSITIVE));
            }
            self.update_all();
        }
    }

    /// The sharpness of the next draw. With a known horizon the variance of draws shrinks by 1 − t/T.
    fn sharpness(&self) -> f64 {
        if !self.learning.known_horizon {
            return self.learning.sharpness;
        }
        let left = 1.0 - self.steps as f64 / self.horizon as f64;
        (self.learning.sharpness / left.max(1e-9)).min(SHARPEST)
    }

    /// The arm with the largest draw of its mean reward.
    fn largest_mean<R: Rng + ?Sized>(&self, rng: &mut R) -> usize {
        let (prior, sharpness) = (NormalPrior::of(&self.pooled), self.sharpness());
        let draws = self.rewards[..self.present].iter().map(|arm| prior.draw(arm, sharpness, rng));
        draws.enumerate().max_by(|(_, one), (_, other)| one.total_cmp(other)).map_or(0, |(arm, _)| arm)
    }

    fn largest_draw<R: Rng + ?Sized>(&mut self, takes_part: impl Fn(u64) -> bool, rng: &mut R) -> usize {
        let arms = 0..self.present;
        let sharpness = self.sharpness();
        // Draw the most promising arm first: then most other arms need no draw.
        let likeliest = arms.clone().filter(|&arm| takes_part(self.pulls[arm]));
        let likeliest = likeliest.max_by(|&i, &j| self.mean(i).total_cmp(&self.mean(j))).unwrap_or(0);
        self.kept.clear();
        let (alpha, beta) = sharpened(self.alpha[likeliest], self.beta[likeliest], sharpness);
        self.kept.draw(likeliest as u32, alpha, beta, rng);
        for arm in arms {
            if arm != likeliest && takes_part(self.pulls[arm]) {
                let (alpha, beta) = sharpened(self.alpha[arm], self.beta[arm], sharpness);
                self.kept.contend(arm as u32, alpha, beta, rng);
            }
        }
        self.kept.best.kept().first().map_or(0, |best| best.slot as usize)
    }

    fn mean(&self, arm: usize) -> f64 {
        self.alpha[arm] / (self.alpha[arm] + self.beta[arm])
    }

    fn known(&self, arm: usize) -> Known {
        Known { alpha: self.alpha[arm], beta: self.beta[arm], prior_alpha: self.priors[arm].0, pulls: self.pulls[arm] }
    }
}

/// Each step chooses one arm; k is ignored.
impl Candidates for SimulatedArms<'_> {
    type Chosen = usize;

    fn thompson<R: Rng + ?Sized>(&mut self, places: Places, rng: &mut R) -> Result<usize, Error> {
        if !self.rewards.is_empty() {
            return Ok(self.largest_mean(rng));
        }
        let explores = places.new > 0;
        let is_new = |pulls: u64| i64::try_from(pulls).unwrap_or(i64::MAX) < places.min_impressions;
        Ok(if self.pulls[..self.present].iter().any(|&pulls| is_new(pulls) == explores) {
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
        for arm in 0..self.present {
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
        Ok(rng.random_range(0..self.present))
    }

    fn steps(&self) -> u64 {
        self.steps
    }
}
