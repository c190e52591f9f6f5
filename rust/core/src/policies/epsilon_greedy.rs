//! The best arm so far, and now and then any.
use rand::{Rng, RngExt};

use super::{check_share, Candidates, Known, Policy};
use crate::error::Error;

/// With probability ε any arm, else the largest share of successes so far (0 before the first pull); of equal ones, any.
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
