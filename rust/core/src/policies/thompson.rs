//! Thompson sampling.
use rand::Rng;

use super::{Candidates, Places, Policy};
use crate::error::Error;

/// The arms with the largest draws from their posteriors. W. R. Thompson (1933). On the likelihood that one unknown
/// probability exceeds another in view of the evidence of two samples. Biometrika 25, 285–294.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thompson;

impl Policy for Thompson {
    fn choose<C: Candidates, R: Rng + ?Sized>(
        &self,
        candidates: &mut C,
        k: usize,
        rng: &mut R,
    ) -> Result<C::Chosen, Error> {
        candidates.thompson(Places { experienced: k, new: 0, min_impressions: 0 }, rng)
    }
}
