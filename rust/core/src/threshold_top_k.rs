//! The k largest draws: arms are considered one after the other, and those that cannot be among the k largest are skipped.
//!
//! Once k arms are drawn, the worst of the kept draws is a threshold t that every later arm has to exceed. Whether it
//! does is decided exactly without drawing it: a bound exp(−x) ≥ P(θ > t) is compared with one random number, and
//! only what is left of that chance is resolved ([`crate::tail`]). The order in which arms race may depend on their
//! parameters, never on their draws; then the answer has the law of drawing all and sorting.
use rand::{Rng, RngExt};
use rand_distr::Exp1;

use crate::beta::draw;
use crate::bound::exponent;
use crate::tail::draw_above;
use crate::top_k::{Scored, TopK};

/// Below the first there is no threshold, above the second it stays there.
const LOWEST: f64 = 1e-250;
pub(crate) const HIGHEST: f64 = 1.0 - 1e-9;

/// With a lower exponent a whole draw costs less than a comparison and what may follow.
const DRAWN_BELOW: f64 = 2.0;

#[derive(Debug, Clone)]
pub(crate) struct ThresholdTopK {
    pub best: TopK,
    /// The value that a draw must exceed; `None` while there are free places. It never falls.
    pub threshold: Option<f64>,
}

impl ThresholdTopK {
    pub fn new(k: usize, at_most: usize) -> Self {
        Self { best: TopK::new(k, at_most), threshold: None }
    }

    /// Makes room for the next race.
    pub fn clear(&mut self) {
        self.best.clear();
        self.threshold = None;
    }

    /// Draws the arm and keeps it if it is among the best.
    #[inline]
    pub fn draw<R: Rng + ?Sized>(&mut self, slot: u32, alpha: f64, beta: f64, rng: &mut R) {
        let drawn = draw(alpha, beta, rng);
        self.place(Scored { score: drawn.theta, fine: drawn.fine, slot });
    }

    /// Decides whether the arm exceeds the threshold, and if so draws and keeps it.
    #[inline]
    pub fn contend<R: Rng + ?Sized>(&mut self, slot: u32, alpha: f64, beta: f64, rng: &mut R) {
        let Some(t) = self.threshold else { return self.draw(slot, alpha, beta, rng) };
        let (x, excess) = exponent(alpha, beta, t);
        if x < DRAWN_BELOW {
            return self.draw(slot, alpha, beta, rng);
        }
        let chance: f64 = rng.sample(Exp1);
        if chance >= x {
            self.resolve(slot, (alpha, beta), t, excess, x, rng);
        }
    }

    /// As [`ThresholdTopK::contend`], for an arm that was proposed with probability exp(−`level`) and known to exceed the
    /// threshold with no more.
    #[inline]
    pub fn propose<R: Rng + ?Sized>(&mut self, level: f64, slot: u32, alpha: f64, beta: f64, rng: &mut R) {
        let Some(t) = self.threshold else { return };
        let (x, excess) = exponent(alpha, beta, t);
        let x = x.max(level);
        let chance: f64 = rng.sample(Exp1);
        if chance >= x - level {
            self.resolve(slot, (alpha, beta), t, excess, x, rng);
        }
    }

    #[cold]
    fn resolve<R: Rng + ?Sized>(&mut self, slot: u32, arm: (f64, f64), t: f64, excess: f64, x: f64, rng: &mut R) {
        if let Some(drawn) = draw_above(arm, t, excess, x, rng) {
            self.place(Scored { score: drawn.theta, fine: drawn.fine, slot });
        }
    }

    #[inline]
    fn place(&mut self, scored: Scored) {
        if self.best.push(scored) {
            self.threshold = self.best.worst().map(|worst| worst.score.min(HIGHEST)).filter(|&t| t > LOWEST);
        }
    }
}

/// Counts off arms of which each is proposed with probability exp(−level), by geometric gaps.
pub(crate) struct Gaps {
    pub level: f64,
    rate: f64,
    left: u64,
}

impl Gaps {
    pub fn new<R: Rng + ?Sized>(level: f64, rng: &mut R) -> Self {
        let mut gaps = Self { level, rate: -(-(-level).exp()).ln_1p(), left: 0 };
        gaps.left = gaps.gap(rng);
        gaps
    }

    /// How many arms pass before the next proposed one.
    pub fn left(&self) -> u64 {
        self.left
    }

    /// Counts off `count` arms, at most as many as are [`Gaps::left`].
    pub fn pass(&mut self, count: usize) {
        self.left -= count as u64;
    }

    /// How many of the next `count` arms pass before the next proposed one; `None` if all do, and they are counted.
    #[inline]
    pub fn next<R: Rng + ?Sized>(&mut self, count: usize, rng: &mut R) -> Option<usize> {
        if self.left >= count as u64 {
            self.left -= count as u64;
            return None;
        }
        let passed = self.left as usize;
        self.left = self.gap(rng);
        Some(passed)
    }

    /// Draws how many arms pass before the next proposed one.
    #[inline]
    pub fn gap<R: Rng + ?Sized>(&self, rng: &mut R) -> u64 {
        let chance: f64 = rng.sample(Exp1);
        (chance / self.rate) as u64
    }
}
