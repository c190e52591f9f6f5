//! Posteriors whose α and β are multiplied by a factor.
use std::borrow::Borrow;

use super::hot_set::Entry;
use super::order::{Key, Side};
use super::source::{Source, Steps};
use crate::sharpness::sharpened;

/// Draws θ ~ Beta(gα, gβ) for every arm of `source`.
///
/// For g ≥ 1 the order stays that of `source`: both bounds of a posterior's upper tail fall with g, so the code of Beta(α, β) is
/// not too low for Beta(gα, gβ).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sharpened<S> {
    pub source: S,
    pub factor: f64,
}

impl<S: Source> Source for Sharpened<S> {
    type Arm = Entry;
    type Steps = SharpenedSteps<S>;

    fn is_ordered(self) -> bool {
        self.factor >= 1.0 && self.source.is_ordered()
    }

    #[inline]
    fn entry(self, slot: usize) -> Entry {
        of_entry(&self.source.entry(slot), self.factor)
    }

    #[inline]
    fn code(self, slot: usize) -> u16 {
        self.source.code(slot)
    }

    fn steps(self) -> Self::Steps {
        SharpenedSteps { steps: self.source.steps(), factor: self.factor }
    }

    fn least(self) -> u16 {
        self.source.least()
    }

    fn highest(self, wanted: usize) -> u16 {
        self.source.highest(wanted)
    }

    fn visit_above(self, cuts: [u16; 2], min_impressions: i64, end: u16, visit: impl FnMut(usize, u16)) {
        self.source.visit_above(cuts, min_impressions, end, visit);
    }
}

pub(crate) struct SharpenedSteps<S: Source> {
    steps: S::Steps,
    factor: f64,
}

impl<S: Source> Steps<Entry> for SharpenedSteps<S> {
    fn next(&mut self) -> Option<(Key, Entry)> {
        self.steps.next().map(|(key, arm)| (key, of_entry(arm.borrow(), self.factor)))
    }

    fn next_on(&mut self, side: Side) -> Option<(Key, Entry)> {
        self.steps.next_on(side).map(|(key, arm)| (key, of_entry(arm.borrow(), self.factor)))
    }
}

#[inline]
fn of_entry(arm: &Entry, factor: f64) -> Entry {
    let (alpha, beta) = sharpened(arm.alpha, arm.beta, factor);
    Entry { alpha, beta, ..*arm }
}
