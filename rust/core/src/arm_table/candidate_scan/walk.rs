//! Walks through the arms by descending code.
use std::borrow::Borrow;

use rand::Rng;

use super::CandidateScan;
use crate::arm_table::hot_set::Entry;
use crate::arm_table::order::{code_of, key, slot_of, Key, Side};
use crate::arm_table::source::{Source, Steps};

impl<S: Source> CandidateScan<'_, S> {
    /// Considers the arms of the hot set. Returns whether all arms after them are quiet.
    pub(super) fn walk<R: Rng + ?Sized>(&mut self, rng: &mut R) -> bool {
        let (least, mut arms) = (self.source.least(), self.source.steps());
        // Both groups together, until all following arms of one group are quiet.
        let (next, over) = loop {
            let Some((key, arm)) = arms.next() else { return false };
            if let Some(over) = (0..2).find(|&group| code_of(key) <= self.cuts[group]) {
                self.stops[over] = key;
                break ((key, arm), over);
            }
            self.contend_from_hot_set(key, arm.borrow(), rng);
        };
        let open = 1 - over;
        let side = if open == 0 { Side::from(self.min_impressions) } else { Side::below(self.min_impressions) };
        let done = if self.min_impressions > 0 {
            self.walk_on(next, open, rng, || arms.next_on(side))
        } else {
            self.walk_on(next, open, rng, || arms.next())
        };
        // If not done, the hot set is exhausted. The arms outside it may be quiet.
        let quiet = least <= self.cuts[open].saturating_add(1);
        if !done && quiet {
            self.stop_at([least - 1; 2]);
        }
        done || quiet
    }

    /// Continues with the arms of one group. `next` returns the arms after the first, some of which belong to the other group.
    #[inline(always)]
    fn walk_on<R: Rng + ?Sized>(
        &mut self,
        first: (Key, S::Arm),
        open: usize,
        rng: &mut R,
        mut next: impl FnMut() -> Option<(Key, S::Arm)>,
    ) -> bool {
        let mut arms = Some(first);
        while let Some((key, arm)) = arms {
            if code_of(key) <= self.cuts[open] {
                self.stops[open] = key;
                return true;
            }
            if self.group(arm.borrow()) == open {
                self.contend_from_hot_set(key, arm.borrow(), rng);
            }
            arms = next();
        }
        false
    }

    #[inline]
    fn contend_from_hot_set<R: Rng + ?Sized>(&mut self, key: Key, arm: &Entry, rng: &mut R) {
        if arm.live && self.is_eligible(slot_of(key), arm) {
            self.contend(self.group(arm), slot_of(key), arm, rng);
        }
    }

    /// Finds the arms with codes in `least..end` that are not quiet, and considers them.
    pub(super) fn walk_codes<R: Rng + ?Sized>(&mut self, least: u16, end: u16, rng: &mut R) {
        let (table, source) = (self.table, self.source);
        let cuts = self.cuts.map(|cut| cut.max(least - 1));
        let mut keys = vec![];
        source.visit_above(cuts, self.min_impressions, end, |slot, code| {
            let arm = table.entry(slot);
            if code > cuts[self.group(&arm)] && self.is_eligible(slot, &arm) {
                keys.push(key(code, arm.impressions, slot));
            }
        });
        self.scan_in_order(keys, rng);
        if least == 1 {
            // The arms that were left out are quiet.
            self.stop_at(cuts);
        }
    }

    pub(super) fn scan_in_order<R: Rng + ?Sized>(&mut self, mut keys: Vec<Key>, rng: &mut R) {
        keys.sort_unstable();
        for key in keys {
            let (code, slot) = (code_of(key), slot_of(key));
            let arm = self.source.entry(slot);
            let group = self.group(&arm);
            if code > self.cuts[group] {
                self.contend(group, slot, &arm, rng);
            } else {
                self.stops[group] = self.stops[group].min(key);
            }
        }
    }

    /// Marks all arms with these codes or lower ones as quiet.
    pub(super) fn stop_at(&mut self, cuts: [u16; 2]) {
        for (stop, cut) in self.stops.iter_mut().zip(cuts) {
            *stop = (*stop).min(key(cut, 0, 0));
        }
    }
}
