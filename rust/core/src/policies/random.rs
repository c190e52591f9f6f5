//! A random arm.
use rand::Rng;

use super::{Candidates, Policy};
use crate::error::Error;

/// Every arm with the same probability.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Random;

impl Policy for Random {
    fn choose<C: Candidates, R: Rng + ?Sized>(
        &self,
        candidates: &mut C,
        k: usize,
        rng: &mut R,
    ) -> Result<C::Chosen, Error> {
        candidates.any(k, rng)
    }
}
