//! Thompson sampling with everything that a pool may learn.
use rand::Rng;

use super::{Candidates, Policy, Thompson};
use crate::error::Error;

/// [`Thompson`] among candidates that may sharpen draws, learn priors and delays, and discount. In a simulation these are the
/// options of [`crate::Learning`], which other policies ignore.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ThompsonLearning;

impl Policy for ThompsonLearning {
    fn choose<C: Candidates, R: Rng + ?Sized>(
        &self,
        candidates: &mut C,
        k: usize,
        rng: &mut R,
    ) -> Result<C::Chosen, Error> {
        Thompson.choose(candidates, k, rng)
    }
}
