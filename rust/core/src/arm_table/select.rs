//! Selection from a table: eligibility, and the split between new and experienced arms.
use rand::{Rng, RngExt};

use super::heats::Heats;
use super::ArmTable;
use crate::error::Error;
use crate::top_k::rank;

/// What to select.
#[derive(Debug, Clone, Copy, Default)]
pub struct Selection<'a> {
    /// How many arms, at least 1.
    pub k: usize,
    /// Keep places for arms that were shown seldom.
    pub split: Option<Split>,
    /// Only arms with every one of these (dimension, value) pairs.
    pub wanted: &'a [(&'a str, &'a str)],
    /// No arm with one of these ids. Ids the table doesn't know are ignored.
    pub excluded: &'a [&'a str],
}

/// Of k places an expected k × `exploration_ratio` go to arms with fewer than `min_impressions` impressions: the
/// whole part surely, the fraction by one random draw. Places that one group can't fill go to the other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Split {
    /// From how many impressions on an arm counts as experienced.
    pub min_impressions: i64,
    /// In [0, 1].
    pub exploration_ratio: f64,
}

impl Selection<'_> {
    /// Checks `k` and the split.
    pub fn check(&self) -> Result<(), Error> {
        if self.k == 0 {
            return Err(Error::BadK { k: 0, arms: None });
        }
        self.split.map_or(Ok(()), |split| split.check())
    }
}

impl Split {
    /// Checks that the count isn't negative and the ratio within [0, 1].
    pub fn check(&self) -> Result<(), Error> {
        if !(0.0..=1.0).contains(&self.exploration_ratio) {
            return Err(Error::NotAShare { argument: "exploration_ratio", value: self.exploration_ratio });
        }
        if self.min_impressions < 0 {
            return Err(Error::Negative { argument: "min_impressions", index: None, value: self.min_impressions });
        }
        Ok(())
    }

    /// How many of k places are for new arms.
    fn places<R: Rng + ?Sized>(&self, k: usize, rng: &mut R) -> usize {
        let expected = k as f64 * self.exploration_ratio;
        // Drawn whether or not the fraction is 0, so that the stream doesn't hang on the ratio.
        let extra: f64 = rng.random();
        (expected.floor() as usize + usize::from(extra < expected.fract())).min(k)
    }
}

impl ArmTable {
    /// Draws θ for each eligible arm and pushes (slot, draw) of the chosen ones to `chosen`, by descending draw.
    ///
    /// Fewer eligible arms than k: all of them.
    pub fn select<R: Rng + ?Sized>(
        &self,
        selection: &Selection<'_>,
        rng: &mut R,
        chosen: &mut Vec<(usize, f64)>,
    ) -> Result<(), Error> {
        selection.check()?;
        let k = selection.k.min(self.len());
        if k == 0 {
            return Ok(());
        }
        let new = selection.split.map_or(0, |split| split.places(k, rng));
        let [mut experienced, mut new] = Heats::new(self, selection).run([k - new, new], rng);
        if new.best.len() == 0 {
            chosen.reserve(experienced.best.len());
            experienced.best.ranked(|one| chosen.push((one.slot as usize, one.score)));
            return Ok(());
        }
        let mut best = Vec::with_capacity(experienced.best.len() + new.best.len());
        experienced.best.ranked(|one| best.push(*one));
        new.best.ranked(|one| best.push(*one));
        best.sort_by(rank);
        chosen.extend(best.iter().map(|one| (one.slot as usize, one.score)));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::generator;

    #[test]
    fn the_fraction_of_a_place_is_drawn() {
        let mut rng = generator(Some(1));
        let split = Split { min_impressions: 100, exploration_ratio: 0.3 };
        let explored: usize = (0..10_000).map(|_| split.places(1, &mut rng)).sum();
        // Five standard errors of a binomial share.
        assert!((explored as f64 / 10_000.0 - 0.3).abs() < 5.0 * (0.3f64 * 0.7 / 10_000.0).sqrt());
    }
}
