//! The k largest draws: arms are considered one after the other, and those that cannot be among the k largest are skipped.
//!
//! Once k arms are drawn, the smallest of their draws is a threshold t that every later arm has to exceed. Whether it
//! does is decided exactly, mostly without drawing it: one random number is compared with a bound exp(−x) ≥ P(θ > t).
//! Only if it is smaller is the rest of the decision made ([`crate::tail`]). The order of the arms may depend on their
//! parameters, but not on their draws. Then the result has the same distribution as drawing all arms and sorting them.
use rand::{Rng, RngExt};
use rand_distr::Exp1;

use crate::beta::draw;
use crate::bound::exponent;
use crate::tail::draw_above;
use crate::top_k::{Scored, TopK};

/// A threshold below the first value is not used. A threshold above the second value is replaced by it.
const LOWEST: f64 = 1e-250;
pub(crate) const HIGHEST: f64 = 1.0 - 1e-9;

/// With a lower exponent, a full draw takes less time than a comparison and the steps that may follow.
const DRAWN_BELOW: f64 = 2.0;

#[derive(Debug, Clone)]
pub(crate) struct ThresholdTopK {
    pub best: TopK,
    /// The value that a draw must exceed; `None` while there are free places. It never decreases.
    pub threshold: Option<f64>,
}

impl ThresholdTopK {
    pub fn new(k: usize, at_most: usize) -> Self {
        Self { best: TopK::new(k, at_most), threshold: None }
    }

    /// Removes all arms, to start again.
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

    /// As [`ThresholdTopK::contend`], for an arm that was proposed with probability exp(−`level`), and whose probability to
    /// exceed the threshold is known to be at most that.
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

/// Proposes each arm with probability exp(−level), by drawing the gaps between proposed arms, which are geometric.
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

    /// The number of arms before the next proposed one.
    pub fn left(&self) -> u64 {
        self.left
    }

    /// Skips `count` arms, at most [`Gaps::left`].
    pub fn pass(&mut self, count: usize) {
        self.left -= count as u64;
    }

    /// The number of arms before the next proposed one, if it is among the next `count` arms; else `None`, and they are
    /// skipped.
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

    /// Draws the number of arms before the next proposed one.
    #[inline]
    pub fn gap<R: Rng + ?Sized>(&self, rng: &mut R) -> u64 {
        let chance: f64 = rng.sample(Exp1);
        (chance / self.rate) as u64
    }
}
