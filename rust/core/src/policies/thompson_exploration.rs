//! Thompson sampling that reserves places for arms with few impressions.
use rand::{Rng, RngExt};

use super::{check_share, Candidates, Places, Policy};
use crate::error::Error;

/// Reserves an expected k × `exploration_ratio` of k places for arms with fewer than `min_impressions` impressions. The
/// integer part is always reserved, and one random draw decides the fraction. Places that one group cannot fill go to the
/// other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ThompsonExploration {
    /// The number of impressions from which an arm counts as experienced; at least 0.
    pub min_impressions: i64,
    /// In [0, 1].
    pub exploration_ratio: f64,
}

impl ThompsonExploration {
    /// The number of places out of k that are reserved for new arms.
    fn places<R: Rng + ?Sized>(&self, k: usize, rng: &mut R) -> usize {
        let expected = k as f64 * self.exploration_ratio;
        // Drawn even if the fraction is 0, so that the random stream does not depend on the ratio.
        let extra: f64 = rng.random();
        (expected.floor() as usize + usize::from(extra < expected.fract())).min(k)
    }
}

impl Policy for ThompsonExploration {
    fn check(&self) -> Result<(), Error> {
        check_share("exploration_ratio", self.exploration_ratio)?;
        if self.min_impressions < 0 {
            return Err(Error::Negative { argument: "min_impressions", index: None, value: self.min_impressions });
        }
        Ok(())
    }

    fn choose<C: Candidates, R: Rng + ?Sized>(
        &self,
        candidates: &mut C,
        k: usize,
        rng: &mut R,
    ) -> Result<C::Chosen, Error> {
        let new = self.places(k, rng);
        let min_impressions = self.min_impressions;
        candidates.thompson(Places { experienced: k - new, new, min_impressions }, rng)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::generator;

    #[test]
    fn the_fraction_of_a_place_is_drawn() {
        let mut rng = generator(Some(1));
        let policy = ThompsonExploration { min_impressions: 100, exploration_ratio: 0.3 };
        let explored: usize = (0..10_000).map(|_| policy.places(1, &mut rng)).sum();
        // Five standard errors of a binomial share.
        assert!((explored as f64 / 10_000.0 - 0.3).abs() < 5.0 * (0.3f64 * 0.7 / 10_000.0).sqrt());
    }
}
