//! Upper confidence bounds.
use rand::Rng;

use super::{Candidates, Known, Policy};
use crate::error::Error;

/// The arm with the largest mean + √(2 ln t / n). Each arm is chosen once first. P. Auer, N. Cesa-Bianchi & P. Fischer
/// (2002). Finite-time analysis of the multiarmed bandit problem. Machine Learning 47, 235–256.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ucb1;

impl Policy for Ucb1 {
    fn choose<C: Candidates, R: Rng + ?Sized>(
        &self,
        candidates: &mut C,
        k: usize,
        rng: &mut R,
    ) -> Result<C::Chosen, Error> {
        let ln_t = (candidates.steps().max(1) as f64).ln();
        candidates.largest(k, rng, |arm: &Known| {
            arm.observed().map_or(f64::INFINITY, |mean| mean + (2.0 * ln_t / arm.pulls as f64).sqrt())
        })
    }
}
