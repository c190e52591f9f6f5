//! The posteriors that a selection draws from: those of the table, or those for a persona.
use std::borrow::Borrow;

use super::hot_set::{Entry, Walk};
use super::order::{Key, Side};
use super::ArmTable;

/// Posteriors, in the order in which a selection considers them.
pub(crate) trait Source: Copy {
    /// What the walk gives for each arm.
    type Arm: Borrow<Entry>;

    /// The walk from the beginning of the order.
    type Steps: Steps<Self::Arm>;

    /// Whether the codes bound the posteriors. If not, every arm must be considered.
    fn is_ordered(self) -> bool {
        true
    }

    /// The posterior of a live arm.
    fn entry(self, slot: usize) -> Entry;

    /// The code of a slot; 0 if its arm cannot be selected.
    fn code(self, slot: usize) -> u16;

    /// Walks through all arms with at least the code [`Source::least`], and some that are not live.
    fn steps(self) -> Self::Steps;

    /// The lowest code of the walk. At 1 the walk has all arms.
    fn least(self) -> u16;

    /// A code that about `wanted` arms have or exceed.
    fn highest(self, wanted: usize) -> u16;

    /// Calls `visit` with the slot and code of each arm whose code is above that of `cuts` for its group, and below `end`;
    /// and perhaps with others that are above the lower one. The second group has fewer than `min_impressions` impressions.
    fn visit_above(self, cuts: [u16; 2], min_impressions: i64, end: u16, visit: impl FnMut(usize, u16));
}

/// A walk in ascending order of the keys.
pub(crate) trait Steps<A> {
    /// Returns the next arm.
    fn next(&mut self) -> Option<(Key, A)>;

    /// Returns the next arm that may be on this side.
    fn next_on(&mut self, side: Side) -> Option<(Key, A)>;
}

impl<'a> Steps<&'a Entry> for Walk<'a, Entry> {
    #[inline(always)]
    fn next(&mut self) -> Option<(Key, &'a Entry)> {
        self.next()
    }

    #[inline(always)]
    fn next_on(&mut self, side: Side) -> Option<(Key, &'a Entry)> {
        self.next_on(side)
    }
}

/// The posteriors of the table itself.
impl<'a> Source for &'a ArmTable {
    type Arm = &'a Entry;
    type Steps = Walk<'a, Entry>;

    #[inline]
    fn entry(self, slot: usize) -> Entry {
        self.posteriors.entry(slot, self.columns())
    }

    #[inline]
    fn code(self, slot: usize) -> u16 {
        self.posteriors.index.code(slot)
    }

    fn steps(self) -> Walk<'a, Entry> {
        self.posteriors.hot_set.walk()
    }

    fn least(self) -> u16 {
        self.posteriors.hot_set.least()
    }

    fn highest(self, wanted: usize) -> u16 {
        self.posteriors.index.highest(wanted)
    }

    fn visit_above(self, cuts: [u16; 2], min_impressions: i64, end: u16, visit: impl FnMut(usize, u16)) {
        self.posteriors.index.visit_above(cuts, min_impressions, end, visit);
    }
}
