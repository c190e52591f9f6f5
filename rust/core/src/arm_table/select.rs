//! Selection from a table: which arms are eligible, and which of them a policy chooses.
use rand::Rng;

use super::candidate_scan::CandidateScan;
use super::personas::ForPersona;
use super::sharpened::Sharpened;
use super::source::Source;
use super::ArmTable;
use crate::error::Error;
use crate::policies::{Candidates, Known, Places, Policy, Thompson, ThompsonExploration};
use crate::sharpness::Sharpness;
use crate::top_k::rank;

/// The selection to make.
#[derive(Debug, Clone, Copy, Default)]
pub struct Selection<'a> {
    /// The number of arms to select, at least 1.
    pub k: usize,
    /// How to reserve places for arms with few impressions.
    pub split: Option<ThompsonExploration>,
    /// Only arms with every one of these (dimension, value) pairs.
    pub wanted: &'a [(&'a str, &'a str)],
    /// The ids of arms that are excluded. Unknown ids are ignored.
    pub excluded: &'a [&'a str],
    /// The number of the persona to select for. Without it, or as long as the table has no personas, arms are drawn from
    /// their own posteriors.
    pub persona: Option<usize>,
    /// The factor g by which α and β are multiplied: θ ~ Beta(gα, gβ).
    pub sharpness: Sharpness,
}

impl Selection<'_> {
    /// Checks `k` and the split.
    pub fn check(&self) -> Result<(), Error> {
        if self.k == 0 {
            return Err(Error::BadK { k: 0, arms: None });
        }
        self.split.map_or(Ok(()), |policy| policy.check())
    }
}

impl ArmTable {
    /// Draws θ for each eligible arm and pushes (slot, draw) of the chosen ones to `chosen`, by descending draw.
    ///
    /// If fewer than k arms are eligible, all of them are chosen.
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
        match (selection.persona, &self.personas) {
            (Some(persona), Some(personas)) => {
                self.select_from(ForPersona::new(self, personas, persona), selection, k, rng, chosen)
            }
            _ => self.select_from(self, selection, k, rng, chosen),
        }
    }

    fn select_from<S: Source, R: Rng + ?Sized>(
        &self,
        source: S,
        selection: &Selection<'_>,
        k: usize,
        rng: &mut R,
        chosen: &mut Vec<(usize, f64)>,
    ) -> Result<(), Error> {
        let factor = selection.sharpness.factor();
        if factor == 1.0 {
            self.choose(source, selection, k, rng, chosen)
        } else {
            self.choose(Sharpened { source, factor }, selection, k, rng, chosen)
        }
    }

    fn choose<S: Source, R: Rng + ?Sized>(
        &self,
        source: S,
        selection: &Selection<'_>,
        k: usize,
        rng: &mut R,
        chosen: &mut Vec<(usize, f64)>,
    ) -> Result<(), Error> {
        let mut candidates = EligibleArms { table: self, source, selection, chosen };
        match selection.split {
            None => Thompson.choose(&mut candidates, k, rng),
            Some(policy) => policy.choose(&mut candidates, k, rng),
        }
    }
}

/// The arms of a table that a selection may choose.
struct EligibleArms<'a, S> {
    table: &'a ArmTable,
    /// The posteriors from which it draws.
    source: S,
    selection: &'a Selection<'a>,
    /// The slots and draws of the chosen arms.
    chosen: &'a mut Vec<(usize, f64)>,
}

impl<S: Source> Candidates for EligibleArms<'_, S> {
    type Chosen = ();

    fn thompson<R: Rng + ?Sized>(&mut self, places: Places, rng: &mut R) -> Result<(), Error> {
        let scan = CandidateScan::new(self.table, self.source, self.selection);
        let [mut experienced, mut new] = scan.run([places.experienced, places.new], rng);
        if new.best.len() == 0 {
            self.chosen.reserve(experienced.best.len());
            experienced.best.ranked(|one| self.chosen.push((one.slot as usize, one.score)));
            return Ok(());
        }
        let mut best = Vec::with_capacity(experienced.best.len() + new.best.len());
        experienced.best.ranked(|one| best.push(*one));
        new.best.ranked(|one| best.push(*one));
        best.sort_by(rank);
        self.chosen.extend(best.iter().map(|one| (one.slot as usize, one.score)));
        Ok(())
    }

    fn largest<R: Rng + ?Sized>(&mut self, _: usize, _: &mut R, _: impl Fn(&Known) -> f64) -> Result<(), Error> {
        Err(Error::NotServed)
    }

    fn any<R: Rng + ?Sized>(&mut self, _: usize, _: &mut R) -> Result<(), Error> {
        Err(Error::NotServed)
    }

    fn steps(&self) -> u64 {
        self.table.impressions.iter().map(|&count| count.max(0) as u64).sum()
    }
}
