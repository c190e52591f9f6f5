//! What is true in a simulation: the rates, when arms arrive, how rates move, and when successes come.
use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rand::{Rng, RngExt};
use rand_distr::{Exp1, StandardNormal};

use crate::error::Error;

/// The longest attribution window of a simulation, in steps.
pub const LONGEST_WINDOW: u64 = 1_000_000;

/// What happens besides the rates. By default all arms are there from the start, rates are constant, and outcomes come at once.
#[derive(Debug, Clone, Copy)]
pub struct World<'a> {
    /// The step at which each arm arrives, ascending from 0; empty if all are there from the start.
    pub arrivals: &'a [u64],
    /// A row of `width` features for each arm.
    pub features: &'a [f64],
    /// The number of features.
    pub width: usize,
    /// The mean of the exponential delay of successes, in steps; 0 if they come at once.
    pub delay: f64,
    /// The attribution window in steps: later successes do not count.
    pub window: u64,
    /// The standard deviation of each step of the random walk of every arm's log-odds.
    pub drift: f64,
    /// The standard deviation of rewards that are normal numbers. `rates` are then their means. 0: rewards are successes.
    pub noise: f64,
}

impl Default for World<'_> {
    fn default() -> Self {
        Self { arrivals: &[], features: &[], width: 0, delay: 0.0, window: 1, drift: 0.0, noise: 0.0 }
    }
}

impl World<'_> {
    /// Checks the world of this number of arms.
    pub fn check(&self, arms: usize) -> Result<(), Error> {
        for (argument, length, expected) in
            [("arrivals", self.arrivals.len(), arms), ("features", self.features.len(), arms * self.width)]
        {
            if length != 0 && length != expected {
                return Err(Error::LengthMismatch { reference: "rates", expected, argument, actual: length });
            }
        }
        if self.arrivals.first().is_some_and(|&first| first != 0) {
            let value = self.arrivals[0] as f64;
            return Err(Error::OutOfRange { argument: "arrivals", index: Some(0), value, range: "0" });
        }
        if let Some(i) = self.arrivals.windows(2).position(|pair| pair[1] < pair[0]) {
            let (value, range) = (self.arrivals[i + 1] as f64, "at least the one before");
            return Err(Error::OutOfRange { argument: "arrivals", index: Some(i + 1), value, range });
        }
        for (argument, value) in [("delay", self.delay), ("drift", self.drift), ("noise", self.noise)] {
            if !(0.0..1e9).contains(&value) {
                return Err(Error::OutOfRange { argument, index: None, value, range: "at least 0 and below 1e9" });
            }
        }
        if self.window == 0 || self.window > LONGEST_WINDOW {
            let (value, range) = (self.window as f64, "between 1 and 1,000,000");
            return Err(Error::OutOfRange { argument: "window", index: None, value, range });
        }
        if self.noise > 0.0 && (self.delay > 0.0 || self.drift > 0.0) {
            let (value, range) = (self.noise, "0 with a delay or a drift");
            return Err(Error::OutOfRange { argument: "noise", index: None, value, range });
        }
        Ok(())
    }
}

/// A success on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Success {
    pub due: u64,
    pub shown: u64,
    pub arm: usize,
}

/// The state of a world during a run.
#[derive(Debug)]
pub(super) struct Course<'a> {
    world: World<'a>,
    pub rates: Vec<f64>,
    log_odds: Vec<f64>,
    pub present: usize,
    /// The highest rate of the arms that are there.
    pub best: f64,
    coming: BinaryHeap<Reverse<Success>>,
}

impl<'a> Course<'a> {
    pub fn new(world: World<'a>, rates: &[f64]) -> Self {
        let log_odds = if world.drift > 0.0 { rates.iter().map(|p| (p / (1.0 - p)).ln()).collect() } else { vec![] };
        let present = if world.arrivals.is_empty() { rates.len() } else { 0 };
        let mut course = Self { world, rates: rates.to_vec(), log_odds, present, best: 0.0, coming: BinaryHeap::new() };
        course.find_best();
        course
    }

    /// Begins a step: lets arms arrive and rates move.
    pub fn begin<R: Rng + ?Sized>(&mut self, step: u64, rng: &mut R) {
        let before = self.present;
        while self.world.arrivals.get(self.present).is_some_and(|&arrival| arrival <= step) {
            self.present += 1;
        }
        if self.world.drift > 0.0 {
            for (rate, log_odds) in self.rates.iter_mut().zip(&mut self.log_odds) {
                let normal: f64 = rng.sample(StandardNormal);
                *log_odds += self.world.drift * normal;
                *rate = 1.0 / (1.0 + (-*log_odds).exp());
            }
        }
        if self.present > before || self.world.drift > 0.0 {
            self.find_best();
        }
    }

    fn find_best(&mut self) {
        self.best = self.rates[..self.present].iter().fold(f64::NEG_INFINITY, |best, &rate| best.max(rate));
    }

    /// Shows an arm. Returns the reward that comes at once; a success that comes later is kept.
    pub fn show<R: Rng + ?Sized>(&mut self, arm: usize, step: u64, rng: &mut R) -> f64 {
        if self.world.noise > 0.0 {
            let normal: f64 = rng.sample(StandardNormal);
            return self.rates[arm] + self.world.noise * normal;
        }
        let success = rng.random::<f64>() < self.rates[arm];
        if self.world.delay == 0.0 {
            return f64::from(u8::from(success));
        }
        if success {
            let delay: f64 = rng.sample::<f64, _>(Exp1) * self.world.delay;
            if delay < self.world.window as f64 {
                self.coming.push(Reverse(Success { due: step + 1 + delay as u64, shown: step, arm }));
            }
        }
        0.0
    }

    /// The next success that is due.
    pub fn due(&mut self, step: u64) -> Option<Success> {
        let next = self.coming.peek().filter(|next| next.0.due <= step)?.0;
        self.coming.pop();
        Some(next)
    }
}
