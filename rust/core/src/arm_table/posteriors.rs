//! A posterior for each slot, and the order in which a selection considers them.
use super::hot_set::{Entry, HotSet};
use super::index::Index;
use super::order::key;
use super::pairs::SetNumber;

/// The table's columns that every posterior of an arm shares.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arms<'a> {
    pub impressions: &'a [i64],
    pub sets: &'a [SetNumber],
    pub live: &'a [bool],
    /// The number of arms that can be selected.
    pub count: usize,
}

/// Beta(α, β) by slot.
#[derive(Debug)]
pub(crate) struct Posteriors {
    pub alpha: Vec<f64>,
    pub beta: Vec<f64>,
    pub index: Index,
    pub hot_set: HotSet<Entry>,
}

impl Posteriors {
    pub fn new() -> Self {
        Self { alpha: vec![], beta: vec![], index: Index::new(), hot_set: HotSet::new() }
    }

    /// Adds a slot that cannot be selected.
    pub fn push(&mut self) {
        self.alpha.push(1.0);
        self.beta.push(1.0);
        self.index.push();
    }

    /// Updates the order after a change of a slot's posterior, of its impressions, which were `before`, or of whether it can
    /// be selected. Its place in the order is that of Beta(`bound`), which must not be stochastically smaller than its
    /// posterior.
    pub fn reindex(&mut self, slot: usize, bound: (f64, f64), arms: Arms<'_>, before: i64) {
        let bound = arms.live[slot].then_some(bound);
        let (old, new) = self.index.set(slot, bound, arms.impressions, before);
        let (old, new) = (key(old, before, slot), key(new, arms.impressions[slot], slot));
        if self.hot_set.set(old, new, self.entry(slot, arms), arms.count) {
            let mut hot_set = std::mem::replace(&mut self.hot_set, HotSet::new());
            hot_set.rebuild(arms.count, arms.impressions, self.index.coded(), |slot| self.entry(slot, arms));
            self.hot_set = hot_set;
        }
    }

    #[inline]
    pub fn entry(&self, slot: usize, arms: Arms<'_>) -> Entry {
        Entry {
            alpha: self.alpha[slot],
            beta: self.beta[slot],
            impressions: arms.impressions[slot],
            set: arms.sets[slot],
            live: true,
        }
    }

    pub fn nbytes(&self) -> usize {
        8 * (self.alpha.capacity() + self.beta.capacity()) + self.index.nbytes() + self.hot_set.nbytes()
    }
}
