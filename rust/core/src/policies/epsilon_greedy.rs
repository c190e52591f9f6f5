//! The best arm so far and, with a small probability, a random arm.
use rand::{Rng, RngExt};

use super::{check_share, Candidates, Known, Policy};
use crate::error::Error;

/// With probability ε a random arm, else the arm with the highest success rate so far (0 before its first pull). Ties are
/// broken at random.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EpsilonGreedy {
    /// In [0, 1].
    pub epsilon: f64,
}

impl Policy for EpsilonGreedy {
    fn check(&self) -> Result<(), Error> {
        check_share("epsilon", self.epsilon)
    }

    fn choose<C: Candidates, R: Rng + ?Sized>(
        &self,
        candidates: &mut C,
        k: usize,
        rng: &mut R,
    ) -> Result<C::Chosen, Error> {
        if rng.random::<f64>() < self.epsilon {
            candidates.any(k, rng)
        } else {
            candidates.largest(k, rng, |arm: &Known| arm.observed().unwrap_or(0.0))
        }
    }
}
