//! Walks through the arms by descending code.
use rand::Rng;

use super::CandidateScan;
use crate::arm_table::hot_set::Entry;
use crate::arm_table::index::BLOCK;
use crate::arm_table::order::{code_of, key, slot_of, Key, Side};

impl CandidateScan<'_> {
    /// Considers the arms of the hot set. Returns whether all arms after them are quiet.
    pub(super) fn walk<R: Rng + ?Sized>(&mut self, rng: &mut R) -> bool {
        let hot_set = &self.table.hot_set;
        let mut arms = hot_set.walk();
        // Both groups together, until all following arms of one group are quiet.
        let (next, over) = loop {
            let Some((key, arm)) = arms.next() else { return false };
            if let Some(over) = (0..2).find(|&group| code_of(key) <= self.cuts[group]) {
                self.stops[over] = key;
                break ((key, arm), over);
            }
            self.contend_from_hot_set(key, arm, rng);
        };
        let open = 1 - over;
        let side = if open == 0 { Side::from(self.min_impressions) } else { Side::below(self.min_impressions) };
        let done = if self.min_impressions > 0 {
            self.walk_on(next, open, rng, || arms.next_on(side))
        } else {
            self.walk_on(next, open, rng, || arms.next())
        };
        // If not done, the hot set is exhausted. The arms outside it may be quiet.
        let quiet = hot_set.least() <= self.cuts[open].saturating_add(1);
        if !done && quiet {
            self.stop_at([hot_set.least() - 1; 2]);
        }
        done || quiet
    }

    /// Continues with the arms of one group. `next` returns the arms after the first, some of which belong to the other group.
    #[inline(always)]
    fn walk_on<'b, R: Rng + ?Sized>(
        &mut self,
        first: (Key, &'b Entry),
        open: usize,
        rng: &mut R,
        mut next: impl FnMut() -> Option<(Key, &'b Entry)>,
    ) -> bool {
        let mut arms = Some(first);
        while let Some((key, arm)) = arms {
            if code_of(key) <= self.cuts[open] {
                self.stops[open] = key;
                return true;
            }
            if self.group(arm) == open {
                self.contend_from_hot_set(key, arm, rng);
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
        let (table, index) = (self.table, &self.table.index);
        let cuts = self.cuts.map(|cut| cut.max(least - 1));
        let lowest = cuts[0].min(cuts[1]);
        let mut keys = vec![];
        let mut block = index.next_above(lowest, 0);
        while block < index.blocks() {
            let (fewest, most) = index.impressions(block);
            let experienced = if most >= self.min_impressions { cuts[0] } else { u16::MAX };
            let new = if fewest < self.min_impressions { cuts[1] } else { u16::MAX };
            let cut = experienced.min(new);
            if index.top(block) > cut {
                for (i, &code) in index.block_codes(block).iter().enumerate() {
                    let slot = block * BLOCK + i;
                    if code > cut && code < end {
                        let arm = table.entry(slot);
                        if code > cuts[self.group(&arm)] && self.is_eligible(slot, &arm) {
                            keys.push(key(code, arm.impressions, slot));
                        }
                    }
                }
            }
            block = index.next_above(lowest, block + 1);
        }
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
            let arm = self.table.entry(slot);
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
