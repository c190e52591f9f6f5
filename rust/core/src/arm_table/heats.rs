//! A selection from a table: a race among all eligible arms, or one among the experienced and one among the new.
//!
//! Arms race by descending code, so that the threshold is high early, until the codes are no higher than the threshold's:
//! all arms after that are *quiet*, and of these as many as e^−[`LEVEL`] propose themselves.
use rand::Rng;

use super::dimensions::Matching;
use super::front::{code_of, key, slot_of, Entry, Key};
use super::index::{floor, BLOCK, LEVEL};
use super::{ArmTable, Selection};
use crate::race::{Gaps, Race};

/// So few arms race in the order of their slots, and so do arms of which half or more are wanted, or, where putting them in
/// another order takes long, one of 16.
const FEW: usize = 64;
const MANY_WANTED: usize = 4_096;

/// Where the front gave no threshold, so many of the highest codes race before all others are looked for.
const FIRST: usize = 4_096;

/// Where a filter leaves so few arms, or one of so many, these are looked up by their dimensions.
const FEW_MATCHES: usize = 256;
const ARMS_A_MATCH: usize = 256;

/// How many of them race before the others are compared with the threshold, beside four for each place.
const MATCHES_FIRST: usize = 256;

pub(super) struct Heats<'a> {
    table: &'a ArmTable,
    k: usize,
    /// From how many impressions on an arm is in the first race; else in the second.
    min_impressions: i64,
    matching: Option<Matching>,
    /// Slots in ascending order.
    excluded: Vec<usize>,
    pub races: [Race; 2],
    /// The codes up to which arms of each race are quiet; above all codes for a race without arms.
    cuts: [u16; 2],
    /// Where in the order each race's arms became quiet.
    stops: [Key; 2],
}

impl<'a> Heats<'a> {
    pub fn new(table: &'a ArmTable, selection: &Selection<'_>, k: usize) -> Self {
        let mut excluded: Vec<usize> = selection.excluded.iter().filter_map(|id| table.ids.slot(id)).collect();
        excluded.sort_unstable();
        let (cuts, k_new) = match selection.split {
            None => ([0, u16::MAX], 0),
            Some(split) => {
                let (below, above) = table.index.may_have(split.min_impressions);
                ([if above { 0 } else { u16::MAX }, if below { 0 } else { u16::MAX }], k)
            }
        };
        Self {
            table,
            k,
            min_impressions: selection.split.map_or(i64::MIN, |split| split.min_impressions),
            matching: (!selection.wanted.is_empty()).then(|| table.dimensions.matching(selection.wanted)),
            excluded,
            // Where all are wanted there is a place too many, so that no threshold is kept in vain.
            races: [Race::new(k + usize::from(k == table.len()), k), Race::new(k_new, k_new)],
            cuts,
            stops: [Key::MAX; 2],
        }
    }

    pub fn run<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        let (table, arms) = (self.table, self.table.len());
        if arms <= FEW.max(self.k.saturating_mul(if self.k < MANY_WANTED { 2 } else { 16 })) {
            return self.race_by_slot((0..table.slot_count()).filter(|&slot| table.live[slot]), rng);
        }
        if let Some(matching) = self.matching.take_if(|matching| matching.arms <= FEW_MATCHES.max(arms / ARMS_A_MATCH))
        {
            let few = matching.arms <= FEW || matching.arms <= 2 * self.k;
            let mut slots: Vec<usize> = table.dimensions.slots(&matching).collect();
            self.matching = Some(matching);
            if few {
                // As if there were no other arms: a seed gives the same answer however many there are beside them.
                slots.sort_unstable();
                return self.race_by_slot(slots.into_iter(), rng);
            }
            slots.retain(|slot| self.excluded.binary_search(slot).is_err());
            let mut keys: Vec<Key> = slots.into_iter().map(|slot| key(table.index.code(slot), slot)).collect();
            let first = MATCHES_FIRST + 4 * self.k;
            if keys.len() > 2 * first {
                keys.select_nth_unstable(first);
                let rest = keys.split_off(first);
                self.race_in_order(keys, rng);
                let quiet = |key: Key| code_of(key) <= self.cuts[self.group(&table.entry(slot_of(key)))];
                keys = rest.into_iter().filter(|&key| !quiet(key)).collect();
                self.stop_at(self.cuts);
            }
            self.race_in_order(keys, rng);
            self.stop_at([0; 2]);
            return self.propose(rng);
        }
        let in_order = table.front.iter().filter(|(_, arm)| arm.live);
        if !self.walk(in_order, rng) && !table.front.is_complete() {
            let mut from = table.front.least();
            if (0..2).any(|group| self.cuts[group] == 0) {
                let first = table.index.highest(FIRST.max(4 * self.k));
                if first < from && first > 1 {
                    self.walk_codes(first, from, rng);
                    from = first;
                }
            }
            self.walk_codes(1, from, rng);
        }
        self.propose(rng);
    }

    /// Lets those of these live arms race that are eligible, one after the other.
    fn race_by_slot<R: Rng + ?Sized>(&mut self, slots: impl Iterator<Item = usize>, rng: &mut R) {
        for slot in slots {
            let arm = self.table.entry(slot);
            if self.is_eligible(slot, &arm) {
                self.contend(self.group(&arm), slot, &arm, rng);
            }
        }
    }

    fn group(&self, arm: &Entry) -> usize {
        usize::from(arm.impressions < self.min_impressions)
    }

    /// Of a live arm.
    #[inline]
    fn is_eligible(&self, slot: usize, arm: &Entry) -> bool {
        let matches = self.matching.as_ref().is_none_or(|matching| matching.has(arm.set));
        matches && (self.excluded.is_empty() || self.excluded.binary_search(&slot).is_err())
    }

    #[inline]
    fn contend<R: Rng + ?Sized>(&mut self, group: usize, slot: usize, arm: &Entry, rng: &mut R) {
        let race = &mut self.races[group];
        let before = race.threshold;
        race.contend(slot as u32, arm.alpha, arm.beta, rng);
        if let Some(t) = race.threshold.filter(|_| race.threshold != before) {
            self.cuts[group] = floor(t);
        }
    }

    /// Lets arms race that come in order, and tells whether all after them are quiet.
    #[inline]
    fn walk<'b, R: Rng + ?Sized>(&mut self, arms: impl Iterator<Item = (Key, &'b Entry)>, rng: &mut R) -> bool {
        for (key, arm) in arms {
            let code = code_of(key);
            let group = self.group(arm);
            if code > self.cuts[group] {
                if self.is_eligible(slot_of(key), arm) {
                    self.contend(group, slot_of(key), arm, rng);
                }
                continue;
            }
            self.stops[group] = self.stops[group].min(key);
            if code <= self.cuts[1 - group] {
                self.stops[1 - group] = self.stops[1 - group].min(key);
                return true;
            }
        }
        false
    }

    /// Finds the arms of codes from `least` to before `end` that aren't quiet, and lets them race.
    fn walk_codes<R: Rng + ?Sized>(&mut self, least: u16, end: u16, rng: &mut R) {
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
                            keys.push(key(code, slot));
                        }
                    }
                }
            }
            block = index.next_above(lowest, block + 1);
        }
        self.race_in_order(keys, rng);
        if least == 1 {
            // What was left out while looking was quiet.
            self.stop_at(cuts);
        }
    }

    fn race_in_order<R: Rng + ?Sized>(&mut self, mut keys: Vec<Key>, rng: &mut R) {
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

    /// All arms of these codes and lower ones are quiet, if they weren't before.
    fn stop_at(&mut self, cuts: [u16; 2]) {
        for (stop, cut) in self.stops.iter_mut().zip(cuts) {
            *stop = (*stop).min(key(cut, 0));
        }
    }

    /// Of the quiet arms each proposes itself with probability e^−[`LEVEL`].
    fn propose<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        let table = self.table;
        let gaps = Gaps::new(LEVEL, rng);
        let mut slot = gaps.gap(rng) as usize;
        while slot < table.slot_count() {
            let code = table.index.code(slot);
            if code > 0 {
                let arm = table.entry(slot);
                let group = self.group(&arm);
                if key(code, slot) >= self.stops[group] && self.is_eligible(slot, &arm) {
                    self.races[group].propose(LEVEL, slot as u32, arm.alpha, arm.beta, rng);
                }
            }
            slot = slot.saturating_add(1).saturating_add(gaps.gap(rng) as usize);
        }
    }
}
