//! A selection from a table: a race among all eligible arms, or one among the experienced and one among the new.
//!
//! Arms race by descending code, so that the threshold is high early, until the codes are no higher than the threshold's:
//! all arms after that are *quiet*, and of these as many as e^−[`LEVEL`] propose themselves.
mod walk;

use std::sync::Arc;

use rand::Rng;

use super::filters::Matching;
use super::hot_set::Entry;
use super::index::{floor, LEVEL};
use super::order::{code_of, key, slot_of, Key};
use super::{ArmTable, Selection};
use crate::threshold_top_k::{Gaps, ThresholdTopK};

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

/// How many places experienced arms have, and new ones.
pub(super) type Places = [usize; 2];

/// The arms of a table that are eligible, and the races among them.
pub(super) struct CandidateScan<'a> {
    table: &'a ArmTable,
    /// From how many impressions on an arm is in the first race; else in the second.
    min_impressions: i64,
    matching: Option<Arc<Matching>>,
    /// Slots in ascending order.
    excluded: Vec<usize>,
    groups: [ThresholdTopK; 2],
    /// The codes up to which arms of each race are quiet; above all codes for a race that isn't held.
    cuts: [u16; 2],
    /// Where in the order each race's arms became quiet.
    stops: [Key; 2],
}

impl<'a> CandidateScan<'a> {
    pub fn new(table: &'a ArmTable, selection: &Selection<'_>) -> Self {
        let mut excluded: Vec<usize> = selection.excluded.iter().filter_map(|id| table.ids.slot(id)).collect();
        excluded.sort_unstable();
        let few = FEW_MATCHES.max(table.len() / ARMS_A_MATCH);
        let find = |wanted| table.dimensions.matching(wanted, few);
        Self {
            table,
            // Without a split all count as experienced.
            min_impressions: selection.split.map_or(0, |split| split.min_impressions),
            matching: (!selection.wanted.is_empty()).then(|| find(selection.wanted)),
            excluded,
            groups: [ThresholdTopK::new(0, 0), ThresholdTopK::new(0, 0)],
            cuts: [u16::MAX; 2],
            stops: [Key::MAX; 2],
        }
    }

    /// Ranks as many of the eligible arms as there are places. Those that one group can't fill go to the other.
    pub fn run<R: Rng + ?Sized>(mut self, places: Places, rng: &mut R) -> [ThresholdTopK; 2] {
        let (table, k) = (self.table, places[0] + places[1]);
        if table.len() <= FEW.max(k.saturating_mul(if k < MANY_WANTED { 2 } else { 16 })) {
            return self.race_by_slot(table.live_slots(), places, rng);
        }
        let matching = self.matching.clone();
        let few = matching.as_ref().and_then(|matching| matching.slots.as_deref());
        if let Some(few) = few.filter(|few| few.len() <= FEW.max(2 * k)) {
            // As if there were no other arms: a seed gives the same answer however many there are beside them.
            return self.race_by_slot(few.iter().map(|&slot| slot as usize), places, rng);
        }
        let (new, experienced) = table.index.may_have(self.min_impressions);
        let most = [experienced, new].map(|some| if some { usize::MAX } else { 0 });
        let places = shared(places, most);
        self.hold(places);
        self.heat(rng);
        let found = [0, 1].map(|group| self.groups[group].best.len());
        let Some(short) = (0..2).find(|&group| found[group] < places[group]) else { return self.groups };
        let other = 1 - short;
        if most[other] > 0 && found[other] == places[other] {
            // All of the one group's arms were drawn. That it has so few doesn't hang on their draws, so the other may
            // race again for more places as if it had been for these from the start.
            let all = std::mem::replace(&mut self.groups[short], ThresholdTopK::new(0, 0));
            let mut more = [0; 2];
            more[other] = places[0] + places[1] - found[short];
            self.hold(more);
            self.heat(rng);
            self.groups[short] = all;
        }
        self.groups
    }

    /// Opens the races for so many places.
    fn hold(&mut self, places: Places) {
        // Where all are wanted there is a place too many, so that no threshold is kept in vain.
        let arms = self.table.len();
        self.groups = places.map(|k| ThresholdTopK::new(k + usize::from(k == arms), if k == 0 { 0 } else { arms }));
        self.cuts = places.map(|k| if k == 0 { u16::MAX } else { 0 });
        self.stops = [Key::MAX; 2];
    }

    /// Lets those of these live arms race that are eligible, one after the other.
    fn race_by_slot<R: Rng + ?Sized>(
        mut self,
        slots: impl Iterator<Item = usize> + Clone,
        places: Places,
        rng: &mut R,
    ) -> [ThresholdTopK; 2] {
        let table = self.table;
        let arms = slots.map(|slot| (slot, table.entry(slot)));
        let mut most = [usize::MAX, 0];
        if self.min_impressions > 0 {
            most = [0; 2];
            for (slot, arm) in arms.clone() {
                most[self.group(&arm)] += usize::from(self.is_eligible(slot, &arm));
            }
        }
        self.hold(shared(places, most));
        for (slot, arm) in arms {
            let group = self.group(&arm);
            // There may be no places for a group, and then no race.
            if self.cuts[group] < u16::MAX && self.is_eligible(slot, &arm) {
                self.contend(group, slot, &arm, rng);
            }
        }
        self.groups
    }

    /// Lets the arms race, those of highest reach first.
    fn heat<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        let table = self.table;
        if let Some(few) = self.matching.as_ref().and_then(|matching| matching.slots.as_deref()) {
            let slots = few.iter().map(|&slot| slot as usize);
            let slots = slots.filter(|slot| self.excluded.binary_search(slot).is_err());
            let mut keys: Vec<Key> = slots.map(|slot| table.key(slot)).collect();
            let first = MATCHES_FIRST + 4 * (self.groups[0].best.places() + self.groups[1].best.places());
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
        if !self.walk(rng) && !table.hot_set.is_complete() {
            let mut from = table.hot_set.least();
            if (0..2).any(|group| self.cuts[group] == 0) {
                let wanted = self.groups[0].best.places() + self.groups[1].best.places();
                let first = table.index.highest(FIRST.max(4 * wanted));
                if first < from && first > 1 {
                    self.walk_codes(first, from, rng);
                    from = first;
                }
            }
            self.walk_codes(1, from, rng);
        }
        self.propose(rng);
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
        let kept = &mut self.groups[group];
        let before = kept.threshold;
        kept.contend(slot as u32, arm.alpha, arm.beta, rng);
        if let Some(t) = kept.threshold.filter(|_| kept.threshold != before) {
            self.cuts[group] = floor(t);
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
                if key(code, arm.impressions, slot) >= self.stops[group] && self.is_eligible(slot, &arm) {
                    self.groups[group].propose(LEVEL, slot as u32, arm.alpha, arm.beta, rng);
                }
            }
            slot = slot.saturating_add(1).saturating_add(gaps.gap(rng) as usize);
        }
    }
}

/// Gives places that one group can't fill, of which there are at most so many, to the other.
fn shared([experienced, new]: Places, [most_experienced, most_new]: [usize; 2]) -> Places {
    let k = experienced + new;
    let exploited = experienced.min(most_experienced);
    let explored = (k - exploited).min(most_new);
    [(k - explored).min(most_experienced), explored]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_that_one_group_cannot_fill_go_to_the_other() {
        assert_eq!(shared([5, 5], [100, 100]), [5, 5]);
        assert_eq!(shared([5, 5], [100, 2]), [8, 2]);
        assert_eq!(shared([5, 5], [2, 100]), [2, 8]);
        assert_eq!(shared([5, 5], [4, 3]), [4, 3]);
        assert_eq!(shared([10, 0], [100, 3]), [10, 0]);
        assert_eq!(shared([10, 0], [8, 3]), [8, 2]);
        assert_eq!(shared([0, 10], [100, 100]), [0, 10]);
        assert_eq!(shared([5, 5], [0, usize::MAX]), [0, 10]);
    }
}
