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
}

/// How many of k places go to (new, experienced) arms, of which there are `new` and `experienced`, or more than k.
fn places<R: Rng + ?Sized>(k: usize, ratio: f64, new: usize, experienced: usize, rng: &mut R) -> (usize, usize) {
    let expected = k as f64 * ratio;
    // Drawn whether or not the fraction is 0, so that the stream doesn't hang on the ratio.
    let extra: f64 = rng.random();
    let exploring = (expected.floor() as usize + usize::from(extra < expected.fract())).min(k);
    let exploited = (k - exploring).min(experienced);
    let explored = (k - exploited).min(new);
    (explored, (k - explored).min(experienced))
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
        let mut heats = Heats::new(self, selection, k);
        heats.run(rng);
        let [experienced, new] = &mut heats.races;
        let mut best = experienced.best.ranked().to_vec();
        if let Some(split) = selection.split {
            let new = new.best.ranked();
            let (explored, exploited) = places(k, split.exploration_ratio, new.len(), best.len(), rng);
            best.truncate(exploited);
            best.extend(&new[..explored]);
            best.sort_unstable_by(rank);
        }
        chosen.extend(best.iter().map(|scored| (scored.slot as usize, scored.score)));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::generator;

    #[test]
    fn places_that_one_group_cannot_fill_go_to_the_other() {
        let mut rng = generator(Some(1));
        assert_eq!(places(10, 0.5, 100, 100, &mut rng), (5, 5));
        assert_eq!(places(10, 0.5, 2, 100, &mut rng), (2, 8));
        assert_eq!(places(10, 0.5, 100, 2, &mut rng), (8, 2));
        assert_eq!(places(10, 0.5, 3, 4, &mut rng), (3, 4));
        assert_eq!(places(10, 0.0, 3, 100, &mut rng), (0, 10));
        assert_eq!(places(10, 1.0, 100, 100, &mut rng), (10, 0));
    }

    #[test]
    fn the_fraction_of_a_place_is_drawn() {
        let mut rng = generator(Some(1));
        let explored: usize = (0..10_000).map(|_| places(1, 0.3, 5, 5, &mut rng).0).sum();
        // Five standard errors of a binomial share.
        assert!((explored as f64 / 10_000.0 - 0.3).abs() < 5.0 * (0.3f64 * 0.7 / 10_000.0).sqrt());
    }
}
