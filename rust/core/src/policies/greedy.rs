//! The best arm so far.
use rand::Rng;

use super::{Candidates, Known, Policy};
use crate::error::Error;

/// The arm with the largest posterior mean. Ties are broken at random.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Greedy;

impl Policy for Greedy {
    fn choose<C: Candidates, R: Rng + ?Sized>(
        &self,
        candidates: &mut C,
        k: usize,
        rng: &mut R,
    ) -> Result<C::Chosen, Error> {
        candidates.largest(k, rng, Known::mean)
    }
}
